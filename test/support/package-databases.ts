// Small package databases and programs, built field by field; SQLite's are written by SQLite itself.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import zlib from 'node:zlib';
import { concat, latin1, utf8, zeros } from './tar-builder.ts';

/** Encodes numbers with given widths in bytes. */
export function numbers(little: boolean, ...fields: readonly (readonly [value: number, bytes: number])[]): Uint8Array<ArrayBuffer> {
  const parts = fields.map(([value, width]) => {
    const bytes = new Uint8Array(width);
    let rest = value;
    for (let at = 0; at < width; at++, rest = Math.floor(rest / 256)) bytes[little ? at : width - 1 - at] = rest % 256;
    return bytes;
  });
  return concat(...parts);
}

export interface RpmSpec {
  readonly name: string;
  readonly version?: string;
  readonly release?: string;
  readonly epoch?: number;
  readonly arch?: string;
  readonly license?: string;
  readonly size?: number;
  readonly source?: string;
  /** Paths with a leading slash. */
  readonly files?: readonly string[];
  /** Whether to store whole paths in one tag, as old headers do. */
  readonly oldPaths?: boolean;
}

/** Returns an rpm header as databases store it. */
export function rpmHeader(spec: RpmSpec): Uint8Array<ArrayBuffer> {
  const tags: { tag: number; type: number; count: number; data: Uint8Array }[] = [];
  const text = (tag: number, value: string | undefined): void => {
    if (value !== undefined) tags.push({ tag, type: 6, count: 1, data: utf8(`${value}\0`) });
  };
  const words = (tag: number, values: readonly number[]): void => {
    const data = numbers(false, ...values.map((value) => [value, 4] as const));
    if (values.length > 0) tags.push({ tag, type: 4, count: values.length, data });
  };
  const texts = (tag: number, values: readonly string[]): void => {
    if (values.length > 0) tags.push({ tag, type: 8, count: values.length, data: utf8(values.map((value) => `${value}\0`).join('')) });
  };
  const { files = [] } = spec;
  text(1000, spec.name);
  text(1001, spec.version ?? '1');
  text(1002, spec.release ?? '1');
  if (spec.epoch !== undefined) words(1003, [spec.epoch]);
  words(1009, [spec.size ?? 10]);
  text(1014, spec.license);
  text(1022, spec.arch);
  text(1044, spec.source);
  if (spec.oldPaths === true) texts(1027, files);
  else {
    const folders = [...new Set(files.map((file) => file.slice(0, file.lastIndexOf('/') + 1)))];
    words(
      1116,
      files.map((file) => folders.indexOf(file.slice(0, file.lastIndexOf('/') + 1))),
    );
    texts(
      1117,
      files.map((file) => file.slice(file.lastIndexOf('/') + 1)),
    );
    texts(1118, folders);
  }
  let data: Uint8Array = new Uint8Array(0);
  const index: Uint8Array[] = [];
  for (const each of tags) {
    if (each.type === 4) data = concat(data, zeros((4 - (data.length % 4)) % 4));
    index.push(numbers(false, [each.tag, 4], [each.type, 4], [data.length, 4], [each.count, 4]));
    data = concat(data, each.data);
  }
  return concat(numbers(false, [tags.length, 4], [data.length, 4]), ...index, data);
}

/** Returns an SQLite database with a table of packages, and its log; rows in `logged` are only in the log. `folder`: an empty folder. */
export function sqliteDatabase(
  folder: string,
  rows: readonly Uint8Array[],
  logged: readonly Uint8Array[] = [],
): { readonly database: Uint8Array; readonly log: Uint8Array | null } {
  const file = path.join(folder, 'rpmdb.sqlite');
  const sqlite = new DatabaseSync(file);
  try {
    sqlite.exec('PRAGMA page_size=1024; PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0');
    sqlite.exec('CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)');
    const insert = sqlite.prepare('INSERT INTO Packages(blob) VALUES(?)');
    for (const row of rows) insert.run(row);
    sqlite.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    for (const row of logged) insert.run(row);
    const database = new Uint8Array(readFileSync(file));
    return { database, log: logged.length === 0 ? null : new Uint8Array(readFileSync(`${file}-wal`)) };
  } finally {
    sqlite.close();
  }
}

/** Returns an ndb database. */
export function ndbDatabase(blobs: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const slots: Uint8Array[] = [numbers(true, [0x506d7052, 4], [0, 4], [1, 4], [1, 4], [blobs.length + 1, 4], [0, 4], [0, 4], [0, 4])];
  const bodies: Uint8Array[] = [];
  let block = 4096 / 16;
  for (const [index, blob] of blobs.entries()) {
    const body = concat(numbers(true, [0x53626c42, 4], [index + 1, 4], [1, 4], [blob.length, 4]), blob);
    const whole = concat(body, zeros((16 - (body.length % 16)) % 16));
    slots.push(numbers(true, [0x746f6c53, 4], [index + 1, 4], [block, 4], [whole.length / 16, 4]));
    bodies.push(whole);
    block += whole.length / 16;
  }
  const head = concat(...slots);
  return concat(head, zeros(4096 - head.length), ...bodies);
}

const BDB_PAGE = 512;

/** Returns a Berkeley DB hash table whose values are all in overflow pages. */
export function bdbDatabase(blobs: readonly Uint8Array[], little = true): Uint8Array<ArrayBuffer> {
  const u32 = (value: number) => [value, 4] as const;
  const pages: Uint8Array[] = [];
  const overflow: Uint8Array[] = [];
  const items: Uint8Array[] = [];
  for (const blob of blobs) {
    const first = 2 + overflow.length;
    for (let at = 0; at < blob.length; at += BDB_PAGE - 26) {
      const piece = blob.subarray(at, at + BDB_PAGE - 26);
      const isLast = at + piece.length === blob.length;
      const head = numbers(
        little,
        [0, 8],
        u32(0),
        u32(0),
        u32(isLast ? 0 : 3 + overflow.length),
        [1, 2],
        [piece.length, 2],
        [0, 1],
        [7, 1],
      );
      overflow.push(concat(head, piece, zeros(BDB_PAGE - 26 - piece.length)));
    }
    items.push(concat(Uint8Array.of(1), numbers(little, u32(items.length))));
    items.push(numbers(little, [3, 1], [0, 3], u32(first), u32(blob.length)));
  }
  const offsets: number[] = [];
  let end = BDB_PAGE;
  for (const item of items) {
    end -= item.length;
    offsets.push(end);
  }
  const head = numbers(little, [0, 8], u32(1), u32(0), u32(0), [items.length, 2], [end, 2], [0, 1], [13, 1]);
  const index = numbers(little, ...offsets.map((offset) => [offset, 2] as const));
  pages.push(concat(head, index, zeros(end - head.length - index.length), ...items.reverse()));
  const meta = numbers(
    little,
    [0, 8],
    u32(0),
    u32(0x061561),
    u32(9),
    u32(BDB_PAGE),
    [0, 1],
    [8, 1],
    [0, 2],
    u32(0),
    u32(1 + overflow.length),
  );
  return concat(meta, zeros(BDB_PAGE - meta.length), ...pages, ...overflow);
}

export interface SectionSpec {
  readonly name: string;
  readonly data: Uint8Array;
  readonly isWritable?: boolean;
}

/**
 * Returns an ELF program with these sections, each in a segment of the same range. A section's address is its offset in the file plus
 * 0x400000.
 */
export function elfProgram(sections: readonly SectionSpec[], { is64 = true, little = true, named = true } = {}): Uint8Array<ArrayBuffer> {
  const word = (value: number) => [value, is64 ? 8 : 4] as const;
  const headBytes = is64 ? 64 : 52;
  const segmentBytes = is64 ? 56 : 32;
  const names = `\0${sections.map(({ name }) => `${name}\0`).join('')}.shstrtab\0`;
  const all = [...sections, { name: '.shstrtab', data: latin1(names), isWritable: false }];
  let at = headBytes + segmentBytes * all.length;
  const places = all.map(({ data }) => {
    const place = Math.ceil(at / 16) * 16;
    at = place + data.length;
    return place;
  });
  const tableAt = at;
  const segments = all.map(({ data, isWritable = true }, index) => {
    const place = places[index] as number;
    const flags = [isWritable ? 6 : 4, 4] as const;
    const fields = [word(place), word(place + 0x400000), word(place), word(data.length), word(data.length)];
    return is64 ? numbers(little, [1, 4], flags, ...fields, word(16)) : numbers(little, [1, 4], ...fields, flags, word(16));
  });
  const table = all.map(({ name, data, isWritable = true }, index) =>
    numbers(
      little,
      [names.indexOf(`\0${name}\0`) + 1, 4],
      [1, 4],
      word(isWritable ? 3 : 2),
      word((places[index] as number) + 0x400000),
      word(places[index] as number),
      word(data.length),
      [0, 8],
      word(1),
      word(0),
    ),
  );
  const count = named ? all.length : 0;
  const head = concat(
    Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, is64 ? 2 : 1, little ? 1 : 2, 1),
    zeros(9),
    numbers(
      little,
      [2, 2],
      [62, 2],
      [1, 4],
      word(0),
      word(headBytes),
      word(named ? tableAt : 0),
      [0, 4],
      [headBytes, 2],
      [segmentBytes, 2],
    ),
    numbers(little, [all.length, 2], [is64 ? 64 : 40, 2], [count, 2], [named ? all.length - 1 : 0, 2]),
  );
  let file: Uint8Array<ArrayBuffer> = concat(head, ...segments);
  for (const [index, { data }] of all.entries()) file = concat(file, zeros((places[index] as number) - file.length), data);
  return named ? concat(file, ...table) : file;
}

/** Returns a Windows program. */
export function peProgram(sections: readonly SectionSpec[]): Uint8Array<ArrayBuffer> {
  const optional = concat(numbers(true, [0x20b, 2]), zeros(22), numbers(true, [0x140000000, 8]), zeros(80));
  const headBytes = 64 + 24 + optional.length + 40 * sections.length;
  let at = headBytes;
  const table = sections.map(({ name, data, isWritable = true }) => {
    const place = at;
    at += data.length;
    const flags = (isWritable ? 0x80000000 : 0) + 0x40;
    return concat(
      latin1(name.padEnd(8, '\0')),
      numbers(true, [data.length, 4], [place, 4], [data.length, 4], [place, 4], [0, 8], [0, 4], [flags, 4]),
    );
  });
  const head = concat(latin1('MZ'), zeros(58), numbers(true, [64, 4]));
  const header = numbers(true, [0x4550, 4], [0x8664, 2], [sections.length, 2], [0, 4], [0, 4], [0, 4], [optional.length, 2], [2, 2]);
  return concat(head, header, optional, ...table, ...sections.map(({ data }) => data));
}

/** Returns a 64-bit macOS program, with all sections in one segment. */
export function machOProgram(sections: readonly SectionSpec[]): Uint8Array<ArrayBuffer> {
  const commandBytes = 72 + 80 * sections.length;
  let at = 32 + commandBytes;
  const total = sections.reduce((sum, { data }) => sum + data.length, 0);
  const command = concat(
    numbers(true, [0x19, 4], [commandBytes, 4]),
    latin1('__DATA'.padEnd(16, '\0')),
    numbers(true, [at, 8], [total, 8], [at, 8], [total, 8], [3, 4], [3, 4], [sections.length, 4], [0, 4]),
  );
  const table = sections.map(({ name, data }) => {
    const place = at;
    at += data.length;
    return concat(
      latin1(name.padEnd(16, '\0')),
      latin1('__DATA'.padEnd(16, '\0')),
      numbers(true, [place, 8], [data.length, 8], [place, 4], [0, 28]),
    );
  });
  const head = numbers(true, [0xfeedfacf, 4], [0, 4], [0, 4], [2, 4], [1, 4], [commandBytes, 4], [0, 8]);
  return concat(head, command, ...table, ...sections.map(({ data }) => data));
}

/** Returns a universal binary of consecutive programs. `is64`: with 64-bit offsets. */
export function universalProgram(programs: readonly Uint8Array[], is64 = false): Uint8Array<ArrayBuffer> {
  let at = 8 + programs.length * (is64 ? 32 : 20);
  const width = is64 ? 8 : 4;
  const entries = programs.map((program, index) => {
    const place = at;
    at += program.length;
    return numbers(
      false,
      [0x0100_0007 + index, 4],
      [3, 4],
      [place, width],
      [program.length, width],
      [14, 4],
      ...(is64 ? [[0, 4] as const] : []),
    );
  });
  return concat(numbers(false, [is64 ? 0xcafebabf : 0xcafebabe, 4], [programs.length, 4]), ...entries, ...programs);
}

function varint(value: number): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

/** Returns build information as Go's linker has written it since 1.18. `lines`: the lines of the module text. */
export function goBuildInfo(lines: readonly string[]): Uint8Array<ArrayBuffer> {
  const marker = latin1('0123456789abcdef');
  const text = concat(marker, utf8(lines.map((line) => `${line}\n`).join('')), marker);
  const version = utf8('go1.22.1');
  const magic = concat(latin1('\u00ff Go buildinf:'), Uint8Array.of(8, 2), zeros(16));
  return concat(magic, varint(version.length), version, varint(text.length), text);
}

export interface ZipFile {
  readonly name: string;
  readonly data: Uint8Array | string;
  readonly stored?: boolean;
}

/** Returns a ZIP file. */
export function zipFile(files: readonly ZipFile[]): Uint8Array<ArrayBuffer> {
  let at = 0;
  const bodies: Uint8Array[] = [];
  const list: Uint8Array[] = [];
  for (const { name, data, stored = false } of files) {
    const plain = typeof data === 'string' ? utf8(data) : data;
    const packed = stored ? plain : new Uint8Array(zlib.deflateRawSync(plain));
    const method = stored ? 0 : 8;
    const sizes = [
      [0, 4],
      [packed.length, 4],
      [plain.length, 4],
      [utf8(name).length, 2],
    ] as const;
    const body = concat(numbers(true, [0x04034b50, 4], [20, 2], [0, 2], [method, 2], [0, 4], ...sizes, [0, 2]), utf8(name), packed);
    list.push(
      concat(
        numbers(
          true,
          [0x02014b50, 4],
          [20, 2],
          [20, 2],
          [0, 2],
          [method, 2],
          [0, 4],
          ...sizes,
          [0, 2],
          [0, 2],
          [0, 2],
          [0, 2],
          [0, 4],
          [at, 4],
        ),
        utf8(name),
      ),
    );
    bodies.push(body);
    at += body.length;
  }
  const directory = Buffer.concat(list);
  const end = numbers(true, [0x06054b50, 4], [0, 4], [files.length, 2], [files.length, 2], [directory.length, 4], [at, 4], [0, 2]);
  return new Uint8Array(Buffer.concat([...bodies, directory, end]));
}
