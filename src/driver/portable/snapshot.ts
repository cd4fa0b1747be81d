// The snapshot of a working copy: what its folder contained when it was laid out, one JSON document per line, in the order of walkTree. A
// store may come from elsewhere, so the file is read as a stream, and nothing in it is trusted.
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import type { Attributes, EntryFacts, EntryKind, WalkedEntry } from '#disk';
import { LayerscopeError } from '#model';

/** An entry in a snapshot. */
export interface SnapshotEntry extends EntryFacts {
  /** A digest of the extended attributes; null if they weren't read. */
  readonly attributesSum: string | null;
}

const CHUNK = 256 * 1024;
/** Maximum length of a line. It is this high because earlier versions wrote attributes in full. */
const MAX_LINE = 16 * 1024 * 1024;
const MOST_ENTRIES = 20_000_000;
const NEW_LINE = 0x0a;

/** Digests computed so far. All names of a file share one list of attributes, whose digest is computed only once. */
const sums = new WeakMap<Attributes, string>();

/** Returns the digest of the attributes: empty if there are none, null if they weren't read. */
export function sumOf(attributes: Attributes | null): string | null {
  if (attributes === null || attributes.length === 0) return attributes === null ? null : '';
  const known = sums.get(attributes);
  if (known !== undefined) return known;
  const sum = createHash('sha256').update(JSON.stringify(attributes)).digest('hex');
  sums.set(attributes, sum);
  return sum;
}

/** Returns the entry's line in a snapshot. */
export function snapshotLine({ path, kind, mode, uid, gid, size, mtimeNs, ctimeNs, ino, target, device, attributes }: WalkedEntry): string {
  const attributesSum = sumOf(attributes);
  return `${JSON.stringify({ path, kind, mode, uid, gid, size, mtimeNs, ctimeNs, ino, target, device, attributesSum })}\n`;
}

/**
 * Yields a snapshot's entries, in the order of {@link compareWalked}. `of`: the layer's name in messages. Throws DAMAGED for anything that
 * {@link snapshotLine} or an earlier version can't have written; TOO_LARGE.
 */
export async function* readSnapshot(file: FileHandle, of: string): AsyncGenerator<SnapshotEntry, void, undefined> {
  let before = '';
  let count = 0;
  for await (const line of linesOf(file, of)) {
    const entry = parseLine(line);
    if (entry === null || compareWalked(before, entry.path) >= 0) throw damaged(of);
    if (++count > MOST_ENTRIES) throw new LayerscopeError('TOO_LARGE', `layer ${of}: its snapshot has more than ${MOST_ENTRIES} entries`);
    before = entry.path;
    yield entry;
  }
}

/** Compares paths in the order of a walk: by bytes, except that a folder's content comes right after it. */
export function compareWalked(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const [left, right] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (left === right) continue;
    if (left === SLASH || right === SLASH) return left === SLASH ? -1 : 1;
    return left - right;
  }
  return a.length - b.length;
}

const SLASH = 0x2f;

function damaged(of: string, cause?: unknown): LayerscopeError {
  return new LayerscopeError('DAMAGED', `layer ${of} is damaged: its snapshot can't be read`, { cause });
}

async function* linesOf(file: FileHandle, of: string): AsyncGenerator<string, void, undefined> {
  const buffer = Buffer.alloc(CHUNK);
  let parts: Buffer[] = [];
  let length = 0;
  const add = (bytes: Buffer): void => {
    length += bytes.length;
    if (length > MAX_LINE) throw damaged(of);
    // Copied, because the buffer is reused.
    parts.push(Buffer.from(bytes));
  };
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, CHUNK, null);
    if (bytesRead === 0) break;
    const chunk = buffer.subarray(0, bytesRead);
    let start = 0;
    for (let end = chunk.indexOf(NEW_LINE); end >= 0; end = chunk.indexOf(NEW_LINE, start)) {
      add(chunk.subarray(start, end));
      yield Buffer.concat(parts).toString();
      parts = [];
      length = 0;
      start = end + 1;
    }
    if (start < bytesRead) add(chunk.subarray(start));
  }
  if (length > 0) yield Buffer.concat(parts).toString();
}

const KINDS: ReadonlySet<unknown> = new Set<EntryKind>(['file', 'directory', 'symlink', 'character', 'block', 'fifo']);

/** Parses a line; null if it is damaged. */
function parseLine(line: string): SnapshotEntry | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { path, kind, mode, uid, gid, size, mtimeNs, ctimeNs = '', ino, target, device, attributes, attributesSum } = value as RawEntry;
  if (!isPath(path) || !KINDS.has(kind) || !isText(target) || !isTime(mtimeNs) || !isTime(ctimeNs) || !isTime(ino)) return null;
  if (!isCount(mode) || !isCount(uid) || !isCount(gid) || !isCount(size) || !isCount(device)) return null;
  const sum = attributesSum === undefined ? oldSum(attributes) : attributesSum;
  if (sum !== null && !isText(sum)) return null;
  return { path, kind: kind as EntryKind, mode, uid, gid, size, mtimeNs, ctimeNs, ino, target, device, attributesSum: sum };
}

/** The possible fields of a line. Earlier versions wrote `attributes` and no `ctimeNs`. */
type RawEntry = Partial<Record<keyof SnapshotEntry | 'attributes', unknown>>;

/** Returns the digest of attributes as earlier versions wrote them; undefined if they are damaged. */
function oldSum(attributes: unknown): string | null | undefined {
  if (attributes === null) return null;
  if (!Array.isArray(attributes)) return undefined;
  const isValid = attributes.every((pair) => Array.isArray(pair) && pair.length === 2 && isText(pair[0]) && isText(pair[1]));
  return isValid ? sumOf(attributes as unknown as Attributes) : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isPath(value: unknown): value is string {
  return isText(value) && value !== '' && !value.startsWith('/') && !value.endsWith('/');
}

/** Whether a value is a whole number in decimal digits, or an empty string. */
function isTime(value: unknown): value is string {
  return isText(value) && /^(?:-?\d{1,20})?$/.test(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
