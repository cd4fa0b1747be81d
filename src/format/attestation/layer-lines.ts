// Finds the lines of the Dockerfile that made a layer.
//
// Each step has a list of layers. A layer's lines are those of every step whose list ends with that layer. The layers of a base image are
// in the list of the step for that image, and have no lines. A step that made the layer may have copied from another stage, or mounted one.
// What it used comes from the steps it depends on that have no layers in this image.
//
// If the exporter rewrote the layers (BuildKit's `rewrite-timestamp`), their digests aren't in the provenance. Then, if exactly one list is
// as long as the image and none is longer, layers are found in that list by their position.
import { LayerscopeError, type Rest } from '#model';
import { type BuildSteps, joinRanges, type LineRange } from './build-steps.ts';
import { parseStages, type Stage, stageAt } from './dockerfile.ts';

/** The lines of a Dockerfile that made a layer. Strings are as stated, not safe to print. */
export interface DockerfileLines {
  readonly file: string;
  /** Lines of the steps that made the layer; sorted and disjoint. */
  readonly lines: readonly LineRange[];
  /** Lines of the steps in other stages that made what the layer's own steps copied or mounted. */
  readonly from: readonly LineRange[];
  /** Name or number of the stage that contains `lines`; null if it is the Dockerfile's only stage. */
  readonly stage: string | null;
  /** What `stage` is based on, according to its FROM; null for lines before the first FROM. */
  readonly stageBase: string | null;
  /** The stages that contain the lines in `from`, without duplicates. */
  readonly fromStages: readonly string[];
  /** What each of `fromStages` is based on. */
  readonly fromStageBases: readonly string[];
  /** How the layer was found in the provenance. */
  readonly by: 'digest' | 'position';
  /** The `lines`, joined by line feeds. */
  readonly text: string;
  /** The lines of `from`, joined in the same way. */
  readonly fromText: string;
}

/** Where a layer comes from. A field is null if the provenance doesn't say. */
export interface LayerOrigin {
  readonly dockerfile: DockerfileLines | null;
  /** The base image that the layer belongs to, as named in the provenance. */
  readonly base: string | null;
}

export const NO_ORIGIN: LayerOrigin = { dockerfile: null, base: null };

/**
 * Limits for one image: the number of steps and line ranges visited, and the total length of the strings returned. Real builds have a few
 * hundred steps.
 */
const MAX_VISITS = 2_000_000;
const MAX_LETTERS = 4_000_000;
const VISITS_A_TURN = 1_000;

/** The origins of an image's layers, determined on demand. */
export class LayerOrigins {
  readonly #build: BuildSteps;
  readonly #digests: readonly (string | null)[];
  readonly #makers: Map<string, Set<string>>;
  readonly #bases: Map<string, string>;
  readonly #steps: ReadonlySet<string>;
  readonly #byPosition: readonly string[] | null;
  readonly #found = new Map<number, LayerOrigin>();
  #stages: readonly Stage[] | null = null;
  #visits = 0;
  #letters = 0;

  /** `digests`: the digests of the image's layers, bottom first; null if unknown. */
  constructor(build: BuildSteps, digests: readonly (string | null)[]) {
    this.#build = build;
    this.#digests = digests;
    this.#makers = new Map();
    this.#bases = new Map();
    for (const { step, digests: list } of build.layerLists) {
      const source = build.steps.get(step)?.source ?? null;
      if (source === null) {
        const last = list.at(-1) as string;
        const makers = this.#makers.get(last) ?? new Set();
        this.#makers.set(last, makers.add(step));
      } else for (const digest of list) if (!this.#bases.has(digest)) this.#bases.set(digest, source);
    }
    this.#steps = new Set(build.layerLists.map(({ step }) => step));
    this.#byPosition = positions(build, digests);
  }

  /**
   * Returns a layer's origin and caches it. Throws TOO_LARGE if the build has far more steps and lines than any real one, and what `rest`
   * throws.
   */
  async of(layer: number, rest: Rest): Promise<LayerOrigin> {
    const known = this.#found.get(layer);
    if (known !== undefined) return known;
    const origin = await this.#find(layer, rest);
    this.#found.set(layer, origin);
    return origin;
  }

  async #find(layer: number, rest: Rest): Promise<LayerOrigin> {
    const digest = this.#digests[layer] ?? null;
    if (digest === null) return NO_ORIGIN;
    if (this.#makers.has(digest) || this.#bases.has(digest)) return this.#origin(digest, 'digest', rest);
    const replaced = this.#byPosition?.[layer];
    return replaced === undefined ? NO_ORIGIN : this.#origin(replaced, 'position', rest);
  }

  async #origin(digest: string, by: DockerfileLines['by'], rest: Rest): Promise<LayerOrigin> {
    const makers = this.#makers.get(digest);
    if (makers === undefined) return { dockerfile: null, base: this.#bases.get(digest) ?? null };
    const lines = await this.#linesOf(makers, rest);
    const { file } = this.#build;
    if (lines.length === 0 || file === null) return NO_ORIGIN;
    const from = await this.#linesOf(await this.#behind(makers, rest), rest);
    this.#stages ??= parseStages(file.lines.join('\n'));
    const stages = this.#stages;
    const stage = stageAt(stages, lines[0]?.[0] ?? 0);
    // Keyed by name, because several ranges of lines may be in the same stage.
    const others = new Map(from.map(([first]) => stageAt(stages, first)).flatMap((each) => (each?.name ? [[each.name, each.base]] : [])));
    const dockerfile: DockerfileLines = {
      file: file.name,
      lines,
      from,
      stage: stage?.name ?? null,
      stageBase: stage?.base ?? null,
      fromStages: [...others.keys()],
      fromStageBases: [...others.values()],
      by,
      text: textOf(file.lines, lines),
      fromText: textOf(file.lines, from),
    };
    this.#countLetters(dockerfile);
    return { dockerfile, base: null };
  }

  async #linesOf(steps: Iterable<string>, rest: Rest): Promise<LineRange[]> {
    const ranges: LineRange[] = [];
    for (const step of steps) {
      for (const range of this.#build.steps.get(step)?.lines ?? []) {
        if (this.#isTurnOver()) await rest();
        ranges.push(range);
      }
    }
    return joinRanges(ranges);
  }

  /**
   * Returns the steps that `makers` depend on, directly or not. Steps that have layers in this image are left out, as are steps that only
   * those depend on.
   */
  async #behind(makers: ReadonlySet<string>, rest: Rest): Promise<ReadonlySet<string>> {
    const seen = new Set<string>();
    const todo = [...makers].flatMap((step) => this.#build.steps.get(step)?.inputs ?? []);
    for (let step = todo.pop(); step !== undefined; step = todo.pop()) {
      if (this.#isTurnOver()) await rest();
      if (seen.has(step) || this.#steps.has(step)) continue;
      seen.add(step);
      for (const input of this.#build.steps.get(step)?.inputs ?? []) todo.push(input);
    }
    return seen;
  }

  /** Counts a visited step or range, and returns whether it is time to rest. Throws TOO_LARGE. */
  #isTurnOver(): boolean {
    if (++this.#visits > MAX_VISITS) throw new LayerscopeError('TOO_LARGE', 'the provenance has too many steps');
    return this.#visits % VISITS_A_TURN === 0;
  }

  #countLetters({ text, fromText, fromStages, fromStageBases }: DockerfileLines): void {
    this.#letters += text.length + fromText.length;
    for (const word of [...fromStages, ...fromStageBases]) this.#letters += word.length;
    if (this.#letters > MAX_LETTERS) throw new LayerscopeError('TOO_LARGE', 'the provenance names too many lines');
  }
}

function textOf(lines: readonly string[], ranges: readonly LineRange[]): string {
  const texts = ranges.flatMap(([first, last]) => lines.slice(first - 1, last));
  return texts.map((line) => line.replace(/\r{1,9}$/, '')).join('\n');
}

/**
 * Returns the only list that is as long as the image; null if there isn't exactly one, if another list is longer, or if a digest of the
 * image is unknown or at a different position in the list.
 */
function positions({ layerLists }: BuildSteps, digests: readonly (string | null)[]): readonly string[] | null {
  let full: readonly string[] | null = null;
  for (const { digests: list } of layerLists) {
    if (list.length > digests.length) return null;
    if (list.length < digests.length) continue;
    const known = full;
    if (known !== null && list.some((digest, index) => digest !== known[index])) return null;
    full = list;
  }
  if (full === null) return null;
  const places = new Map<string, number>();
  for (const [index, digest] of full.entries()) if (!places.has(digest)) places.set(digest, index);
  return digests.every((digest, index) => digest !== null && (places.get(digest) ?? index) === index) ? full : null;
}
