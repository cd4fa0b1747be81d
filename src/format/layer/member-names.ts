import type { TarMember } from '#format/tar';
import { displayPath, escapePath } from '#model';

/** `.wh.`, the prefix of whiteouts. Source: OCI image-spec layer.md, Whiteouts; AUFS. */
export const WHITEOUT = [0x2e, 0x77, 0x68, 0x2e] as const;
/** Maximum length of a name in a finding. */
const MAX_SHOWN_BYTES = 4096;

/** Formats a member's name for a finding's path. */
export function shownName({ name }: TarMember): string {
  return name.length > MAX_SHOWN_BYTES ? `${escapePath(name.subarray(0, MAX_SHOWN_BYTES))}…` : escapePath(name);
}

/** Formats a path for a finding's message. */
export function shortPath(path: Uint8Array): string {
  return path.length > MAX_SHOWN_BYTES ? `${displayPath(path.subarray(0, MAX_SHOWN_BYTES))}…` : displayPath(path);
}

/** Whether the name is that of a whiteout or an opaque marker. */
export function isMarkerName({ nameBytes, nameStart, nameEnd }: TarMember): boolean {
  let end = nameEnd;
  while (end > nameStart && nameBytes[end - 1] === 0x2f) end--;
  let start = end;
  while (start > nameStart && nameBytes[start - 1] !== 0x2f) start--;
  return end - start >= WHITEOUT.length && startsWith(nameBytes, start, WHITEOUT);
}

/** Whether the bytes at `at` are `text`. */
export function startsWith(bytes: Uint8Array, at: number, text: readonly number[]): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text[i]) return false;
  return true;
}
