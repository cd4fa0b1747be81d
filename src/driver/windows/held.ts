/** What must be let go of, the last first: AsyncDisposableStack, which Node has since 24 only. */
export class Held implements AsyncDisposable {
  #parts: (() => Promise<void>)[] = [];

  /** Disposes of it with the rest; returns it. */
  use<T extends AsyncDisposable>(part: T): T {
    this.#parts.push(async () => part[Symbol.asyncDispose]());
    return part;
  }

  defer(undo: () => Promise<void>): void {
    this.#parts.push(undo);
  }

  /** Hands everything over; nothing is held here any more. */
  move(): Held {
    const moved = new Held();
    moved.#parts = this.#parts;
    this.#parts = [];
    return moved;
  }

  /** Goes on where one fails, and throws its error at the end; the first one's where several do. */
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
