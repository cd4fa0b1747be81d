// Limited reports on the registry for the window, which fetches them in pages.
import type { RegistryChangesPage, RegistryItem, RegistryKeyReport, RegistrySearchReport, RegistryValueChange } from '#contract';
import { inTurns } from '#engine/turns';
import { dataText, type HiveValue, type ValueChange, valueTypeName, viewKeyAt, walkView } from '#format/registry-hive';
import { descriptorInWords, parseSecurityDescriptor, securityDescriptorToSddl } from '#format/security-descriptor';
import { asLayerscopeError, displayText, LayerscopeError, throwIfCancelled } from '#model';
import { compareRegistries, type RegistrySide } from './compare-registries.ts';
import { createHiveSearch } from './hive-search.ts';
import type { ChangeOfHive, HiveOfLayer, ImageRegistry, UnreadableHive } from './image-registry.ts';
import { securityId } from './registry-json.ts';

const MAX_ITEMS = 20_000;
const MAX_VALUES = 500;
/** Maximum length of all items as JSON, in UTF-16 units. */
const MAX_TEXT = 16 * 1024 * 1024;

/** What a report lists: everything, or only the first part if that is too much. */
type Listed = Pick<RegistryChangesPage, 'complete' | 'items'>;

/** Returns everything that layers `from` to `to` changed. */
export async function collectChanges(
  registry: ImageRegistry,
  { from, to, text }: { readonly from: number; readonly to: number; readonly text: string },
  signal: AbortSignal,
): Promise<Listed> {
  const list = new ItemList(text === '');
  const search = text === '' ? null : createHiveSearch(text);
  for (let layer = from; layer <= to; layer++) {
    list.forgetHive();
    for await (const item of registry.changes(layer, { deltasAlone: true })) {
      throwIfCancelled(signal);
      if (list.isFull) return list.listed(false);
      if (item.kind === 'hive') list.addHive(hiveReport(item));
      else if (item.kind === 'unreadable') list.add(unreadableReport(item));
      else {
        const change = search === null ? item.change : search.change(item.change);
        if (change !== null) list.addChange(changeReport({ ...item, change }));
      }
    }
  }
  return list.listed(true);
}

/** Returns everything in which B's registry differs from A's. Hives without a difference are left out. */
export async function collectDifferences(a: RegistrySide, b: RegistrySide, text: string, signal: AbortSignal): Promise<Listed> {
  const list = new ItemList(false);
  const search = text === '' ? null : createHiveSearch(text);
  for await (const item of compareRegistries(a, b, signal)) {
    throwIfCancelled(signal);
    if (list.isFull) return list.listed(false);
    if (item.kind === 'compared') list.addHive(item);
    else if (item.kind === 'unreadable') list.add({ ...unreadableReport(item), side: item.side });
    else {
      const change = search === null ? item.change : search.change(item.change);
      const { layer } = item.change.kind === 'removed' ? a : b;
      if (change !== null) list.addChange(changeReport({ ...item, layer, change }));
    }
  }
  return list.listed(true);
}

class ItemList {
  readonly #listsAllHives: boolean;
  readonly #items: RegistryItem[] = [];
  #length = 0;
  /** The hive of the next changes, if it isn't in the list yet. */
  #hive: RegistryItem | null = null;

  /** `listsAllHives`: whether to list even hives without changes. */
  constructor(listsAllHives: boolean) {
    this.#listsAllHives = listsAllHives;
  }

  get isFull(): boolean {
    return this.#items.length >= MAX_ITEMS || this.#length > MAX_TEXT;
  }

  listed(complete: boolean): Listed {
    return { complete, items: this.#items };
  }

  add(item: RegistryItem): void {
    this.#items.push(item);
    this.#length += JSON.stringify(item).length;
  }

  addHive(hive: RegistryItem): void {
    if (this.#listsAllHives) this.add(hive);
    else this.#hive = hive;
  }

  addChange(change: RegistryItem): void {
    if (this.#hive !== null) this.add(this.#hive);
    this.#hive = null;
    this.add(change);
  }

  forgetHive(): void {
    this.#hive = null;
  }
}

function unreadableReport({ file, error }: UnreadableHive): Extract<RegistryItem, { kind: 'unreadable' }> {
  return { kind: 'unreadable', layer: file.layer, file: file.file, message: error.message };
}

function hiveReport({ file, hive, keys, values, problems }: HiveOfLayer): RegistryItem {
  const { layer, hive: name, role } = file;
  return {
    kind: 'hive',
    layer,
    hive: name,
    file: file.file,
    role,
    keys,
    values,
    problems,
    dirty: hive.dirty,
    recovered: hive.recovered !== null,
  };
}

function changeReport({ layer, hive, hasBase, change }: Omit<ChangeOfHive, 'kind'>): RegistryItem {
  const values = change.kind === 'removed' ? [] : change.values;
  const isModified = change.kind === 'modified';
  return {
    kind: change.kind,
    layer,
    hive,
    path: change.path,
    hasBase,
    hidden: change.kind === 'removed' ? change.hidden : null,
    securityDiffers: isModified && idOf(change.key.security) !== idOf(change.previous.security),
    classDiffers: isModified && change.key.className !== change.previous.className,
    values: values.slice(0, MAX_VALUES).map(valueChangeReport),
    moreValues: Math.max(0, values.length - MAX_VALUES),
  };
}

function idOf(security: Parameters<typeof securityId>[0] | null): string | null {
  return security === null ? null : securityId(security);
}

function valueChangeReport(change: ValueChange): RegistryValueChange {
  const now = change.kind === 'removed' ? null : change.value;
  const before = change.kind === 'added' ? null : change.previous;
  return { kind: change.kind, name: (now ?? before)?.name ?? '', now: now && dataReport(now), before: before && dataReport(before) };
}

function dataReport(value: HiveValue): { readonly type: string; readonly text: string } {
  return { type: valueTypeName(value.type), text: dataText(value) };
}

/** Returns a key as seen at a layer, with one page of its subkeys and its values from `valueStart` on. Throws NOT_FOUND. */
export async function reportKey(
  registry: ImageRegistry,
  at: {
    readonly layer: number;
    readonly hive: string;
    readonly path: string;
    readonly start: number;
    readonly count: number;
    readonly valueStart?: number | undefined;
  },
): Promise<RegistryKeyReport> {
  const { layer, hive, path, start, count, valueStart = 0 } = at;
  const found = viewKeyAt(await registry.view(registry.keyOf(hive), layer), path);
  if (found === null) throw new LayerscopeError('NOT_FOUND', `${displayText(`${hive}\\${path}`)} does not exist at layer ${layer}`);
  const { key, subkeys } = found;
  const parent = found.depth === 0 ? '' : `${found.path}\\`;
  return {
    path: found.path,
    written: String(key.written),
    className: key.className,
    security: key.security === null ? [] : securityLines(key.security.bytes),
    layers: key.layers,
    values: key.values
      .slice(valueStart, valueStart + MAX_VALUES)
      .map((value) => ({ name: value.name, ...dataReport(value), layer: value.layer })),
    moreValues: Math.max(0, key.values.length - valueStart - MAX_VALUES),
    total: subkeys.length,
    subkeys: subkeys.slice(start, start + count).map(({ name, hasSubkeys }) => ({ name, path: parent + name, hasSubkeys })),
  };
}

function securityLines(bytes: Uint8Array): readonly string[] {
  try {
    return [...descriptorInWords(parseSecurityDescriptor(bytes)), securityDescriptorToSddl(bytes)];
  } catch (error) {
    // A malformed descriptor is left undescribed.
    if (asLayerscopeError(error).code === 'INTERNAL' && !(error instanceof RangeError)) throw error;
    return [];
  }
}

/** Maximum number of characters in the paths of a search result: a single path in a hostile hive may have 32,767. */
const MAX_FOUND_CHARACTERS = 4 * 1024 * 1024;

/** Searches all hives as seen at a layer for keys that match a text. */
export async function searchView(
  registry: ImageRegistry,
  { layer, text, limit }: { readonly layer: number; readonly text: string; readonly limit: number },
  signal: AbortSignal,
): Promise<RegistrySearchReport> {
  const search = createHiveSearch(text);
  const matches: { hive: string; path: string; value: string | null }[] = [];
  let characters = 0;
  for (const hive of await registry.hivesAt(layer)) {
    for await (const { path, key } of inTurns(walkView(await registry.view(registry.keyOf(hive), layer)), signal)) {
      const isNamed = path !== '' && search.name(key.name);
      const value = isNamed ? undefined : key.values.find((each) => search.value(each));
      if (!isNamed && value === undefined) continue;
      characters += path.length;
      if (matches.length >= limit || characters > MAX_FOUND_CHARACTERS) return { complete: false, matches };
      matches.push({ hive, path, value: value?.name ?? null });
    }
  }
  return { complete: true, matches };
}
