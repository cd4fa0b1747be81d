// For tests only: newer ECMAScript features that the program uses and that Node.js 22, the newest version that runs on Wine 8, lacks.
globalThis.SuppressedError ??= class SuppressedError extends Error {
  constructor(error, suppressed, message) {
    super(message);
    this.name = 'SuppressedError';
    this.error = error;
    this.suppressed = suppressed;
  }
};

globalThis.AsyncDisposableStack ??= class AsyncDisposableStack {
  #steps = [];
  disposed = false;

  use(value) {
    if (value !== null && value !== undefined) {
      const dispose = value[Symbol.asyncDispose] ?? value[Symbol.dispose];
      this.#steps.push(() => dispose.call(value));
    }
    return value;
  }

  defer(step) {
    this.#steps.push(step);
  }

  move() {
    const moved = new AsyncDisposableStack();
    moved.#steps = this.#steps;
    this.#steps = [];
    this.disposed = true;
    return moved;
  }

  async disposeAsync() {
    if (this.disposed) return;
    this.disposed = true;
    let failed = false;
    let failure;
    for (const step of this.#steps.reverse()) {
      try {
        await step();
      } catch (error) {
        failure = failed ? new SuppressedError(error, failure) : error;
        failed = true;
      }
    }
    if (failed) throw failure;
  }

  [Symbol.asyncDispose]() {
    return this.disposeAsync();
  }
};
