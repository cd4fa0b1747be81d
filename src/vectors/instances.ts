/** The part of WebAssembly that is used here. ECMAScript's own types have none of it, and some environments neither. */
interface WebAssemblyParts {
  validate(code: Uint8Array): boolean;
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

const { WebAssembly } = globalThis as { readonly WebAssembly?: WebAssemblyParts };

/**
 * Returns a function that makes an instance of the module that `write` writes, with a memory of its own; null if there are no such
 * operations, or no more memory of this kind. The module is compiled when the first instance is made. `Exports`: what it exports.
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
