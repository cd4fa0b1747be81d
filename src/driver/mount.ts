import type { Mount } from './driver.ts';

/** A mounted layer and its reference count. */
interface Mounted {
  count: number;
  readonly path: string;
}

/**
 * Counts mounts by layer: only the first call mounts and only the last release unmounts. Calls for one layer run one after another, calls
 * for different layers in parallel. After a failed unmount the layer is no longer counted as mounted, because no holder is left to release
 * it.
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

  /** Waits for the layer's lock. Disposing releases it. */
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

  /**
   * Mounts a layer, or counts another mount of it. `make` and `undo` run with the layer's lock held. If `make` throws, rethrows the error
   * and doesn't count the mount.
   */
  async mount(key: string, id: string, make: () => Promise<string>, undo: () => Promise<void>): Promise<Mount> {
    using _turn = await this.turn(key);
    let mounted = this.#mounted.get(key);
    if (mounted === undefined) {
      mounted = { count: 0, path: await make() };
      this.#mounted.set(key, mounted);
    }
    mounted.count++;
    let held = true;
    return {
      id,
      path: mounted.path,
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

  /** Forgets a mount regardless of its count. Call this when the driver is disposed. */
  drop(key: string): void {
    this.#mounted.delete(key);
  }
}
