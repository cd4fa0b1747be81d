// Runs a TarReader or a LayerTableBuilder over bytes and collects the result as plain values.
import { type BuiltLayer, LayerTableBuilder } from '#format/layer';
import { type TarFinding, TarReader } from '#format/tar';
import { entryTypeName, LayerscopeError } from '#model';

export interface CollectedMember {
  name: string;
  type: string;
  typeflag: string;
  size: number;
  storedSize: number;
  linkname: string;
  mode: number;
  uid: number;
  gid: number;
  uname: string;
  gname: string;
  mtimeSeconds: number;
  mtimeNanos: number;
  devMajor: number;
  devMinor: number;
  format: string;
  headerOffset: number;
  ownHeaderOffset: number;
  bodyOffset: number;
  dataOffset: number;
  pax: Record<string, string> | null;
  hasAttributes: boolean;
  sparse: readonly (readonly [number, number])[] | null;
  truncated: boolean;
  /** In Latin-1, with holes as zeros. Only set if the whole body was pushed. */
  content: string;
}

export interface Collected {
  members: CollectedMember[];
  findings: TarFinding[];
  codes: string[];
  error: LayerscopeError | null;
}

/** Decodes bytes as Latin-1: one character per byte, so that no name changes. */
export function asLatin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

export interface Feed {
  push(bytes: Uint8Array, start?: number, end?: number): void;
  skip(count: number): void;
  readonly wantedSkip: number;
}

/** Passes bytes to a reader; by default all at once. */
export type Feeder = (bytes: Uint8Array, reader: Feed) => void;

export const whole: Feeder = (bytes, reader) => reader.push(bytes);

/** Pushes pieces of the lengths returned by `next`, each in its own memory, which is overwritten afterwards. */
export function inPieces(next: () => number): Feeder {
  return (bytes, reader) => {
    for (let at = 0; at < bytes.length; ) {
      const end = Math.min(bytes.length, at + Math.max(1, next()));
      const piece = bytes.slice(at, end);
      reader.push(piece);
      piece.fill(0xa5);
      at = end;
    }
  };
}

/** Skips what the reader doesn't need and otherwise pushes pieces, like a reader of a seekable file. */
export function withSkips(next: () => number): Feeder {
  return (bytes, reader) => {
    for (let at = 0; at < bytes.length; ) {
      const skipped = Math.min(reader.wantedSkip, bytes.length - at);
      if (skipped > 0) {
        reader.skip(skipped);
        at += skipped;
        continue;
      }
      const end = Math.min(bytes.length, at + Math.max(1, next()));
      reader.push(bytes, at, end);
      at = end;
    }
  };
}

/** Expands a body by its sparse map. */
export function expanded(stored: Uint8Array, size: number, sparse: readonly (readonly [number, number])[] | null): Uint8Array {
  if (sparse === null) return stored;
  const file = new Uint8Array(size);
  let from = 0;
  for (const [offset, length] of sparse) {
    file.set(stored.subarray(from, from + length), offset);
    from += length;
  }
  return file;
}

export function collect(bytes: Uint8Array, feed: Feeder = whole, baseOffset = 0): Collected {
  const members: CollectedMember[] = [];
  const bodies: Uint8Array[][] = [];
  const findings: TarFinding[] = [];
  const reader = new TarReader(
    {
      member(member) {
        bodies.push([]);
        const { mode, uid, gid, mtimeSeconds, mtimeNanos, devMajor, devMinor, format, size, storedSize } = member;
        const { headerOffset, ownHeaderOffset, bodyOffset, dataOffset, hasAttributes, truncated } = member;
        members.push({
          name: asLatin1(member.name),
          type: entryTypeName(member.type),
          typeflag: String.fromCharCode(member.typeflag),
          linkname: asLatin1(member.linkname),
          uname: asLatin1(member.uname),
          gname: asLatin1(member.gname),
          pax: member.pax === null ? null : Object.fromEntries([...member.pax].map(([key, value]) => [key, asLatin1(value)])),
          sparse: member.sparse?.map(([offset, length]) => [offset, length] as const) ?? null,
          content: '',
          ...{ mode, uid, gid, mtimeSeconds, mtimeNanos, devMajor, devMinor, format, size, storedSize },
          ...{ headerOffset, ownHeaderOffset, bodyOffset, dataOffset, hasAttributes, truncated },
        });
      },
      finding(finding) {
        findings.push(finding);
      },
      body(piece, start, end) {
        bodies.at(-1)?.push(piece.slice(start, end));
      },
      truncated(index) {
        const cut = members[index];
        if (cut !== undefined) cut.truncated = true;
      },
    },
    { baseOffset },
  );
  let error: LayerscopeError | null = null;
  try {
    feed(bytes, reader);
    reader.end();
  } catch (thrown) {
    if (!(thrown instanceof LayerscopeError)) throw thrown;
    error = thrown;
  }
  members.forEach((member, index) => {
    const stored = Buffer.concat(bodies[index] ?? []);
    if (member.size <= 1 << 24) member.content = asLatin1(expanded(stored, member.size, member.sparse));
  });
  return { members, findings, codes: findings.map((finding) => finding.code), error };
}

/** Returns a tar's layer table and findings. Throws if a header can't be read. */
export function buildLayer(bytes: Uint8Array, feed: Feeder = whole): BuiltLayer {
  const builder = new LayerTableBuilder();
  const reader = new TarReader(builder);
  feed(bytes, reader);
  reader.end();
  return builder.finish();
}

/** Returns a generator of numbers in [0, 1); the same seed gives the same sequence (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}
