// Determines a file's kind by its extension; an executable file without a known extension is a program. Contents aren't read, so a million
// names take a fraction of a second.

import { type RowTable, TYPE } from '#model';

/** Kinds of files. The index is the code that {@link fileTypeOf} returns. */
export const FILE_TYPES = [
  'programs',
  'libraries',
  'source',
  'bytecode',
  'packages',
  'archives',
  'documents',
  'config',
  'pictures',
  'media',
  'fonts',
  'models',
  'data',
  'translations',
  'debug',
  'other',
] as const;

type FileType = (typeof FILE_TYPES)[number];

const EXTENSIONS: Readonly<Record<FileType, string>> = {
  programs: 'exe com msi sys efi appimage wasm',
  libraries: 'so dll dylib a lib o ko node pyd la ocx drv',
  source:
    'py pyi pyx js mjs cjs jsx ts mts cts tsx vue svelte c h cc cpp cxx hh hpp hxx rs go java kt scala groovy rb php pl pm lua sh bash zsh fish ps1 bat cmd tcl r jl swift m mm cs vb fs ml hs erl ex exs clj el lisp sql awk sed s asm y l cmake mk m4 css scss less coffee gyp',
  bytecode: 'pyc pyo class elc beam luac',
  packages: 'jar war ear whl egg gem deb udeb rpm apk nupkg crate msu cab snap flatpak vsix xpi aar',
  archives: 'tar gz tgz bz2 tbz xz txz zst lz4 lzma zip 7z rar cpio br z iso img',
  documents: 'md markdown txt rst html htm xhtml pdf doc docx odt rtf tex texi info man pod adoc ps eps log dtd',
  config:
    'json jsonc json5 xml xsd xsl yml yaml toml ini conf cfg cnf properties plist service socket timer target rules list env lock pem crt cer key csr pub asc gpg reg inf desktop editorconfig',
  pictures: 'png jpg jpeg gif svg webp ico bmp tif tiff xpm xbm avif icns heic psd cur ani',
  media: 'mp3 mp4 m4a m4v ogg oga ogv wav flac aac webm mkv mov avi wmv opus mid',
  fonts: 'ttf otf woff woff2 eot ttc pfb pfa afm pcf bdf',
  models: 'safetensors onnx pt pth ckpt gguf ggml h5 hdf5 tflite pb keras caffemodel mlmodel pkl joblib model spm',
  data: 'db sqlite sqlite3 mdb dat data bin csv tsv parquet arrow feather npy npz idx pack rdb ldb sst mmdb dump bak raw tzdata rda rds nc avro orc',
  translations: 'mo po pot gmo qm lproj arb resx mui ftl',
  debug: 'debug map pdb sym dsym dbg dwp dwo core gcno gcda prof',
  other: '',
};

const LONGEST = 15;
const PACKED = 7;
const CODES = new Map<number, number>();
for (const [code, type] of FILE_TYPES.entries()) {
  for (const extension of EXTENSIONS[type].split(' ').filter((each) => each !== '')) {
    const bytes = Uint8Array.from(extension, (letter) => letter.charCodeAt(0));
    CODES.set(keyOf(bytes, 0, bytes.length), code);
  }
}

const OTHER = FILE_TYPES.indexOf('other');
const PROGRAMS = FILE_TYPES.indexOf('programs');
const DOCUMENTS = FILE_TYPES.indexOf('documents');

/**
 * Returns a number for an extension, from its first characters and its length, ignoring the case of A to Z; 0 for none. Doesn't allocate
 * strings.
 */
function keyOf(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length <= 0 || length > LONGEST) return 0;
  let key = length;
  for (let at = start; at < start + PACKED; at++) {
    let byte = at < end ? (bytes[at] as number) : 0;
    if (byte >= 0x80) return 0;
    if (byte >= 0x41 && byte <= 0x5a) byte += 0x20;
    key = key * 128 + byte;
  }
  return key;
}

const extension = { start: 0, end: 0 };

/**
 * Finds the extension of a row's name in `table.names` and stores its range in {@link extension}; `so` for `libssl.so.3`, empty if none.
 */
function findExtension({ names, nameStart }: RowTable, row: number): void {
  const from = nameStart[row] as number;
  const end = nameStart[row + 1] as number;
  extension.start = extension.end = end;
  let at = end - 1;
  while (at > from && names[at] !== 0x2e) at--;
  if (at <= from) return;
  extension.start = at + 1;
  while (at > from && (isDigit(names[at] as number) || names[at] === 0x2e)) at--;
  const isVersion = at - 2 > from && names[at] === 0x6f && names[at - 1] === 0x73 && names[at - 2] === 0x2e && at < end - 2;
  if (!isVersion || names[at + 1] !== 0x2e || !endsInVersion(names, at + 2, end)) return;
  extension.start = at - 1;
  extension.end = at + 1;
}

function endsInVersion(names: Uint8Array, from: number, end: number): boolean {
  for (let at = from; at < end; at++) if (!isDigit(names[at] as number) && names[at] !== 0x2e) return false;
  return true;
}

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;

/**
 * Returns a number that identifies the extension of a row's name; 0 for none and for unusual extensions. What follows a dot in the name of
 * an executable is part of the name, as in `mkfs.minix` or `python3.11`, unless it is a known extension.
 */
export function extensionKey(table: RowTable, row: number): number {
  findExtension(table, row);
  const key = keyOf(table.names, extension.start, extension.end);
  return key !== 0 && !CODES.has(key) && isExecutable(table, row) ? 0 : key;
}

function isExecutable({ type, mode }: RowTable, row: number): boolean {
  return (type[row] === TYPE.file || type[row] === TYPE.hardlink) && ((mode[row] as number) & 0o111) !== 0;
}

/** Returns the extension of a row's name with the dot, in lower case; empty for none and for unusual extensions. */
export function extensionOf(table: RowTable, row: number): string {
  if (extensionKey(table, row) === 0) return '';
  return `.${String.fromCharCode(...table.names.subarray(extension.start, extension.end)).toLowerCase()}`;
}

/** Returns the index in {@link FILE_TYPES} for a file or a hard link, and that of `other` for any other row. */
export function fileTypeOf(table: RowTable, row: number): number {
  return fileTypeBy(table, row, extensionKey(table, row));
}

/** Like {@link fileTypeOf}, with a known `key`. The most recent call of {@link extensionKey} must have been for this row. */
export function fileTypeBy(table: RowTable, row: number, key: number): number {
  const type = table.type[row];
  if (type !== TYPE.file && type !== TYPE.hardlink) return OTHER;
  const known = CODES.get(key);
  if (known !== undefined) return known;
  if (isExecutable(table, row)) return PROGRAMS;
  // A manual page, such as `ls.1`.
  if (extension.end - extension.start === 1 && isDigit(table.names[extension.start] as number)) return DOCUMENTS;
  return OTHER;
}
