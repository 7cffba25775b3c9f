/**
 * Chance is handed in, so that a test can say what it was. Nothing in web/src/sync asks for any other.
 */

/** A whole number from 0 up to and without `below`, each as likely as the other. */
export type Chance = (below: number) => number;

/** The chance of the browser. Not for secrets: names and waits only. */
export function browserChance(): Chance {
  const words = new Uint32Array(2);
  return (below) => {
    crypto.getRandomValues(words);
    // 53 bits, as a number in [0, 1).
    const part = ((words[0] ?? 0) * 2 ** 21 + ((words[1] ?? 0) >>> 11)) / 2 ** 53;
    return Math.floor(part * below);
  };
}
