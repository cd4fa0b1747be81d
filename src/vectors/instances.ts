/** The part of WebAssembly that is used here. ECMAScript's own types don't include it, and some environments lack it. */
interface WebAssemblyParts {
  validate(code: Uint8Array): boolean;
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

const { WebAssembly } = globalThis as { readonly WebAssembly?: WebAssemblyParts };

/**
 * Returns a function that creates instances of the module that `write` writes, each with its own memory. The function returns null if the
 * engine doesn't support the module's operations, or if there is no memory for another instance. The module is compiled for the first
 * instance. `Exports`: the module's exports.
 */
export function instancesOf<Exports>(write: () => Uint8Array): () => Exports | null {
  let module: object | null | undefined;
  return () => {
    if (WebAssembly === undefined) return null;
    if (module === undefined) {
      const code = write();
      module = WebAssembly.validate(code) ? new WebAssembly.Module(code) : null;
    }
    if (module === null) return null;
    try {
      return new WebAssembly.Instance(module).exports as Exports;
    } catch {
      return null;
    }
  };
}
