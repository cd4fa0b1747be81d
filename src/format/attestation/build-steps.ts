// What BuildKit's provenance says about a build in mode `max`. `stepN` is a node of the build's graph; its results are `stepN:M`.
//
//   metadata.source.infos[0]              the Dockerfile: filename, data in base64
//   metadata.source.locations.stepN       its lines: locations[].ranges[].{start,end}.line, counted from 1, often one range per line
//   metadata.layers["stepN:0"]            lists of layers, bottom first: the last is what the step made, the others its base
//   llbDefinition[].{id,inputs,op}        the graph: `inputs` are results of other steps; op.Op.source is a base image or a context
//
// Source: BuildKit docs/attestations/slsa-definitions.md, solver/pb/ops.proto.
import { asArray, asObject, asText, asTexts } from '#format/image';
import { decodeBase64 } from './base64.ts';

/** Maximum number of lines read from a Dockerfile. */
export const MAX_DOCKERFILE_LINES = 50_000;
/** Maximum length of the Dockerfile's base64, enough for 1 MiB and line breaks. A longer Dockerfile isn't read. */
const MAX_DATA_LETTERS = 1_500_000;

/** A range of lines in a file, counted from 1, including both ends. */
export type LineRange = readonly [first: number, last: number];

interface BuildStep {
  /** Ids of the steps that this step builds on, copies from or mounts. */
  readonly inputs: readonly string[];
  readonly lines: readonly LineRange[];
  /** Set if the step gets something from outside the build, such as a base image: `docker-image://…`. */
  readonly source: string | null;
}

/** The list of layers that a step results in, bottom first. */
interface LayerList {
  readonly step: string;
  readonly digests: readonly string[];
}

export interface BuildSteps {
  readonly file: { readonly name: string; readonly lines: readonly string[] } | null;
  readonly steps: ReadonlyMap<string, BuildStep>;
  readonly layerLists: readonly LayerList[];
}

const lenient = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Reads the steps from BuildKit's metadata and the build's graph. Null if the metadata lists no layers, as in mode `min`. Fields in any
 * other form are ignored.
 */
export function parseBuildSteps(metadata: unknown, graph: unknown): BuildSteps | null {
  const source = asObject(asObject(metadata)?.source);
  const layerLists = parseLayerLists(asObject(metadata)?.layers);
  if (layerLists.length === 0) return null;
  const file = parseFile(asArray(source?.infos)[0]);
  const steps = new Map<string, BuildStep>();
  const locations = asObject(source?.locations);
  for (const [id, location] of Object.entries(locations ?? {}))
    steps.set(id, { inputs: [], lines: parseRanges(location, file?.lines.length ?? 0), source: null });
  for (const node of asArray(graph)) {
    const id = asText(asObject(node)?.id);
    if (id === null) continue;
    const operation = asObject(asObject(asObject(node)?.op)?.Op);
    steps.set(id, {
      inputs: asTexts(asObject(node)?.inputs).map(stepOf),
      lines: steps.get(id)?.lines ?? [],
      source: operation?.source === undefined ? null : (asText(asObject(operation.source)?.identifier) ?? ''),
    });
  }
  return { file, steps, layerLists };
}

/** `step3` of `step3:0`. */
function stepOf(result: string): string {
  const colon = result.lastIndexOf(':');
  return colon < 0 ? result : result.slice(0, colon);
}

function parseLayerLists(value: unknown): LayerList[] {
  const lists: LayerList[] = [];
  for (const [result, chains] of Object.entries(asObject(value) ?? {})) {
    for (const chain of asArray(chains)) {
      const digests = asArray(chain).map((each) => asText(asObject(each)?.digest) ?? '');
      if (digests.length > 0) lists.push({ step: stepOf(result), digests });
    }
  }
  return lists;
}

function parseFile(info: unknown): BuildSteps['file'] {
  const name = asText(asObject(info)?.filename);
  const data = asText(asObject(info)?.data);
  const bytes = data === null || data.length > MAX_DATA_LETTERS ? null : decodeBase64(data);
  if (name === null || bytes === null) return null;
  return { name, lines: lenient.decode(bytes).split('\n', MAX_DOCKERFILE_LINES) };
}

/** Returns a step's line ranges in the Dockerfile, limited to the `count` lines that were read. */
function parseRanges(value: unknown, count: number): LineRange[] {
  const found: LineRange[] = [];
  for (const location of asArray(asObject(value)?.locations)) {
    // Index 0 is the Dockerfile; other files have other indexes.
    if ((asObject(location)?.sourceIndex ?? 0) !== 0) continue;
    for (const range of asArray(asObject(location)?.ranges)) {
      const first = lineOf(asObject(range)?.start);
      const last = lineOf(asObject(range)?.end) ?? first;
      if (first !== null && last !== null && first <= count) found.push([first, Math.min(Math.max(first, last), count)]);
    }
  }
  return joinRanges(found);
}

function lineOf(position: unknown): number | null {
  const line = asObject(position)?.line;
  return typeof line === 'number' && Number.isSafeInteger(line) && line > 0 ? line : null;
}

/** Sorts ranges and joins those that touch or overlap. */
export function joinRanges(ranges: readonly LineRange[]): LineRange[] {
  const joined: [number, number][] = [];
  for (const [first, last] of [...ranges].sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    const before = joined.at(-1);
    if (before !== undefined && first <= before[1] + 1) before[1] = Math.max(before[1], last);
    else joined.push([first, last]);
  }
  return joined;
}
