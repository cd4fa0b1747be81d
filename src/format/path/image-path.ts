import { unescapePath } from '#model';

const SLASH = 0x2f;
const DOT = 0x2e;

/** Returns the components of a path in an image as views of `path`, without empty ones and `.`, but including `..`. */
export function splitPath(path: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let start = 0; start <= path.length; ) {
    const slash = path.indexOf(SLASH, start);
    const end = slash < 0 ? path.length : slash;
    if (end > start && !(end === start + 1 && path[start] === DOT)) parts.push(path.subarray(start, end));
    start = end + 1;
  }
  return parts;
}

/** Joins components with `/`. */
export function joinPath(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const path = new Uint8Array(parts.reduce((length, part) => length + part.length + 1, parts.length === 0 ? 0 : -1));
  let at = 0;
  for (const part of parts) {
    if (at > 0) path[at++] = SLASH;
    path.set(part, at);
    at += part.length;
  }
  return path;
}

/** Whether the component is `..`. */
export function isParent(part: Uint8Array): boolean {
  return part.length === 2 && part[0] === DOT && part[1] === DOT;
}

/** Parses a path typed by a user, which may contain the escapes of printed paths, and a leading `/` or `./`. */
export function parseImagePath(text: string): { readonly parts: readonly Uint8Array[]; readonly endsInSlash: boolean } {
  return { parts: splitPath(unescapePath(text)), endsInSlash: text.endsWith('/') };
}
