// An rpm header, as databases store it. All numbers are big-endian.
//
//   number of tags u32, bytes of data u32, then for each tag: tag u32, type u32, offset in the data u32, count u32; then the data
//   types: 3 u16, 4 u32, 5 u64, 6 string, 8 list of strings, 9 list of translated strings; strings are NUL-terminated
//
// Source: rpm's docs/manual/format_header.md, include/rpm/rpmtag.h.
import { LayerscopeError } from '#model';
import { type FoundPackage, foundPackage, NO_FILES } from '../package.ts';
import { PathListBuilder } from '../path-list.ts';
import { textOf } from '../text.ts';

const TAG = {
  name: 1000,
  version: 1001,
  release: 1002,
  epoch: 1003,
  size: 1009,
  license: 1014,
  arch: 1022,
  oldPaths: 1027,
  sourceFile: 1044,
  folderOfFile: 1116,
  fileNames: 1117,
  folders: 1118,
  longSize: 5009,
} as const;
const WANTED: ReadonlySet<number> = new Set(Object.values(TAG));

const TYPE = { u32: 4, u64: 5, string: 6, strings: 8, translated: 9 } as const;
const MAX_TAGS = 65_536;
/** Maximum number of files in a package. */
const MAX_FILES = 2_000_000;
/** Maximum number of folders in a package. */
const MAX_FOLDERS = 250_000;
/** Maximum length of a name. It is limited because a folder's name is repeated for each of its files. */
const MAX_NAME_BYTES = 4096;

interface Tag {
  readonly type: number;
  readonly offset: number;
  readonly count: number;
}

function damaged(what: string): LayerscopeError {
  return new LayerscopeError('DAMAGED', `rpm header: ${what}`);
}

/** Parses a header into a package; null for a public key, or without a name. Throws DAMAGED, TOO_LARGE. */
export function parseRpmHeader(bytes: Uint8Array): FoundPackage | null {
  const header = new Header(bytes);
  const name = header.text(TAG.name);
  if (name === null || name === 'gpg-pubkey') return null;
  const epoch = header.number(TAG.epoch);
  const version = `${epoch ? `${epoch}:` : ''}${header.text(TAG.version) ?? ''}-${header.text(TAG.release) ?? ''}`;
  const source = sourceOfFile(header.text(TAG.sourceFile));
  return foundPackage('rpm', name, version, {
    arch: header.text(TAG.arch),
    license: header.text(TAG.license),
    statedBytes: header.number(TAG.longSize) ?? header.number(TAG.size),
    source: source?.name ?? null,
    sourceVersion: source?.version ?? null,
    files: { paths: header.paths(), folders: NO_FILES.folders },
  });
}

/** Parses the file name of a source package, `NAME-VERSION-RELEASE.src.rpm`; null for anything else. */
export function sourceOfFile(file: string | null): { readonly name: string; readonly version: string } | null {
  if (file?.endsWith('.rpm') !== true) return null;
  const stem = file.slice(0, -'.rpm'.length);
  const dot = stem.lastIndexOf('.');
  const whole = dot < 0 ? stem : stem.slice(0, dot);
  const release = whole.lastIndexOf('-');
  const version = whole.lastIndexOf('-', release - 1);
  return version <= 0 || release <= 0 ? null : { name: whole.slice(0, version), version: whole.slice(version + 1) };
}

class Header {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #data: number;
  readonly #end: number;
  readonly #tags = new Map<number, Tag>();

  constructor(bytes: Uint8Array) {
    if (bytes.length < 8) throw damaged('it is cut off');
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const count = view.getUint32(0);
    this.#data = 8 + 16 * count;
    this.#end = this.#data + view.getUint32(4);
    if (count > MAX_TAGS || this.#end > bytes.length) throw damaged('it states more than it has');
    this.#bytes = bytes;
    this.#view = view;
    for (let at = 8; at < this.#data; at += 16) {
      const tag = view.getUint32(at);
      if (!WANTED.has(tag) || this.#tags.has(tag)) continue;
      this.#tags.set(tag, { type: view.getUint32(at + 4), offset: view.getUint32(at + 8), count: view.getUint32(at + 12) });
    }
  }

  /** Returns the first string of a tag; null if there is none. Throws DAMAGED. */
  text(tag: number): string | null {
    const found = this.#tags.get(tag);
    if (found === undefined || (found.type !== TYPE.string && found.type !== TYPE.strings && found.type !== TYPE.translated)) return null;
    return textOf(this.#string(this.#data + found.offset));
  }

  /** Returns the first number of a tag; null if there is none. Throws DAMAGED. */
  number(tag: number): number | null {
    const found = this.#tags.get(tag);
    if (found === undefined || found.count === 0) return null;
    const at = this.#data + found.offset;
    const width = found.type === TYPE.u64 ? 8 : 4;
    if ((found.type !== TYPE.u32 && found.type !== TYPE.u64) || at + width > this.#end) return null;
    const value = width === 8 ? Number(this.#view.getBigUint64(at)) : this.#view.getUint32(at);
    return Number.isSafeInteger(value) ? value : null;
  }

  /** Returns all paths. Newer headers split them into folders and names. Throws DAMAGED, TOO_LARGE. */
  paths(): Uint8Array {
    const list = new PathListBuilder();
    const names = this.#tags.get(TAG.fileNames);
    if (names?.type !== TYPE.strings || names.count === 0) {
      for (const path of this.#strings(TAG.oldPaths, MAX_FILES)) list.add(path);
      return list.finish();
    }
    const folders = [...this.#strings(TAG.folders, MAX_FOLDERS)];
    const indexes = this.#tags.get(TAG.folderOfFile);
    const first = this.#data + (indexes?.offset ?? 0);
    if (indexes?.type !== TYPE.u32 || first + 4 * indexes.count > this.#end) throw damaged('its files have no folders');
    let file = 0;
    for (const name of this.#strings(TAG.fileNames, MAX_FILES)) {
      if (file >= indexes.count) break;
      const folder = folders[this.#view.getUint32(first + 4 * file++)];
      if (folder !== undefined) list.add(folder, name);
    }
    return list.finish();
  }

  /** Yields strings one at a time: two million byte views would take 200 MB. */
  *#strings(tag: number, most: number): Generator<Uint8Array> {
    const found = this.#tags.get(tag);
    if (found?.type !== TYPE.strings) return;
    if (found.count > most) throw new LayerscopeError('TOO_LARGE', `a package has more than ${most} files or folders`);
    let at = this.#data + found.offset;
    for (let index = 0; index < found.count; index++) {
      const string = this.#string(at);
      at += string.length + 1;
      yield string.subarray(0, MAX_NAME_BYTES);
    }
  }

  #string(at: number): Uint8Array {
    const end = at < this.#end ? this.#bytes.indexOf(0, at) : -1;
    if (end < 0 || end >= this.#end) throw damaged('a string is cut off');
    return this.#bytes.subarray(at, end);
  }
}
