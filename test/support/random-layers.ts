import type { MemberFixture } from './layer-fixture.ts';

/** A seeded source of numbers (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Returns a number from 0 to `limit` (exclusive). */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  shuffled<T>(list: readonly T[]): T[] {
    const copy = [...list];
    for (let i = copy.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [copy[i], copy[j]] = [copy[j] as T, copy[i] as T];
    }
    return copy;
  }
}

export interface RandomOptions {
  /** Names to build paths from. Few names cause many clashes. */
  readonly names?: readonly string[];
  readonly maxMembers?: number;
  /** Whether to drop repeated paths in a layer, so that the order of members doesn't matter. */
  readonly unique?: boolean;
}

const TYPES = ['file', 'file', 'file', 'directory', 'directory', 'symlink', 'hardlink', 'hardlink', 'fifo'] as const;

function path(random: Random, names: readonly string[]): string {
  return Array.from({ length: 1 + random.below(3) }, () => random.pick(names)).join('/');
}

/** Makes one layer's members, including unusual ones: files below files, links to anything. */
export function randomLayer(random: Random, options: RandomOptions = {}): MemberFixture[] {
  const { names = ['a', 'b', 'c', 'a-b'], maxMembers = 10, unique = false } = options;
  const members: MemberFixture[] = [];
  const seen = new Set<string>();
  for (let count = random.below(maxMembers + 1); count > 0; count--) {
    const roll = random.below(100);
    if (roll < 15) members.push({ whiteout: path(random, names) });
    else if (roll < 25) members.push({ opaque: random.chance(15) ? '' : path(random, names) });
    else if (roll < 28) members.push({ raw: random.pick(['file', 'global'] as const), size: 7 });
    else if (roll < 30) members.push({ path: '', type: 'directory', mode: 0o755 });
    else {
      const at = path(random, names);
      if (unique && seen.has(at)) continue;
      seen.add(at);
      const type = random.pick(TYPES);
      members.push({
        path: at,
        type,
        mode: random.chance(80) ? 0o755 : 0o700,
        uid: random.chance(90) ? 0 : 5,
        size: random.below(100),
        mtime: random.below(3),
        ...(random.chance(10) ? { attributes: { 'user.x': random.pick(['1', '2']) } } : {}),
        ...(type === 'symlink' || type === 'hardlink' ? { link: random.chance(5) ? '../out' : path(random, names) } : {}),
      });
    }
  }
  return members;
}

export function randomLayers(seed: number, options: RandomOptions = {}): MemberFixture[][] {
  const random = new Random(seed);
  return Array.from({ length: 1 + random.below(5) }, () => randomLayer(random, options));
}
