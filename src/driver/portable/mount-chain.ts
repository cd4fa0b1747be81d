// A chain laid out as a container sees it: its layers' headers are read, stacked, and the top view is laid out, each body that it still
// shows written once. There is no second engine of layers: what `ls` lists is what is mounted.
import { type BlobSource, openBodies } from '#archive';
import { buildStack, type Stack, viewAt } from '#changes';
import { type Facts, factsAt, layOut, planTree, type Refusal } from '#disk';
import { FLAG, type LayerTable } from '#format/layer';
import { type RefusedName, refuseName } from '#format/path';
import { type Finding, finding, LayerscopeError, TYPE } from '#model';
import type { MountOptions } from '../driver.ts';
import { onDisk } from './durable.ts';
import type { ReadBlob } from './layer-blob.ts';
import type { LayerRecord } from './layer-record.ts';
import type { LayerTables } from './layer-tables.ts';

/** Entries that are left out and named; the last says how many more there are. */
const MOST_NAMED = 1000;

/** Where a chain's blobs are; a home is. */
export interface ChainBlobs {
  readonly tables: LayerTables;
  /** Reads all of a blob. DIGEST_MISMATCH. */
  readWhole(digest: string, signal?: AbortSignal): Promise<BlobSource>;
}

/** Layers, the lowest first, laid out in an empty folder that only this process writes. DIGEST_MISMATCH, BAD_TAR, TRUNCATED, DAMAGED, IO, CANCELLED. */
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

/**
 * Each blob once, however often it is in the chain. All of it is hashed before anything is made of it: bytes that were changed on the disk
 * are no layer.
 */
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

/** A blob's headers, once all of it was hashed. DIGEST_MISMATCH, BAD_TAR, TRUNCATED, DAMAGED, IO, CANCELLED. */
export async function readChecked(digest: string, blobs: ChainBlobs, signal: AbortSignal | undefined): Promise<ReadBlob> {
  const { identity } = await blobs.readWhole(digest, signal);
  const read = await blobs.tables.read(digest, signal);
  if (read.blob.identity !== identity) throw new LayerscopeError('IO', `blob ${digest} was changed while it was read`);
  return read;
}

/** A mount is for this machine: every name that it can hold is one, also such as mean something to Windows alone. */
function refuseHere(name: Uint8Array): RefusedName | null {
  if (process.platform === 'win32') return refuseName(name, 'windows');
  if (name.includes(0)) return { code: 'reserved-name', reason: 'has a NUL in it' };
  const isPart = name.length > 2 || name.some((byte) => byte !== 0x2e);
  return isPart && name.length > 0 && !name.includes(0x2f) ? null : { code: 'path-escape', reason: 'leads out of its folder' };
}

/** What the highest layer that has an entry of the root says of it. */
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

/** Entries whose names lead out, which no view has. */
function hiddenEscapes({ indexed: { table, findings } }: ReadBlob): Finding[] {
  const offsets = new Set<number>();
  for (let member = 0; member < table.memberCount; member++) {
    const flags = table.flags[member] as number;
    if ((flags & FLAG.escapes) !== 0 && (flags & FLAG.rawOnly) !== 0) offsets.add((table.headerBlock[member] as number) * 512);
  }
  return findings.filter(({ code, offset }) => code === 'path-escape' && offset !== undefined && offsets.has(offset));
}

/** Refusals as findings, so many that a person may read them. */
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
