// Writes tars with the bytes of Go's archive/tar (writer.go, Go 1.26), so that layers have the same digest as with containerd, hcsshim and
// Docker. A member begins with
//
//   PAX   a header of type x, named DIR/PaxHeaders.0/BASE, its records sorted by key, then the header; each padded to a block
//   GNU   a member of type L and one of type K if name and link name are over 100 bytes, then the header
//   USTAR the header, with a long path split into prefix and name
//
// and ends with its body, padded to a block. Two zero blocks end the tar. tar-header.ts chooses the form.
import { LayerscopeError } from '#model';
import { type ByteString, fromByteString } from './byte-string.ts';
import { BLOCK, extensionBlock, headerBlock } from './tar-block.ts';
import { chooseForm, type FilledHeader, isHeaderOnlyFlag, splitUstarPath, type TarForm, type TarHeader } from './tar-header.ts';
import type { TarTime } from './tar-time.ts';

/** Go's maxSpecialFileSize. */
const MAX_EXTENSION_BYTES = 1 << 20;
const LONG_NAME = '././@LongLink';

/** Cleans a path like Go's path.Clean. */
function cleanPath(path: ByteString): ByteString {
  const rooted = path.startsWith('/');
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else if (!rooted) parts.push('..');
  }
  return rooted ? `/${parts.join('/')}` : parts.join('/') || '.';
}

function paxRecord(key: ByteString, value: ByteString): ByteString {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length + String(rest.length).length;
  // The length includes its own digits, which may add another digit.
  if (rest.length + String(length).length !== length) length = rest.length + String(length).length;
  return length + rest;
}

/** Rounds to whole seconds, half up. */
function rounded(time: TarTime | null): TarTime | null {
  return time === null ? null : { seconds: time.nanos >= 500_000_000 ? time.seconds + 1 : time.seconds, nanos: 0 };
}

function filled(header: TarHeader): FilledHeader {
  const name = header.name;
  let typeflag = header.typeflag ?? '0';
  if (typeflag === '\0') typeflag = name.endsWith('/') ? '5' : '0';
  const modTime = header.modTime ?? null;
  const free = header.form === undefined;
  return {
    name,
    linkname: header.linkname ?? '',
    typeflag,
    mode: header.mode ?? 0,
    uid: header.uid ?? 0,
    gid: header.gid ?? 0,
    size: header.size ?? 0,
    uname: header.uname ?? '',
    gname: header.gname ?? '',
    devMajor: header.devMajor ?? 0,
    devMinor: header.devMinor ?? 0,
    modTime: free ? rounded(modTime) : modTime,
    accessTime: free ? null : (header.accessTime ?? null),
    changeTime: free ? null : (header.changeTime ?? null),
    records: header.records ?? new Map(),
  };
}

/** Encodes a tar, member by member. The only state is the number of remaining body bytes. */
export class TarWriter {
  #left = 0;
  #padding = 0;

  /** Remaining bytes of the current body. */
  get left(): number {
    return this.#left;
  }

  /**
   * Begins a member: returns the previous body's padding, extension headers and the header, as bytes that the caller owns. Throws
   * UNSUPPORTED if no form can represent the header, TOO_LARGE if its records exceed 1 MiB, INTERNAL if the previous body is incomplete.
   */
  header(header: TarHeader): Uint8Array<ArrayBuffer> {
    if (this.#left > 0) throw new LayerscopeError('INTERNAL', `archive/tar: missed writing ${this.#left} bytes`);
    const full = filled(header);
    const { form, records } = chooseForm(full, header.form);
    const pieces: Uint8Array[] = [new Uint8Array(this.#padding)];
    if (form === 'pax') this.#addRecords(pieces, full, records);
    else if (form === 'gnu') this.#addLongNames(pieces, full);
    this.#padding = 0;
    if (full.typeflag !== 'g') {
      const split = form === 'ustar' ? splitUstarPath(full.name) : null;
      pieces.push(headerBlock(full, form, split?.suffix ?? full.name, split?.prefix ?? ''));
      this.#left = isHeaderOnlyFlag(full.typeflag) ? 0 : full.size;
      this.#padding = -this.#left & (BLOCK - 1);
    }
    return joined(pieces);
  }

  /** Counts `bytes` as the next part of the body, and returns them. Throws INTERNAL if the body exceeds the size in the header. */
  body(bytes: Uint8Array): Uint8Array {
    if (bytes.length > this.#left) throw new LayerscopeError('INTERNAL', 'archive/tar: write too long');
    this.#left -= bytes.length;
    return bytes;
  }

  /** Ends the tar: returns the last body's padding and two zero blocks. Throws INTERNAL if the last body is incomplete. */
  end(): Uint8Array<ArrayBuffer> {
    if (this.#left > 0) throw new LayerscopeError('INTERNAL', `archive/tar: missed writing ${this.#left} bytes`);
    const end = new Uint8Array(this.#padding + 2 * BLOCK);
    this.#padding = 0;
    return end;
  }

  #addRecords(pieces: Uint8Array[], header: FilledHeader, records: ReadonlyMap<ByteString, ByteString>): void {
    const isGlobal = header.typeflag === 'g';
    if (records.size === 0 && !isGlobal) return;
    const keys = [...records.keys()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    const text = keys.map((key) => paxRecord(key, records.get(key) as ByteString)).join('');
    if (text.length > MAX_EXTENSION_BYTES) throw new LayerscopeError('TOO_LARGE', 'archive/tar: header field too long');
    const slash = header.name.lastIndexOf('/') + 1;
    const parts = [header.name.slice(0, slash), 'PaxHeaders.0', header.name.slice(slash)].filter((part) => part !== '');
    const name = isGlobal ? header.name || 'GlobalHead.0.0' : cleanPath(parts.join('/'));
    addExtension(pieces, name, text, isGlobal ? 'g' : 'x', 'pax');
  }

  #addLongNames(pieces: Uint8Array[], header: FilledHeader): void {
    if (header.name.length > 100) addExtension(pieces, LONG_NAME, `${header.name}\0`, 'L', 'gnu');
    if (header.linkname.length > 100) addExtension(pieces, LONG_NAME, `${header.linkname}\0`, 'K', 'gnu');
  }
}

function addExtension(pieces: Uint8Array[], name: ByteString, text: ByteString, typeflag: string, form: TarForm): void {
  pieces.push(extensionBlock(name, typeflag, text.length, form), fromByteString(text), new Uint8Array(-text.length & (BLOCK - 1)));
}

function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
