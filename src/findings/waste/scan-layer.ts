import { FLAG, type LayerTable, nodeName } from '#format/layer';
import { TYPE, type WasteCode } from '#model';
import { CATALOGUE, isBuildTool } from './catalogue.ts';
import { ANY_NAME, AT_ROOT, NOWHERE, PathTrie } from './path-trie.ts';

/** The catalogue's matches in one layer. */
export interface LayerScan {
  /** By node: the node of the place that contains it, 0 if there is none. Places aren't nested. */
  readonly place: Uint32Array;
  /** By node of a place: 1 + index in {@link PLACE_CODES}; {@link TOOL} for a build tool, which isn't a place. */
  readonly kind: Uint8Array;
  readonly hasPlaces: boolean;
  readonly hasTools: boolean;
}

const PATTERNS = CATALOGUE.flatMap(({ code, isFolderOfTools, paths }) => paths.map((path) => ({ code, isFolderOfTools, path })));
const TRIE = new PathTrie(PATTERNS.map(({ path }) => path));

/** The finding codes of places. */
export const PLACE_CODES: readonly WasteCode[] = CATALOGUE.map(({ code }) => code);
const PYC = PLACE_CODES.indexOf('waste-pyc') + 1;
/** Marks a node in a folder of programs that has the name of a build tool. */
export const TOOL = 255;

/** Finds the catalogue's paths in a layer. Takes 7 bytes per path while it runs. */
export function scanLayer(table: LayerTable): LayerScan {
  const { nodeCount, nodeParent, nodeNames, nodeNameStart, nodeHash } = table;
  const { hashes, mask } = TRIE;
  const place = new Uint32Array(nodeCount);
  const kind = new Uint8Array(nodeCount);
  const states = new Uint16Array(nodeCount);
  let hasPlaces = false;
  let hasTools = false;
  states[0] = AT_ROOT;
  for (let node = 1; node < nodeCount; node++) {
    const parent = nodeParent[node] as number;
    const above = place[parent] as number;
    if (above !== 0) {
      place[node] = above;
      continue;
    }
    const state = states[parent] as number;
    let code = 0;
    if (hashes[(nodeHash[node] as number) & mask] === 1) {
      const next = TRIE.step(state, TRIE.nameOf(table, node));
      states[node] = next;
      code = placeKind(next);
    } else if (state !== NOWHERE) states[node] = TRIE.step(state, ANY_NAME);
    const end = nodeNameStart[node + 1] as number;
    if (code === 0 && nodeNames[end - 1] === 0x63 && endsInPyc(nodeNames, nodeNameStart[node] as number, end)) code = PYC;
    if (code !== 0) {
      place[node] = node;
      kind[node] = code;
      hasPlaces = true;
    } else if (state !== NOWHERE && TRIE.foundIn(state) >= 0 && isBuildTool(nodeName(table, node))) {
      kind[node] = TOOL;
      hasTools = true;
    }
  }
  return { place, kind, hasPlaces, hasTools };
}

/** Returns 1 + the index in {@link PLACE_CODES} of a place in this state; 0 if there is none. */
function placeKind(state: number): number {
  const pattern = PATTERNS[TRIE.foundIn(state)];
  return pattern === undefined || pattern.isFolderOfTools ? 0 : PLACE_CODES.indexOf(pattern.code) + 1;
}

/** Whether a name ends in `.pyc`, with something before it. */
function endsInPyc(names: Uint8Array, start: number, end: number): boolean {
  return end - start > 4 && names[end - 2] === 0x79 && names[end - 3] === 0x70 && names[end - 4] === 0x2e;
}

/**
 * Whether a file at this node belongs to its place: anything below a folder in the catalogue, but not a file at the folder's own path. A
 * `.pyc` file is a place by itself.
 */
export function isInPlace({ place, kind }: LayerScan, node: number): boolean {
  return place[node] !== 0 && (place[node] !== node || kind[node] === PYC);
}

/** Whether a member is a regular file that is part of a view, and so counted in the layer's `fileBytes`. */
export function isStoredFile({ type, flags }: LayerTable, member: number): boolean {
  return type[member] === TYPE.file && ((flags[member] as number) & (FLAG.rawOnly | FLAG.whiteout | FLAG.opaque)) === 0;
}
