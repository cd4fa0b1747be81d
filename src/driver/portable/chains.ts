// Finds the chains of all layers of a home in linear time.
import { formatCount, LayerscopeError } from '#model';
import type { LayerRecord } from './layer-record.ts';

/**
 * Maximum number of layers in a chain; Docker's own limit is 125. There is a limit because a list of layers includes each layer's chain,
 * which takes quadratic space.
 */
export const MAX_CHAIN = 2_000;

interface Link {
  readonly depth: number;
  readonly problem: string | null;
}

type Records = Pick<ReadonlyMap<string, LayerRecord | LayerscopeError>, 'get'>;

/** Finds the chains of layers. Looks up each record only a few times, however many layers are above it. */
export class Chains {
  readonly #records: Records;
  readonly #links = new Map<string, Link>();

  constructor(records: Records) {
    this.#records = records;
  }

  /** Returns what is wrong with the chain of a layer; null if nothing is. */
  problemOf(id: string): string | null {
    return this.#link(id).problem;
  }

  /** Returns a layer's parents, nearest first; none if the chain has a problem. */
  of(id: string): string[] {
    const chain: string[] = [];
    if (this.problemOf(id) !== null) return chain;
    for (let parent = this.#parent(id); parent !== null; parent = this.#parent(parent)) chain.push(parent);
    return chain;
  }

  #parent(id: string): string | null {
    const record = this.#records.get(id);
    return record === undefined || record instanceof LayerscopeError ? null : record.parent;
  }

  #link(id: string): Link {
    const way: string[] = [];
    const isOnWay = new Set<string>();
    let link: Link | undefined;
    for (let at = id; link === undefined; ) {
      link = this.#links.get(at);
      if (link !== undefined) break;
      way.push(at);
      isOnWay.add(at);
      const parent = this.#parent(at);
      if (parent === null) {
        // A base layer.
        link = { depth: -1, problem: null };
        break;
      }
      const below = this.#records.get(parent);
      if (isOnWay.has(parent)) link = { depth: 0, problem: `${parent} is below itself` };
      else if (below === undefined) link = { depth: 0, problem: `its parent ${parent} is missing` };
      else if (below instanceof LayerscopeError) link = { depth: 0, problem: `its parent ${parent} is broken` };
      at = parent;
    }
    for (let at = way.pop(); at !== undefined; at = way.pop()) {
      const depth: number = link.depth + 1;
      link = { depth, problem: link.problem ?? (depth >= MAX_CHAIN ? tooLong(depth + 1) : null) };
      this.#links.set(at, link);
    }
    return link;
  }
}

function tooLong(length: number): string {
  return `its chain has ${formatCount(length)} layers, and a store works with ${formatCount(MAX_CHAIN)} at most`;
}

/** Throws TOO_LARGE for more layers than a chain may have. `what` names the owner of the layers, as in `image app:1`. */
export function refuseLongChain(what: string, length: number): void {
  if (length > MAX_CHAIN)
    throw new LayerscopeError('TOO_LARGE', `${what} has ${formatCount(length)} layers: a store takes ${formatCount(MAX_CHAIN)} at most`);
}
