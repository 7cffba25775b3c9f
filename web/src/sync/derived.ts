/**
 * Ids that follow from others (docs/PROTOCOL.md, "Derived ids"): a conversation is known by its id before the server
 * has answered. SHA-256 is here by hand because the browser's answers later, and nothing in this folder waits.
 */

import type { ConversationId, SendId, UserId } from "../wire/wire";

/** The id of the 1:1 of two people, the same whichever of them asks. */
export function direct(one: UserId, other: UserId): ConversationId {
  const [low, high] = one <= other ? [one, other] : [other, one];
  return derived("tidings direct", low, high);
}

/** The id of the group that `creator` makes with the change named `send_id`: a retry finds the group it made. */
export function group(creator: UserId, send_id: SendId): ConversationId {
  return derived("tidings group", creator, send_id);
}

/** A new name for a change: a UUIDv7 (RFC 9562 §5.7), which sorts by time in the server's index. */
export function uuidV7(now_ms: number, chance: (below: number) => number): SendId {
  const bytes = new Uint8Array(16);
  for (let at = 5, rest = now_ms; at >= 0; at--, rest = Math.floor(rest / 256)) bytes[at] = rest % 256;
  for (let at = 6; at < 16; at++) bytes[at] = chance(256);
  return uuidOf(bytes, 7);
}

function derived(purpose: string, first: string, second: string): ConversationId {
  const bytes = [...purpose].map((letter) => letter.charCodeAt(0));
  return uuidOf(sha256(new Uint8Array([...bytes, ...bytesOf(first), ...bytesOf(second)])).slice(0, 16), 8);
}

function bytesOf(uuid: string): number[] {
  const hex = uuid.replaceAll("-", "");
  return Array.from({ length: 16 }, (_, at) => Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16) || 0);
}

function uuidOf(bytes: Uint8Array, version: number): string {
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | (version << 4);
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** The first 32 bits of the fractional part of a root of each of the first primes (FIPS 180-4 §4.2.2, §5.3.3). */
function ofPrimes(count: number, root: number): number[] {
  const found: number[] = [];
  for (let n = 2, primes: number[] = []; found.length < count; n++) {
    if (primes.some((prime) => n % prime === 0)) continue;
    primes.push(n);
    found.push(((n ** (1 / root)) % 1) * 2 ** 32 >>> 0);
  }
  return found;
}

const K = ofPrimes(64, 3);
const START = ofPrimes(8, 2);

/** SHA-256 (FIPS 180-4) of a short text: the whole of it is in memory. */
function sha256(text: Uint8Array): Uint8Array {
  const padded = new Uint8Array((((text.length + 8) >> 6) + 1) << 6);
  padded.set(text);
  padded[text.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 4, text.length * 8);
  const state = [...START];
  const w = new Array<number>(64).fill(0);
  const turn = (x: number, by: number) => (x >>> by) | (x << (32 - by));
  for (let block = 0; block < padded.length; block += 64) {
    for (let t = 0; t < 64; t++) {
      if (t < 16) {
        w[t] = view.getUint32(block + 4 * t);
        continue;
      }
      const [a, b] = [w[t - 15] ?? 0, w[t - 2] ?? 0];
      const s0 = turn(a, 7) ^ turn(a, 18) ^ (a >>> 3);
      const s1 = turn(b, 17) ^ turn(b, 19) ^ (b >>> 10);
      w[t] = ((w[t - 16] ?? 0) + s0 + (w[t - 7] ?? 0) + s1) | 0;
    }
    let [a, b, c, d, e, f, g, h] = state as [number, number, number, number, number, number, number, number];
    for (let t = 0; t < 64; t++) {
      const s1 = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
      const one = (h + s1 + ((e & f) ^ (~e & g)) + (K[t] ?? 0) + (w[t] ?? 0)) | 0;
      const s0 = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22);
      const two = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((word, at) => {
      state[at] = ((state[at] ?? 0) + word) | 0;
    });
  }
  const hash = new DataView(new ArrayBuffer(32));
  state.forEach((word, at) => hash.setInt32(4 * at, word));
  return new Uint8Array(hash.buffer);
}
