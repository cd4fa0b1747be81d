import type { EntryAttributes } from '#contract';
import { formatMode, trimEnd } from '#model';
import { words } from '../../words/index.ts';
import { NO_NAMES, type OwnerNames } from './owner-names.ts';
import type { WindowsTimes } from './windows-times.ts';

export interface AttributeRow {
  readonly label: string;
  readonly value: string;
  /** The value as a number if it is a size, else null. */
  readonly bytes: number | null;
  /** The previous value if it differs, else null. */
  readonly was: string | null;
  readonly wasBytes: number | null;
  readonly mono: boolean;
  /** Whether the value may be cut to what fits on a line. */
  readonly isDigest: boolean;
  /** What the value means, as lines. `isNew` marks lines that the previous value didn't have. */
  readonly meaning: readonly { readonly text: string; readonly isNew: boolean }[];
}

/** Times of the current entry and of the previous one. */
export interface EntryTimes {
  readonly now: WindowsTimes | null;
  readonly before: WindowsTimes | null;
}

const NO_TIMES: EntryTimes = { now: null, before: null };

/** Facts about an entry that its details don't contain. */
interface Surroundings {
  readonly times?: EntryTimes;
  /** Names for owners that the tar has only as numbers, from the image of each entry. */
  readonly owners?: { readonly now: OwnerNames; readonly before: OwnerNames };
  /** Digests of the layers that the entries are from. Present only in a comparison, where layers of two images may have the same number. */
  readonly digests?: { readonly now: string | null; readonly before: string | null };
}

/** Returns the attributes in the order in which they are shown, each with its previous value if it differs. */
export function attributeRows(
  now: EntryAttributes | null,
  before: EntryAttributes | null,
  { times = NO_TIMES, owners = { now: NO_NAMES, before: NO_NAMES }, digests = { now: null, before: null } }: Surroundings = {},
): readonly AttributeRow[] {
  const entry = now ?? before;
  if (entry === null) return [];
  const old = now === null ? null : before;
  const rows: AttributeRow[] = [];
  const labels = words.details.attributes;
  const found = { now: byName(entry.attributes), before: byName(old?.attributes ?? []) };
  const isOtherLayer = digests.now !== digests.before;
  const add = (
    label: string,
    of: (from: EntryAttributes) => string,
    { mono = false, bytes = false, name = '', differsAnyway = false, isDigest = false } = {},
  ) => {
    const value = of(entry);
    const was = old === null ? null : of(old);
    if (value === '' && (was === null || was === '')) return;
    const differs = was !== null && (was !== value || differsAnyway);
    rows.push({
      label,
      value,
      bytes: bytes && value !== '' ? Number(value) : null,
      was: differs ? was : null,
      wasBytes: differs && bytes && was !== '' ? Number(was) : null,
      mono,
      isDigest,
      meaning: meaningsOf(found.now.get(name), differs && was !== '' ? found.before.get(name) : null),
    });
  };
  add(labels.type, ({ type }) => words.entryType(type));
  if (entry.type === 'file' || entry.type === 'hardlink' || old?.type === 'file')
    add(labels.size, ({ size }) => String(size), { bytes: true });
  add(labels.target, ({ linkname }) => linkname ?? '', { mono: true });
  if (!entry.implied) {
    add(labels.mode, ({ mode, type }) => `${formatMode(mode)} ${modeText(mode, type)}`, { mono: true });
    const named = (from: EntryAttributes) => (from === now ? owners.now : owners.before);
    add(labels.owner, (from) => owner(from.uname || named(from).users.get(from.uid), from.uid, words.details.uid));
    add(labels.group, (from) => owner(from.gname || named(from).groups.get(from.gid), from.gid, words.details.gid));
    add(labels.modified, ({ mtime }) => mtimeText(mtime));
    const more = (from: EntryAttributes) => (from === now ? times.now : times.before);
    add(labels.created, (from) => mtimeText(more(from)?.created ?? ''));
    add(labels.accessed, (from) => mtimeText(more(from)?.accessed ?? ''));
    add(labels.changed, (from) => mtimeText(more(from)?.changed ?? ''));
  }
  add(labels.fromLayer, ({ layer, implied }) => (implied ? '' : String(layer)), { differsAnyway: isOtherLayer });
  const digestOf = (from: EntryAttributes) => (from.implied ? null : from === now ? digests.now : digests.before) ?? '';
  add(labels.layerDigest, digestOf, { mono: true, isDigest: true });
  const streams = new Set([...entry.streams, ...(old?.streams ?? [])].map(({ name }) => name));
  const sizes = { now: byName(entry.streams), before: byName(old?.streams ?? []) };
  const bytesOf = (from: EntryAttributes, name: string) => (from === entry ? sizes.now : sizes.before).get(name)?.size;
  for (const name of [...streams].sort()) {
    add(words.details.stream(name), (from) => bytesOf(from, name)?.toString() ?? '', { bytes: true });
  }
  const names = new Set([...entry.attributes, ...(old?.attributes ?? [])].map(({ name }) => name));
  const attributeOf = (from: EntryAttributes, name: string) => attributeText((from === entry ? found.now : found.before).get(name));
  for (const name of [...names].sort()) add(nameOf(name), (from) => attributeOf(from, name), { mono: true, name });
  return rows;
}

/** Returns an attribute's readable name: `MSWINDOWS.rawsd` is a security descriptor. The Raw tab shows the names in the tar. */
function nameOf(name: string): string {
  return Object.hasOwn(words.details.attributeNames, name) ? (words.details.attributeNames[name] ?? name) : name;
}

/** Maps each name to the first element with that name. A map is needed because an entry may have tens of thousands of attributes. */
function byName<Named extends { readonly name: string }>(all: readonly Named[]): ReadonlyMap<string, Named> {
  return new Map(all.map((each) => [each.name, each] as const).reverse());
}

type Attribute = EntryAttributes['attributes'][number];

/**
 * Returns the lines that explain an attribute. A line is new if the previous value's explanation doesn't have it. `before` is undefined if
 * the attribute is new, and null if there is nothing to compare with.
 */
function meaningsOf(now: Attribute | undefined, before: Attribute | undefined | null): AttributeRow['meaning'] {
  const known = new Set(before?.meaning);
  return (now?.meaning ?? []).map((text) => ({ text, isNew: before !== null && !known.has(text) }));
}

function owner(name: string | undefined, id: number, nameless: (id: number) => string): string {
  return name === undefined ? nameless(id) : `${name} (${id})`;
}

function attributeText(found: Attribute | undefined): string {
  if (found === undefined) return '';
  return found.encoding === 'hex' ? `0x${found.value}` : found.value;
}

const TYPE_LETTERS: Readonly<Record<string, string>> = { directory: 'd', symlink: 'l', character: 'c', block: 'b', fifo: 'p' };

/** Formats a mode as `ls -l` does: `-rwxr-sr-x`. */
export function modeText(mode: number, type: string): string {
  const letters = (bits: number, special: boolean, mark: string) => {
    const execute = (bits & 1) !== 0;
    const last = special ? (execute ? mark : mark.toUpperCase()) : execute ? 'x' : '-';
    return `${bits & 4 ? 'r' : '-'}${bits & 2 ? 'w' : '-'}${last}`;
  };
  const first = TYPE_LETTERS[type] ?? '-';
  return (
    first +
    letters((mode >> 6) & 7, (mode & 0o4000) !== 0, 's') +
    letters((mode >> 3) & 7, (mode & 0o2000) !== 0, 's') +
    letters(mode & 7, (mode & 0o1000) !== 0, 't')
  );
}

/** Formats `1764036549.123456789` as `2025-11-25 02:09:09.123456789 UTC`, omitting a fraction of zeros. */
export function mtimeText(mtime: string): string {
  const match = /^(-?\d+)(?:\.(\d+))?$/.exec(mtime);
  if (match?.[1] === undefined) return mtime;
  const fraction = trimEnd(match[2] ?? '', '0');
  const whole = Number(match[1]);
  // In negative times the fraction is subtracted.
  const negative = mtime.startsWith('-') && fraction !== '';
  const date = new Date((negative ? whole - 1 : whole) * 1000);
  if (Number.isNaN(date.getTime())) return mtime;
  const shown = negative ? complement(fraction) : fraction;
  const text = date
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, '');
  return `${text}${shown === '' ? '' : `.${shown}`} UTC`;
}

function complement(fraction: string): string {
  const digits = fraction.padEnd(9, '0').slice(0, 9);
  return String(1_000_000_000 - Number(digits))
    .padStart(9, '0')
    .replace(/0+$/, '');
}
