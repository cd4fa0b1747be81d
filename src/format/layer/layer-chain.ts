// layerchain.json, in a Windows layer's folder: the paths of the layers below, nearest parent first, the base last, as a JSON array.
// A base layer has `null`, as Go writes a list that was never made. Docker writes it in one go, without care for a crash, and
// paths are those of the machine it ran on: what is read here may be anything. Source: moby, windowsfilter.
import { decodeUtf8, displayText, encodeUtf8, LayerscopeError } from '#model';
import { goJsonText } from './go-json.ts';

export const LAYER_CHAIN_FILE = 'layerchain.json';

/** More layers than any image has: Docker stops at 127. */
const MAX_LAYERS = 10_000;

type ChainProblemCode = 'absent' | 'malformed' | 'relative' | 'cyclic' | 'missing-parent' | 'disagrees';

export interface ChainProblem {
  readonly code: ChainProblemCode;
  /** One line, the path named. */
  readonly message: string;
}

export interface LayerChain {
  /** As they stand in the file, the nearest first; what could be read of it. */
  readonly parents: readonly string[];
  readonly problem: ChainProblem | null;
}

/** Absolute where it was written: a drive, a share, `\\?\`, or a root with /. */
function isAbsolute(path: string): boolean {
  return /^([A-Za-z]:[\\/]|\\\\[^\\]|\/)/.test(path);
}

/** The last part of a path with \ or /, separators at its end left out: the layer's folder, and so its id. */
export function folderOfPath(path: string): string {
  const trimmed = path.replace(/[\\/]+$/, '');
  return trimmed.slice(Math.max(trimmed.lastIndexOf('\\'), trimmed.lastIndexOf('/')) + 1);
}

/** Reads a layerchain.json; null: the file isn't there. Never throws: what is wrong is told beside what could be read. */
export function parseLayerChain(bytes: Uint8Array | null): LayerChain {
  const broken = (code: ChainProblemCode, message: string, parents: readonly string[] = []): LayerChain => ({
    parents,
    problem: { code, message },
  });
  if (bytes === null) return broken('absent', `${LAYER_CHAIN_FILE} is not there`);
  const text = decodeUtf8(bytes);
  let value: unknown;
  try {
    value = text === null ? undefined : JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (value === undefined) return broken('malformed', `${LAYER_CHAIN_FILE} is no JSON`);
  if (value === null) return { parents: [], problem: null };
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string') || value.length > MAX_LAYERS) {
    return broken('malformed', `${LAYER_CHAIN_FILE} is no list of paths`);
  }
  const parents: string[] = value;
  const relative = parents.find((path) => !isAbsolute(path));
  if (relative !== undefined) return broken('relative', `a parent that is no absolute path: ${displayText(relative)}`, parents);
  return { parents, problem: null };
}

/** A layerchain.json, byte for byte as Go writes it: `null` for a base layer. Throws DAMAGED for paths that aren't absolute. */
export function encodeLayerChain(parents: readonly string[]): Uint8Array<ArrayBuffer> {
  const relative = parents.find((path) => !isAbsolute(path));
  if (relative !== undefined) throw new LayerscopeError('DAMAGED', `a parent that is no absolute path: ${displayText(relative)}`);
  return encodeUtf8(parents.length === 0 ? 'null' : `[${parents.map(goJsonText).join(',')}]`);
}

/**
 * What is wrong with the chain of the layer in `folder`, among layers whose chains `chainOf` knows by folder name (null: no such
 * layer); null where nothing is. Names compare as Windows compares them. A layer must not be below itself, its parents must be
 * there, and its nearest parent must stand on the rest.
 */
export function chainProblem(folder: string, chain: LayerChain, chainOf: (folder: string) => LayerChain | null): ChainProblem | null {
  if (chain.problem !== null) return chain.problem;
  const seen = new Set([folder.toUpperCase()]);
  for (const path of chain.parents) {
    const name = folderOfPath(path).toUpperCase();
    if (seen.has(name)) return { code: 'cyclic', message: `a layer that is below itself: ${displayText(path)}` };
    seen.add(name);
  }
  const missing = chain.parents.find((path) => chainOf(folderOfPath(path)) === null);
  if (missing !== undefined) return { code: 'missing-parent', message: `a parent that is not there: ${displayText(missing)}` };
  const [nearest, ...rest] = chain.parents;
  if (nearest === undefined) return null;
  const below = chainOf(folderOfPath(nearest));
  if (below === null || below.problem !== null) return null;
  const names = (paths: readonly string[]) => paths.map((path) => folderOfPath(path).toUpperCase()).join('\n');
  if (names(below.parents) === names(rest)) return null;
  return { code: 'disagrees', message: `its parent stands on other layers than it says: ${displayText(nearest)}` };
}
