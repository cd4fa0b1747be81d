// Lays out a chain in a folder as a container sees it. Stacks the layers' tables and creates the entries of the top view, so each visible
// body is written once. `ls` uses the same stack, so its list is exactly what is mounted.
import { type BlobSource, openBodies } from '#archive';
import { buildStack, type Stack, viewAt } from '#changes';
import { type Facts, factsAt, layOut, planTree, type Refusal } from '#disk';
import { FLAG, type LayerTable } from '#format/layer';
import { type RefusedName, refuseName } from '#format/path';
import { type Finding, finding, LayerscopeError, TYPE } from '#model';
import type { MountOptions } from '../driver.ts';
import type { ReadBlob } from './layer-blob.ts';
import type { LayerRecord } from './layer-record.ts';
import type { LayerTables } from './layer-tables.ts';
import { onDisk } from './own-files.ts';

/** Maximum number of omitted entries reported one by one; a final finding gives the number of all others. */
const MOST_NAMED = 1000;

/** The parts of a home needed to read a chain's blobs. */
export interface ChainBlobs {
  readonly tables: LayerTables;
  /** Reads a blob completely and checks its digest. Throws DIGEST_MISMATCH. */
  readWhole(digest: string, signal?: AbortSignal): Promise<BlobSource>;
}

/**
 * Lays out layers, lowest first, in an empty folder that only this process writes to. Throws DIGEST_MISMATCH, BAD_TAR, TRUNCATED, DAMAGED,
 * IO, CANCELLED.
 */
export async function layOutChain(
  root: string,
  layers: readonly LayerRecord[],
  blobs: ChainBlobs,
  { signal, asIs = false, onFinding = () => {} }: MountOptions,
): Promise<void> {
  const read = await onDisk(() => readAll(layers, blobs, signal));
  const stack = buildStack(read.map((layer) => layer?.indexed.table ?? null));
  if (layers.length === 0) return;
  const rows = viewAt(stack, layers.length - 1);
  const plan = planTree(stack, rows, { refuseName: refuseHere, keepEscapes: process.platform !== 'win32' });
  const refusals = new RefusalList(onFinding);
  for (const layer of read) if (layer !== null) for (const found of hiddenEscapes(layer)) onFinding(found);
  for (const refused of plan.refused) refusals.add(refused);
  await onDisk(async () => {
    const laid = await layOut(stack, rows, plan, root, {
      owners: true,
      setIds: asIs,
      attributes: true,
      nodes: asIs ? 'all' : 'pipes',
      takesDamage: false,
      signal,
      bodiesOf: (at) => {
        const layer = read[at];
        if (!layer) throw new LayerscopeError('BLOB_MISSING', `layer ${at} has no blob`);
        return openBodies(layer.blob, layer.indexed, signal);
      },
      onRefused: (refused) => refusals.add(refused),
    });
    await laid.closeFolders(true);
    const facts = rootFacts(stack);
    if (facts !== null) laid.closeRoot(facts);
    refusals.finish();
    for (const found of laid.findings()) onFinding(found);
  });
}

/** Reads each blob once, however often it occurs in the chain. Hashes the complete blob first, so that no changed bytes are used. */
async function readAll(layers: readonly LayerRecord[], blobs: ChainBlobs, signal: AbortSignal | undefined): Promise<(ReadBlob | null)[]> {
  const known = new Map<string, ReadBlob>();
  const read: (ReadBlob | null)[] = [];
  for (const { blob } of layers) {
    const layer = blob === null ? null : (known.get(blob.digest) ?? (await readChecked(blob.digest, blobs, signal)));
    if (blob !== null && layer !== null) known.set(blob.digest, layer);
    read.push(layer);
  }
  return read;
}

/** Verifies a blob's digest and returns its table. Throws DIGEST_MISMATCH, BAD_TAR, TRUNCATED, DAMAGED, IO, CANCELLED. */
export async function readChecked(digest: string, blobs: ChainBlobs, signal: AbortSignal | undefined): Promise<ReadBlob> {
  const { identity } = await blobs.readWhole(digest, signal);
  const read = await blobs.tables.read(digest, signal);
  if (read.blob.identity !== identity) throw new LayerscopeError('IO', `blob ${digest} changed while it was being read`);
  return read;
}

/**
 * Refuses names that are invalid on this system. A mount is for this system only, so on Linux even names that Windows reserves are allowed.
 */
function refuseHere(name: Uint8Array): RefusedName | null {
  if (process.platform === 'win32') return refuseName(name, 'windows');
  if (name.includes(0)) return { code: 'reserved-name', reason: 'contains a NUL' };
  const isPart = name.length > 2 || name.some((byte) => byte !== 0x2e);
  return isPart && name.length > 0 && !name.includes(0x2f) ? null : { code: 'path-escape', reason: 'points outside its folder' };
}

/** Returns mode, owner and time of the root from the highest layer with an entry for the root; null if there is none. */
function rootFacts(stack: Stack): Facts | null {
  for (let layer = stack.layers.length - 1; layer >= 0; layer--) {
    const table = stack.layers[layer];
    for (let member = (table?.memberCount ?? 0) - 1; table && member >= 0; member--) {
      if (isRootEntry(table, member)) return factsAt(stack, { layer, member });
    }
  }
  return null;
}

function isRootEntry({ node, type, flags }: LayerTable, member: number): boolean {
  return node[member] === 0 && type[member] === TYPE.directory && ((flags[member] as number) & (FLAG.whiteout | FLAG.opaque)) === 0;
}

/** Returns findings about entries that are in no view because their paths point outside the root. */
function hiddenEscapes({ indexed: { table, findings } }: ReadBlob): Finding[] {
  const offsets = new Set<number>();
  for (let member = 0; member < table.memberCount; member++) {
    const flags = table.flags[member] as number;
    if ((flags & FLAG.escapes) !== 0 && (flags & FLAG.rawOnly) !== 0) offsets.add((table.headerBlock[member] as number) * 512);
  }
  return findings.filter(({ code, offset }) => code === 'path-escape' && offset !== undefined && offsets.has(offset));
}

/** Reports refusals as findings, up to a readable number. */
class RefusalList {
  readonly #onFinding: (finding: Finding) => void;
  #count = 0;

  constructor(onFinding: (finding: Finding) => void) {
    this.#onFinding = onFinding;
  }

  add({ finding: code, path, message }: Refusal): void {
    if (++this.#count <= MOST_NAMED) this.#onFinding(finding(code, message, { path }));
  }

  finish(): void {
    if (this.#count > MOST_NAMED) this.#onFinding(finding('not-made', `${this.#count - MOST_NAMED} more entries were left out`));
  }
}
