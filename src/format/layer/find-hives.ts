// Finds the members of an image's layers that may be hives. Names are compared case-insensitively; whether a file with one of these names
// really is a hive depends on its first bytes.
import { decodeUtf8, escapePath, foldWindowsCase, TYPE } from '#model';
import { FLAG, type LayerTable, NO_NODE, nodeName, nodePath } from './layer-table.ts';

/** A hive file in a layer. */
export interface HiveFile {
  readonly layer: number;
  readonly member: number;
  /** Path in the layer, as raw bytes. */
  readonly path: Uint8Array;
  /** Path in the layer, escaped. */
  readonly file: string;
  /** `SYSTEM`, `SOFTWARE`, `SAM`, `SECURITY` or `DEFAULT`; for any other hive, its path, escaped. */
  readonly hive: string;
  /** The hive's case-folded name, the same in all layers that have the hive. */
  readonly key: string;
  readonly role: 'base' | 'delta';
}

/** The system's hives, for which layers have deltas. */
export const SYSTEM_HIVES: readonly string[] = ['SYSTEM', 'SOFTWARE', 'SAM', 'SECURITY', 'DEFAULT'];
/** Lower-case names of base hives that aren't named like their deltas, by the delta's name without `_Delta`. */
const DELTA_NAMES: Readonly<Record<string, string>> = { defaultuser: 'default' };
const CONFIG_FOLDER = 'files/windows/system32/config/';
const DELTA_FOLDER = 'hives/';
const DELTA_SUFFIX = '_delta';
/** Names of other files that are hives in any folder. */
const OTHER_NAMES = new Set([
  'ntuser.dat',
  'ntuser.man',
  'usrclass.dat',
  'settings.dat',
  'amcache.hve',
  'syscache.hve',
  'bcd',
  'bcd-template',
]);
/** Names that mean a hive only in the folders `config` and `regback`; elsewhere they may mean anything. */
const CONFIG_NAMES = new Set(['components', 'drivers', 'elam', 'bbi', 'vsmidk', ...SYSTEM_HIVES.map((name) => name.toLowerCase())]);
const CONFIG_FOLDERS = /\/(config|regback)$/;
const HIVE_EXTENSION = /\.(hve|hiv)$/;

/** Returns the name of a system hive as in {@link SYSTEM_HIVES}, whatever the case of `name`; null if there is no such hive. */
export function systemHive(name: string): string | null {
  const upper = name.toUpperCase();
  return SYSTEM_HIVES.includes(upper) ? upper : null;
}

/** Returns the files in a layer that may be hives, sorted by hive name, a base before its delta. */
export function hiveCandidates(table: LayerTable, layer: number): HiveFile[] {
  const found = new Map<string, HiveFile>();
  for (let member = 0; member < table.memberCount; member++) {
    const node = table.node[member] as number;
    const type = table.type[member] as number;
    if (node === NO_NODE || (type !== TYPE.file && type !== TYPE.hardlink)) continue;
    if (((table.flags[member] as number) & (FLAG.whiteout | FLAG.opaque | FLAG.rawOnly | FLAG.superseded)) !== 0) continue;
    if (!mayBeHiveName(nodeName(table, node))) continue;
    const path = nodePath(table, node);
    const what = whatHive(path);
    if (what !== null) found.set(`${what.role} ${what.key}`, { layer, member, path, file: escapePath(path), ...what });
  }
  return [...found.values()].sort((a, b) => compareTexts(a.hive, b.hive) || compareTexts(a.role, b.role));
}

/** Whether a name, in raw bytes, may be a hive's. This quickly rules out most of a layer's names. */
function mayBeHiveName(name: Uint8Array): boolean {
  if (name.length === 0 || name.length > 64) return false;
  const text = decodeUtf8(name);
  if (text === null) return false;
  const folded = text.toLowerCase();
  return OTHER_NAMES.has(folded) || CONFIG_NAMES.has(folded) || HIVE_EXTENSION.test(folded) || folded.endsWith(DELTA_SUFFIX);
}

function whatHive(path: Uint8Array): Pick<HiveFile, 'hive' | 'key' | 'role'> | null {
  const text = decodeUtf8(path);
  if (text === null) return null;
  const folded = foldWindowsCase(text);
  if (folded.startsWith(CONFIG_FOLDER)) {
    const hive = systemHive(folded.slice(CONFIG_FOLDER.length));
    if (hive !== null) return { hive, key: hive, role: 'base' };
  }
  if (folded.startsWith(DELTA_FOLDER)) {
    if (!folded.endsWith(DELTA_SUFFIX)) return null;
    const name = folded.slice(DELTA_FOLDER.length, -DELTA_SUFFIX.length);
    const hive = systemHive(DELTA_NAMES[name] ?? name);
    return hive === null ? null : { hive, key: hive, role: 'delta' };
  }
  const slash = folded.lastIndexOf('/');
  const name = folded.slice(slash + 1);
  const isHive = OTHER_NAMES.has(name) || HIVE_EXTENSION.test(name);
  if (!isHive && !(CONFIG_NAMES.has(name) && CONFIG_FOLDERS.test(folded.slice(0, Math.max(0, slash))))) return null;
  return { hive: escapePath(path), key: folded, role: 'base' };
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
