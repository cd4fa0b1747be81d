/** An AsyncDisposableStack for runtimes older than Node 24. What was added last is disposed of first. */
export class Held implements AsyncDisposable {
  #parts: (() => Promise<void>)[] = [];

  /** Adds a resource and returns it. */
  use<T extends AsyncDisposable>(part: T): T {
    this.#parts.push(async () => part[Symbol.asyncDispose]());
    return part;
  }

  defer(undo: () => Promise<void>): void {
    this.#parts.push(undo);
  }

  /** Moves everything into a new stack, leaving this one empty. */
  move(): Held {
    const moved = new Held();
    moved.#parts = this.#parts;
    this.#parts = [];
    return moved;
  }

  /** Disposes of everything even if a step fails, then throws the first error. */
  async [Symbol.asyncDispose](): Promise<void> {
    const errors: unknown[] = [];
    for (let undo = this.#parts.pop(); undo !== undefined; undo = this.#parts.pop()) {
      try {
        await undo();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}
