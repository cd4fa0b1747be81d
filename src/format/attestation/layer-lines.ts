// From a layer to the lines of the Dockerfile that made it.
//
// A layer's lines are those of every step that has a list of layers that ends with it. A base image's layers are in the list of the step
// that is the base image, and have no lines. Where such a step copied from another stage, or mounted one, the steps that it depends on and
// that have no layers in this image made what it copied.
//
// If the exporter rewrote the layers (BuildKit's `rewrite-timestamp`), their digests aren't those of the provenance. Then, if exactly one
// list is as long as the image and none is longer, layers are found in it by their position.
import { LayerscopeError, type Rest } from '#model';
import { type BuildSteps, joinRanges, type LineRange } from './build-steps.ts';
import { parseStages, type Stage, stageAt } from './dockerfile.ts';

/** Lines of a Dockerfile that made a layer. Texts are as stated, not safe to print. */
export interface DockerfileLines {
  readonly file: string;
  /** Of the steps that made the layer; sorted and disjoint. */
  readonly lines: readonly LineRange[];
  /** Of the steps of other stages that made what those steps copied or mounted. */
  readonly from: readonly LineRange[];
  /** Name or number of the stage that the lines are in; null if there is only one. */
  readonly stage: string | null;
  /** What that stage is built on, as its FROM says; null for lines before the first FROM. */
  readonly stageBase: string | null;
  /** Those that `from` is in, each once. */
  readonly fromStages: readonly string[];
  /** What each of `fromStages` is built on. */
  readonly fromStageBases: readonly string[];
  /** How the layer was found. */
  readonly by: 'digest' | 'position';
  /** The `lines`, joined by line feeds. */
  readonly text: string;
  /** The lines of `from`, joined likewise. */
  readonly fromText: string;
}

/** Where a layer comes from; both are null if the provenance doesn't say. */
export interface LayerOrigin {
  readonly dockerfile: DockerfileLines | null;
  /** The base image that the layer belongs to, as named in the provenance. */
  readonly base: string | null;
}

export const NO_ORIGIN: LayerOrigin = { dockerfile: null, base: null };

/** Limits for one image: steps and ranges of lines examined, and letters in its texts. Real builds have a few hundred steps. */
const MAX_VISITS = 2_000_000;
const MAX_LETTERS = 4_000_000;
const VISITS_A_TURN = 1_000;

/** The origins of an image's layers, found when they are asked for. */
export class LayerOrigins {
  readonly #build: BuildSteps;
  /** The layers' digests as stated in the provenance, or null. */
  readonly #digests: readonly (string | null)[];
  readonly #makers: Map<string, Set<string>>;
  readonly #bases: Map<string, string>;
  readonly #steps: ReadonlySet<string>;
  readonly #byPosition: readonly string[] | null;
  readonly #found = new Map<number, LayerOrigin>();
  #stages: readonly Stage[] | null = null;
  #visits = 0;
  #letters = 0;

  /** `digests`: those of the image's layers, bottom first; null if unknown. */
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
   * Examines what was not asked for before. Throws TOO_LARGE if the build has far more steps and lines than any real one, and what `rest`
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
    // By name, since several lines may be in one stage.
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

  /** The steps that some others depend on, up to those that have layers in this image. */
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

  /** Counts a step or range that is examined. Throws TOO_LARGE. */
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

/** The only list as long as the image, if none is longer and every digest in it that the image has is at its place; otherwise null. */
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
