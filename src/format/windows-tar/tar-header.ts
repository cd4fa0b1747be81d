// Chooses one of three forms for a header, and which fields go into PAX records, by the rules of Go's archive/tar (common.go,
// allowedFormats; Go 1.26). containerd and hcsshim use that package, so digests depend on its exact bytes.
//
//   USTAR  values that fit its fields: ASCII, names of 100 bytes or prefix and name of 155 and 100, octal numbers, whole seconds
//   PAX    the same, with records for what doesn't fit: path, linkpath, uname, gname, uid, gid, size, mtime, atime, ctime, and
//          the caller's own; in the block, text that doesn't fit is cut and numbers are 0
//   GNU    long names in members of type L and K, numbers in base-256, access and change time in the header
//
// The first allowed form is used. Access and change times need PAX or GNU; with a fraction of a second PAX is preferred.
import { displayPath, LayerscopeError } from '#model';
import { type ByteString, fromByteString } from './byte-string.ts';
import { formatPaxTime, type TarTime } from './tar-time.ts';

export type TarForm = 'ustar' | 'pax' | 'gnu';

/** Input of {@link TarWriter.header}. Omitted fields are empty, 0, or no time. Numbers are integers below 2^53. */
export interface TarHeader {
  readonly name: ByteString;
  readonly linkname?: ByteString;
  /** One ASCII character; default `0`, a file. */
  readonly typeflag?: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly size?: number;
  readonly uname?: ByteString;
  readonly gname?: ByteString;
  readonly devMajor?: number;
  readonly devMinor?: number;
  readonly modTime?: TarTime | null;
  readonly accessTime?: TarTime | null;
  readonly changeTime?: TarTime | null;
  /** Additional PAX records. Records for the other fields are made from those fields. */
  readonly records?: ReadonlyMap<ByteString, ByteString>;
  /** The requested form; `pax` uses USTAR if that suffices. Default: any form that fits, with only the write time, in whole seconds. */
  readonly form?: TarForm;
}

export type FilledHeader = Required<Omit<TarHeader, 'form' | 'records'>> & { readonly records: ReadonlyMap<ByteString, ByteString> };

/** Widths of a header block's fields. */
export const FIELD_BYTES = {
  name: 100,
  mode: 8,
  uid: 8,
  gid: 8,
  size: 12,
  time: 12,
  linkname: 100,
  uname: 32,
  gname: 32,
  device: 8,
  prefix: 155,
};

const HEADER_ONLY = new Set(['1', '2', '3', '4', '5', '6']);
const OWN_KEYS = new Set(['path', 'linkpath', 'size', 'uid', 'gid', 'uname', 'gname', 'mtime', 'atime', 'ctime']);

/** Whether a type never has a body, regardless of its size. */
export function isHeaderOnlyFlag(typeflag: string): boolean {
  return HEADER_ONLY.has(typeflag);
}

export function isAscii(text: ByteString): boolean {
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === 0 || unit >= 0x80) return false;
  }
  return true;
}

/** Splits a path for USTAR's prefix and name fields; null if it doesn't fit them, or fits the name field alone. */
export function splitUstarPath(name: ByteString): { prefix: ByteString; suffix: ByteString } | null {
  if (name.length <= FIELD_BYTES.name || !isAscii(name)) return null;
  let length = name.length;
  if (length > FIELD_BYTES.prefix + 1) length = FIELD_BYTES.prefix + 1;
  else if (name.endsWith('/')) length--;
  const at = name.lastIndexOf('/', length - 1);
  const suffixLength = name.length - at - 1;
  if (at <= 0 || suffixLength > FIELD_BYTES.name || suffixLength === 0 || at > FIELD_BYTES.prefix) return null;
  return { prefix: name.slice(0, at), suffix: name.slice(at + 1) };
}

export function fitsOctal(width: number, value: number): boolean {
  return value >= 0 && value < 8 ** (width - 1);
}

function fitsBase256(width: number, value: number): boolean {
  return width >= 9 || (value >= -(2 ** ((width - 1) * 8)) && value < 2 ** ((width - 1) * 8));
}

function quote(text: ByteString): string {
  return `"${displayPath(fromByteString(text))}"`;
}

function refused(...reasons: readonly string[]): LayerscopeError {
  const why = reasons.filter((reason) => reason !== '').join('; and ');
  return new LayerscopeError('UNSUPPORTED', `archive/tar: cannot encode header${why === '' ? '' : `: ${why}`}`);
}

function isValidRecord(key: ByteString, value: ByteString): boolean {
  if (key === '' || key.includes('=')) return false;
  return !(key === 'path' || key === 'linkpath' || key === 'uname' || key === 'gname' ? value : key).includes('\0');
}

/** Collects the forms that all fields allow, and why the others are ruled out. */
class FormChoice {
  readonly allowed = new Set<TarForm>(['ustar', 'pax', 'gnu']);
  readonly why: Record<TarForm, string> = { ustar: '', pax: '', gnu: '' };
  readonly records = new Map<ByteString, ByteString>();
  prefersPax = false;
  readonly #own: ReadonlyMap<ByteString, ByteString>;

  constructor(own: ReadonlyMap<ByteString, ByteString>) {
    this.#own = own;
  }

  forbid(form: TarForm, field: string, value: string | number): void {
    this.why[form] = `${form.toUpperCase()} cannot encode ${field}=${value}`;
    this.allowed.delete(form);
  }

  text(value: ByteString, width: number, field: string, key: string): void {
    const tooLong = value.length > width;
    const mayBeLong = key === 'path' || key === 'linkpath';
    if (value.includes('\0') || (tooLong && !mayBeLong)) this.forbid('gnu', field, quote(value));
    if (!isAscii(value) || tooLong) {
      if (key !== 'path' || splitUstarPath(value) === null) this.forbid('ustar', field, quote(value));
      this.records.set(key, value);
    }
    this.#keepOwn(key, value);
  }

  number(value: number, width: number, field: string, key: string | null): void {
    if (!fitsBase256(width, value)) this.forbid('gnu', field, value);
    if (!fitsOctal(width, value)) {
      this.forbid('ustar', field, value);
      if (key === null) this.forbid('pax', field, value);
      else this.records.set(key, String(value));
    }
    if (key !== null) this.#keepOwn(key, String(value));
  }

  time(time: TarTime | null, field: string, key: string): void {
    if (time === null) return;
    const isModTime = key === 'mtime';
    const fits = fitsOctal(FIELD_BYTES.time, time.seconds);
    if (!isModTime || !fits) this.forbid('ustar', field, formatPaxTime(time));
    if (!isModTime || !fits || time.nanos !== 0) {
      this.prefersPax = true;
      this.records.set(key, formatPaxTime(time));
    }
    this.#keepOwn(key, formatPaxTime(time));
  }

  #keepOwn(key: string, value: string): void {
    if (this.#own.get(key) === value) this.records.set(key, value);
  }
}

/** Chooses the form and its records. Throws UNSUPPORTED, with Go's message, if no form can represent the header. */
export function chooseForm(header: FilledHeader, wanted: TarForm | undefined): { form: TarForm; records: Map<ByteString, ByteString> } {
  const choice = new FormChoice(header.records);
  choice.text(header.name, FIELD_BYTES.name, 'Name', 'path');
  choice.text(header.linkname, FIELD_BYTES.linkname, 'Linkname', 'linkpath');
  choice.text(header.uname, FIELD_BYTES.uname, 'Uname', 'uname');
  choice.text(header.gname, FIELD_BYTES.gname, 'Gname', 'gname');
  choice.number(header.mode, FIELD_BYTES.mode, 'Mode', null);
  choice.number(header.uid, FIELD_BYTES.uid, 'Uid', 'uid');
  choice.number(header.gid, FIELD_BYTES.gid, 'Gid', 'gid');
  choice.number(header.size, FIELD_BYTES.size, 'Size', 'size');
  choice.number(header.devMajor, FIELD_BYTES.device, 'Devmajor', null);
  choice.number(header.devMinor, FIELD_BYTES.device, 'Devminor', null);
  choice.time(header.modTime, 'ModTime', 'mtime');
  choice.time(header.accessTime, 'AccessTime', 'atime');
  choice.time(header.changeTime, 'ChangeTime', 'ctime');
  checkType(header);
  const { allowed, records, why } = choice;
  let onlyPax = '';
  if (header.typeflag === 'g') onlyPax = 'only PAX supports TypeXGlobalHeader';
  for (const [key, value] of header.records) {
    if (!records.has(key) && (header.typeflag === 'g' || (!OWN_KEYS.has(key) && !key.startsWith('GNU.sparse.')))) records.set(key, value);
  }
  if (header.records.size > 0) onlyPax = 'only PAX supports PAXRecords';
  if (onlyPax !== '') for (const form of ['ustar', 'gnu'] as const) allowed.delete(form);
  for (const [key, value] of records) if (!isValidRecord(key, value)) throw refused(`invalid PAX record: ${quote(`${key} = ${value}`)}`);
  const fits = (form: TarForm) =>
    allowed.has(form) && (wanted === undefined || wanted === form || (form === 'ustar' && wanted === 'pax' && !choice.prefersPax));
  const form = (['ustar', 'pax', 'gnu'] as const).find(fits);
  if (form !== undefined) return { form, records };
  if (wanted === undefined) throw refused(why.ustar, why.pax, why.gnu, onlyPax);
  throw refused(`Format specifies ${wanted.toUpperCase()}`, why[wanted], wanted === 'pax' ? '' : onlyPax);
}

function checkType(header: FilledHeader): void {
  const { typeflag } = header;
  if (['0', '3', '4', '6', 'S'].includes(typeflag) && header.name.endsWith('/')) throw refused('filename may not have trailing slash');
  if (['x', 'L', 'K'].includes(typeflag)) {
    throw refused('cannot manually encode TypeXHeader, TypeGNULongName, or TypeGNULongLink headers');
  }
  if (!isHeaderOnlyFlag(typeflag) && header.size < 0) throw refused('negative size on header-only type');
  if (typeflag !== 'g') return;
  const texts = header.linkname + header.uname + header.gname;
  const numbers = [header.mode, header.uid, header.gid, header.size, header.devMajor, header.devMinor];
  const times = [header.modTime, header.accessTime, header.changeTime];
  if (texts !== '' || numbers.some((number) => number !== 0) || times.some((time) => time !== null)) {
    throw refused('only PAXRecords should be set for TypeXGlobalHeader');
  }
}
