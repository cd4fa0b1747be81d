// layerchain.json, in a Windows layer's folder: the paths of the layers below as a JSON array, nearest parent first, the base last. A base
// layer has `null`, as Go encodes a nil slice. Docker doesn't write the file atomically, and the paths are those of the machine that Docker
// ran on, so any content is possible. Source: moby, windowsfilter.
import { decodeUtf8, displayText, encodeUtf8, foldWindowsCase, LayerscopeError, trimEnd } from '#model';
import { goJsonText } from './go-json.ts';

export const LAYER_CHAIN_FILE = 'layerchain.json';

/** Maximum number of layers in a chain, far more than Docker's 125. */
const MAX_LAYERS = 10_000;

type ChainProblemCode = 'absent' | 'malformed' | 'unfinished' | 'relative' | 'cyclic' | 'missing-parent' | 'disagrees';

export interface ChainProblem {
  readonly code: ChainProblemCode;
  /** One line that names the path. */
  readonly message: string;
}

export interface LayerChain {
  /** The parents' paths, unchanged, nearest first, as far as they could be read. */
  readonly parents: readonly string[];
  readonly problem: ChainProblem | null;
}

/** Whether the path is absolute on Windows or elsewhere: whether it begins with a drive, a share, `\\?\` or `/`. */
function isAbsolute(path: string): boolean {
  return /^([A-Za-z]:[\\/]|\\\\[^\\]|\/)/.test(path);
}

/** Returns the last component of a path that is separated by `\` or `/`: the name of a layer's folder. Ignores trailing separators. */
export function folderOfPath(path: string): string {
  const trimmed = trimEnd(path, '\\/');
  return trimmed.slice(Math.max(trimmed.lastIndexOf('\\'), trimmed.lastIndexOf('/')) + 1);
}

/** Parses a layerchain.json; null means a missing file. Never throws: returns what could be read, and the problem. */
export function parseLayerChain(bytes: Uint8Array | null): LayerChain {
  const broken = (code: ChainProblemCode, message: string, parents: readonly string[] = []): LayerChain => ({
    parents,
    problem: { code, message },
  });
  if (bytes === null) return broken('absent', `${LAYER_CHAIN_FILE} is missing`);
  const text = decodeUtf8(bytes);
  let value: unknown;
  try {
    value = text === null ? undefined : JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (value === undefined) return broken('malformed', `${LAYER_CHAIN_FILE} is not JSON`);
  if (value === null) return { parents: [], problem: null };
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string') || value.length > MAX_LAYERS) {
    return broken('malformed', `${LAYER_CHAIN_FILE} is not a list of paths`);
  }
  const parents: string[] = value;
  const relative = parents.find((path) => !isAbsolute(path));
  if (relative !== undefined) return broken('relative', `a parent that is not an absolute path: ${displayText(relative)}`, parents);
  return { parents, problem: null };
}

/** Encodes a layerchain.json, byte for byte as Go does: `null` for a base layer. Throws DAMAGED for paths that aren't absolute. */
export function encodeLayerChain(parents: readonly string[]): Uint8Array<ArrayBuffer> {
  const relative = parents.find((path) => !isAbsolute(path));
  if (relative !== undefined) throw new LayerscopeError('DAMAGED', `a parent that is not an absolute path: ${displayText(relative)}`);
  return encodeUtf8(parents.length === 0 ? 'null' : `[${parents.map(goJsonText).join(',')}]`);
}

/**
 * Checks the chain of the layer in `folder`: the layer must not be its own ancestor, its parents must exist, and the chain of its nearest
 * parent must equal the rest of its own chain. `chainOf` returns a chain by folder name, or null if there is no such layer. Names are
 * case-insensitive, as on Windows. Returns null for a valid chain.
 */
export function chainProblem(folder: string, chain: LayerChain, chainOf: (folder: string) => LayerChain | null): ChainProblem | null {
  if (chain.problem !== null) return chain.problem;
  const seen = new Set([foldWindowsCase(folder)]);
  for (const path of chain.parents) {
    const name = foldWindowsCase(folderOfPath(path));
    if (seen.has(name)) return { code: 'cyclic', message: `a layer that is below itself: ${displayText(path)}` };
    seen.add(name);
  }
  const missing = chain.parents.find((path) => chainOf(folderOfPath(path)) === null);
  if (missing !== undefined) return { code: 'missing-parent', message: `a parent that does not exist: ${displayText(missing)}` };
  const [nearest, ...rest] = chain.parents;
  if (nearest === undefined) return null;
  const below = chainOf(folderOfPath(nearest));
  if (below === null || below.problem !== null) return null;
  const names = (paths: readonly string[]) => paths.map((path) => foldWindowsCase(folderOfPath(path))).join('\n');
  if (names(below.parents) === names(rest)) return null;
  return { code: 'disagrees', message: `the chain of its parent differs from its own: ${displayText(nearest)}` };
}
