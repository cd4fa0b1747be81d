// Names that look harmless on other systems but point outside the root on Windows: `C:\x`, `a\..\..\x`, `\\host\share` and, because Windows
// drops trailing spaces, `.. ` (go-containerregistry#2227).

const SLASH = 0x2f;
const BACKSLASH = 0x5c;

function isLetter(byte: number): boolean {
  return (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;
}

/** Whether the name is absolute or goes up on Windows, but not on other systems. */
export function leadsOutOnWindows(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end && bytes[at] === SLASH) at++;
  if (bytes[at + 1] === 0x3a && at + 1 < end && isLetter(bytes[at] as number)) {
    const next = bytes[at + 2];
    if (at + 2 >= end || next === BACKSLASH || next === SLASH) return true;
  }
  if (at < end && bytes[at] === BACKSLASH) return true;
  for (let from = at; from < end; ) {
    let to = from;
    while (to < end && bytes[to] !== SLASH && bytes[to] !== BACKSLASH) to++;
    // A plain `..` between slashes goes up on every system; the caller checks for it.
    const besideBackslash = (from > at && bytes[from - 1] === BACKSLASH) || (to < end && bytes[to] === BACKSLASH);
    if ((besideBackslash || to - from > 2) && climbs(bytes, from, to)) return true;
    from = to + 1;
  }
  return false;
}

/** Whether the component is `..`, or `..` followed by dots and at least one space. */
function climbs(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < 2 || bytes[start] !== 0x2e || bytes[start + 1] !== 0x2e) return false;
  let spaces = end - start === 2;
  for (let at = start + 2; at < end; at++) {
    if (bytes[at] === 0x20) spaces = true;
    else if (bytes[at] !== 0x2e) return false;
  }
  return spaces;
}

/** Whether a path, relative to a folder `depth` levels below the root, climbs out of it. A leading `/` is ignored. */
export function climbsOut(bytes: Uint8Array, depth: number): boolean {
  let left = depth;
  for (let from = 0; from < bytes.length; ) {
    let to = from;
    while (to < bytes.length && bytes[to] !== SLASH) to++;
    const length = to - from;
    if (length === 2 && bytes[from] === 0x2e && bytes[from + 1] === 0x2e) {
      if (--left < 0) return true;
    } else if (length > 1 || (length === 1 && bytes[from] !== 0x2e)) left++;
    from = to + 1;
  }
  return false;
}

/** Whether the bytes are valid UTF-8: no surrogates, nothing over U+10FFFF, no overlong forms. */
export function isUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; ) {
    const first = bytes[at] as number;
    if (first < 0x80) {
      at++;
      continue;
    }
    const more = first >= 0xc2 && first < 0xe0 ? 1 : (first & 0xf0) === 0xe0 ? 2 : first >= 0xf0 && first < 0xf5 ? 3 : 0;
    if (more === 0 || at + more >= end) return false;
    const second = bytes[at + 1] as number;
    const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
    const top = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
    if (second < low || second > top) return false;
    for (let i = 2; i <= more; i++) if (((bytes[at + i] as number) & 0xc0) !== 0x80) return false;
    at += more + 1;
  }
  return true;
}
