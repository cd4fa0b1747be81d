import type { Mount } from './driver.ts';

/** One mounted layer: how often, and since when. */
interface Mounted {
  count: number;
  /** The first mount; the others wait for it. */
  readonly path: Promise<string>;
}

/**
 * Mounts counted by layer: only the first is made and only the last is undone. Work on one layer goes one after another, work on others
 * beside it. A release that fails leaves the layer unmounted as far as it is counted: nothing could be released twice.
 */
export class MountTable {
  readonly #mounted = new Map<string, Mounted>();
  readonly #turns = new Map<string, Promise<void>>();

  isMounted(key: string): boolean {
    return this.#mounted.has(key);
  }

  get keys(): readonly string[] {
    return [...this.#mounted.keys()];
  }

  /** Waits for its turn on a layer; disposing lets the next one in. */
  async turn(key: string): Promise<Disposable> {
    const before = this.#turns.get(key) ?? Promise.resolve();
    let done: () => void = () => {};
    const mine = new Promise<void>((resolve) => {
      done = resolve;
    });
    const chained = before.then(() => mine);
    this.#turns.set(key, chained);
    await before;
    return {
      [Symbol.dispose]: () => {
        if (this.#turns.get(key) === chained) this.#turns.delete(key);
        done();
      },
    };
  }

  /** `make` and `undo` are called with the layer's turn held. Throws what `make` does: nothing is counted then. */
  async mount(key: string, id: string, make: () => Promise<string>, undo: () => Promise<void>): Promise<Mount> {
    using _turn = await this.turn(key);
    let mounted = this.#mounted.get(key);
    if (mounted === undefined) {
      mounted = { count: 0, path: Promise.resolve(await make()) };
      this.#mounted.set(key, mounted);
    }
    mounted.count++;
    let held = true;
    return {
      id,
      path: await mounted.path,
      [Symbol.asyncDispose]: async () => {
        if (!held) return;
        held = false;
        using _release = await this.turn(key);
        const known = this.#mounted.get(key);
        if (known === undefined || --known.count > 0) return;
        this.#mounted.delete(key);
        await undo();
      },
    };
  }

  /** Forgets a mount whatever its count, for the end of the driver. */
  drop(key: string): void {
    this.#mounted.delete(key);
  }
}
