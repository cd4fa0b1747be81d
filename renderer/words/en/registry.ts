import { formatCount } from '../numbers.ts';
import { counted, form, list } from './grammar.ts';

const KEYS = { one: 'key', other: 'keys' };
const CHANGED_KEYS = { one: 'changed key', other: 'changed keys' };
const SUBKEYS = { one: 'subkey', other: 'subkeys' };
const VALUES = { one: 'value', other: 'values' };

/** The registry of a Windows image. */
export const registry = {
  title: 'Registry',
  changedBy: (from: number, to: number) =>
    from === to ? `Registry changes in layer ${to}` : `Registry changes in layers ${from}–${to}, one by one`,
  ofImage: 'Registry of the whole image',
  seenAt: (layer: number) => `Registry at layer ${layer}`,
  reading: 'Reading registry hives…',
  failed: 'Could not read the registry',
  noHives: 'No registry hives here',
  same: 'The registries do not differ',
  sameWhy: 'A and B have the same keys and values. When they were written is not compared.',
  inSides: { a: 'Only A has this hive', b: 'Only B has this hive', both: 'Both sides have this hive' },
  noHivesWhy: 'A layer of a Windows image has a hive for each part of the registry that it changes.',
  leftOut: 'There are more changes than can be listed. The command line lists them all: layerscope hive IMAGE.',
  differencesLeftOut: 'There are more differences than can be listed. The command line lists them all: layerscope diff A B --registry.',
  changedKeys: 'Changed keys',
  key: 'Key',
  changedValues: 'Changed values',
  changedBelow: (values: number, keys: number) => `${counted(values, VALUES)} in ${counted(keys, CHANGED_KEYS)}`,
  keysChanged: (keys: number) => counted(keys, CHANGED_KEYS),
  valuesChanged: (values: number) => counted(values, { one: 'changed value', other: 'changed values' }),
  changedOnlyBelow: (keys: number) => `Not changed itself; ${counted(keys, CHANGED_KEYS)} below`,
  noOwnValues: (values: number, keys: number) =>
    `No values of its own${keys === 0 ? '' : `; ${counted(values, VALUES)} in ${counted(keys, CHANGED_KEYS)} below`}`,
  unreadable: (side: 'a' | 'b' | null, layer: number, file: string, message: string) =>
    `${side === null ? 'Layer' : `${side.toUpperCase()}, layer`} ${layer}: ${file} could not be read: ${message}`,
  hiveFacts: ({
    role,
    keys,
    values,
    problems,
    dirty,
    recovered,
  }: {
    role: 'base' | 'delta';
    keys: number;
    values: number;
    problems: number;
    dirty: boolean;
    recovered: boolean;
  }) =>
    list([
      role === 'base' ? 'whole hive' : 'changes to a hive',
      counted(keys, KEYS),
      counted(values, VALUES),
      recovered ? 'recovered from its logs' : dirty ? 'not completely written, with no log to complete it' : '',
      problems === 0 ? '' : counted(problems, { one: 'problem', other: 'problems' }),
    ]),
  changeLabel: (kind: 'added' | 'modified' | 'removed', path: string, hasBase: boolean) =>
    `${path} ${hasBase || kind === 'removed' ? kind : 'set'}`,
  /** Precedes the notes on a change to the chosen key. */
  changeLine: (kind: 'added' | 'modified' | 'removed', hasBase: boolean, layer: number | null) =>
    `${hasBase || kind === 'removed' ? `${kind[0]?.toUpperCase() ?? ''}${kind.slice(1)}` : 'Set'}${layer === null ? '' : ` in layer ${layer}`}`,
  changeNotes: ({
    hidden,
    isSet,
    securityDiffers,
    classDiffers,
    compares,
  }: {
    hidden: { readonly keys: number; readonly values: number } | null;
    isSet: boolean;
    securityDiffers: boolean;
    classDiffers: boolean;
    compares: boolean;
  }) =>
    list([
      !isSet || (hidden !== null && !compares)
        ? ''
        : compares
          ? 'a side has changes to this hive without the hive itself'
          : 'no layer below has this hive to compare with',
      hidden === null || hidden.keys === 0 ? '' : counted(hidden.keys, SUBKEYS),
      hidden === null || hidden.values === 0 ? '' : counted(hidden.values, VALUES),
      securityDiffers ? 'permissions differ' : '',
      classDiffers ? 'class differs' : '',
    ]),
  change: 'Change',
  name: 'Name',
  type: 'Type',
  data: 'Data',
  layer: 'Layer',
  before: 'before:',
  inA: 'in A:',
  defaultValue: '(default)',
  noName: '(no name)',
  moreValues: (count: number) => `Show ${counted(count, { one: 'more value', other: 'more values' })}`,
  valuesLeftOut: (count: number) =>
    `${counted(count, { one: 'value is', other: 'values are' })} not listed here. Under Filesystem, the key shows all of its values.`,
  tree: 'Registry keys',
  keysWidth: 'Width of the key tree',
  keysHeight: 'Height of the key tree',
  removedIn: (layer: number) => `removed in layer ${layer}; shown as it was before`,
  valuesBefore: 'Values before the removal',
  subkeyBefore: (name: string) => `Subkey ${name}`,
  moreSubkeys: (count: number, where: 'a' | 'below') =>
    `${counted(count, { one: 'more subkey', other: 'more subkeys' })}: see Filesystem ${where === 'a' ? 'of A' : 'at the layer below'}`,
  chooseKey: 'Choose a key to see its values',
  keyLabel: 'Registry key',
  saveReg: 'Save as .reg…',
  keyFacts: ({ layers, subkeys, time }: { layers: readonly number[]; subkeys: number; time: string }) =>
    [
      `created in layer ${layers.at(-1)}`,
      layers.length === 1
        ? ''
        : `changed in ${form(layers.length - 1, { one: 'layer', other: 'layers' })} ${list(layers.slice(0, -1).reverse().map(String))}`,
      subkeys === 0 ? '' : counted(subkeys, SUBKEYS),
      time === '' ? '' : `last written ${time}`,
    ]
      .filter((fact) => fact !== '')
      .join(' · '),
  noValues: 'No values of its own.',
  classIs: (name: string) => `Class: ${name}`,
  permissions: 'Permissions',
  nothingFound: 'No matching key, value name or data',
  foundLabel: 'Matching keys',
  foundKeys: (count: number) => counted(count, CHANGED_KEYS),
  found: (count: number, complete: boolean) =>
    complete ? counted(count, { one: 'match', other: 'matches' }) : `The first ${formatCount(count)} matches`,
};
