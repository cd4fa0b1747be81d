// JSON of entries and rows, as printed by the command line and exported by the window. Its fields are a public promise: add, never rename.
import { resolveEntry, type Stack } from '#changes';
import { type LayerTable, linkName } from '#format/layer';
import { entryTypeName, escapePath, formatMode, formatTimestamp, jsonString, NO_ENTRY, NO_LAYER, type RowTable, TYPE } from '#model';

/**
 * Formats an entry's fields as JSON without braces: `"type":…,"size":…,"mode":…,"uid":…,"gid":…,"mtime":…`, then `linkname` for links,
 * `target` for hard links (the type of the linked file, from which the other fields are taken), `devMajor` and `devMinor` for devices.
 */
export interface EntryFields {
  of(layer: number, entry: number): string;
  /** Returns the fields of a row's current entry, or those of the row itself for an implied folder. */
  ofRow(rows: RowTable, row: number): string;
}

const IMPLIED_FOLDER = '"type":"directory","size":0,"mode":"0755","uid":0,"gid":0,"mtime":"0.000000000"';

/** Creates a formatter for the entries of a stack. */
export function createEntryFields(stack: Stack): EntryFields {
  const { layers } = stack;
  const owners: string[][] = layers.map(() => []);
  const ownerOf = (table: LayerTable, layer: number, meta: number): string => {
    const kept = owners[layer]?.[meta];
    if (kept !== undefined) return kept;
    const value = table.metas[meta];
    const text = `"mode":"${formatMode(value?.mode ?? 0)}","uid":${value?.uid ?? 0},"gid":${value?.gid ?? 0}`;
    const ofLayer = owners[layer];
    if (ofLayer !== undefined) ofLayer[meta] = text;
    return text;
  };
  const facts = (table: LayerTable, layer: number, member: number): string => {
    const meta = table.meta[member] as number;
    return `"size":${table.size[member]},${ownerOf(table, layer, meta)},"mtime":"${memberTime(table, member)}"`;
  };
  const devices = (table: LayerTable, member: number): string => {
    const type = table.type[member];
    if (type !== TYPE.character && type !== TYPE.block) return '';
    const { devMajor = 0, devMinor = 0 } = table.metas[table.meta[member] as number] ?? {};
    return `,"devMajor":${devMajor},"devMinor":${devMinor}`;
  };
  const linkField = (table: LayerTable, member: number): string => {
    const link = linkName(table, member);
    return link === null ? '' : `,"linkname":${jsonString(escapePath(link))}`;
  };
  const of = (layer: number, entry: number): string => {
    const table = layer === NO_LAYER || entry === NO_ENTRY ? null : layers[layer];
    if (table === null || table === undefined) return IMPLIED_FOLDER;
    const type = table.type[entry] as number;
    if (type !== TYPE.hardlink) {
      return `"type":"${entryTypeName(type)}",${facts(table, layer, entry)}${linkField(table, entry)}${devices(table, entry)}`;
    }
    const inode = resolveEntry(stack, { layer, member: entry });
    const shown = inode === null ? null : layers[inode.layer];
    if (inode === null || !shown) return `"type":"hardlink",${facts(table, layer, entry)}${linkField(table, entry)}`;
    const target = `,"target":"${entryTypeName(shown.type[inode.member] as number)}"`;
    return `"type":"hardlink",${facts(shown, inode.layer, inode.member)}${linkField(table, entry)}${target}${devices(shown, inode.member)}`;
  };
  return {
    of,
    ofRow(rows, row) {
      if (rows.entry[row] !== NO_ENTRY) return of(rows.layer[row] as number, rows.entry[row] as number);
      const owner = `"mode":"${formatMode(rows.mode[row] as number)}","uid":${rows.uid[row]},"gid":${rows.gid[row]}`;
      return `"type":"directory","size":0,${owner},"mtime":"0.000000000"`;
    },
  };
}

function memberTime(table: LayerTable, member: number): string {
  return formatTimestamp(table.mtimeSeconds[member] as number, table.mtimeNanos[member] ?? 0);
}
