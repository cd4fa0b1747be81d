// Alpine's database is one file of records: a letter, a colon and a value on each line, and an empty line after each record.
//
//   P name, V version, A architecture, I installed size, L license, o origin, F folder, R file in the folder of the F before it
//
// Source: apk-package(5), apk-tools src/database.c.
import { type FoundPackage, FoundPackages, foundPackage, NO_FILES } from './package.ts';
import { PathListBuilder } from './path-list.ts';
import { sizeOf, textOf } from './text.ts';

const LINE_FEED = 0x0a;
const COLON = 0x3a;
const FOLDER = 0x46;
const FILE = 0x52;
const SLASH = Uint8Array.of(0x2f);
const NO_PATH = new Uint8Array(0);
/** Maximum length of a folder or file name. It is limited because a folder's name is repeated for each of its files. */
const MAX_NAME_BYTES = 4096;

/** Parses an `installed` file. Leaves out the virtual packages that `apk add --virtual` creates. Throws TOO_LARGE. */
export function parseApkInstalled(bytes: Uint8Array): FoundPackage[] {
  const found = new FoundPackages();
  let fields = new Map<string, string>();
  let list = new PathListBuilder();
  let folder = NO_PATH;
  const finish = (): void => {
    found.add(apkPackage(fields, list));
    if (fields.size > 0) list = new PathListBuilder();
    fields = new Map();
    folder = NO_PATH;
  };
  for (let start = 0; start < bytes.length; ) {
    const next = bytes.indexOf(LINE_FEED, start);
    const end = next < 0 ? bytes.length : next;
    if (end === start) finish();
    else if (bytes[start + 1] === COLON) {
      const value = bytes.subarray(start + 2, end);
      const letter = bytes[start] as number;
      if (letter === FOLDER) folder = value.slice(0, MAX_NAME_BYTES);
      else if (letter !== FILE) keep(fields, letter, value);
      else if (value.length <= MAX_NAME_BYTES && !value.includes(0)) list.add(folder, folder.length === 0 ? NO_PATH : SLASH, value);
    }
    start = end + 1;
  }
  finish();
  return found.all;
}

function keep(fields: Map<string, string>, letter: number, value: Uint8Array): void {
  const name = String.fromCharCode(letter);
  if ('PVAILo'.includes(name) && !fields.has(name)) fields.set(name, textOf(value));
}

function apkPackage(fields: ReadonlyMap<string, string>, list: PathListBuilder): FoundPackage | null {
  const name = fields.get('P') ?? '';
  if (name.startsWith('.')) return null;
  const version = fields.get('V') ?? '';
  const source = fields.get('o') || null;
  return foundPackage('apk', name, version, {
    arch: fields.get('A') ?? null,
    license: fields.get('L') ?? null,
    statedBytes: sizeOf(fields.get('I')),
    source,
    sourceVersion: source === null ? null : version,
    files: { paths: list.finish(), folders: NO_FILES.folders },
  });
}
