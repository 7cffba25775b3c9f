/** Bytes of UTF-8 and places in a JavaScript string: the wire counts the first, the screen the second. */

/** How many bytes a text has on the wire. A lone half of a pair counts as the sign that replaces it: three. */
export function bytesOf(text: string): number {
  let bytes = 0;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code < 0x80) bytes += 1;
    else if (code < 0x800) bytes += 2;
    else if (code >= 0xd800 && code < 0xdc00 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
      bytes += 4;
      i += 1;
    } else bytes += 3;
  }
  return bytes;
}

/** The place in the string where so many bytes have passed; `null` if that is inside a character or behind the end. */
export function placeOf(text: string, bytes: number): number | null {
  let passed = 0;
  let i = 0;
  while (i < text.length && passed < bytes) {
    const wide = (text.charCodeAt(i) & 0xfc00) === 0xd800 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00;
    passed += bytesOf(text.slice(i, i + (wide ? 2 : 1)));
    i += wide ? 2 : 1;
  }
  return passed === bytes ? i : null;
}
