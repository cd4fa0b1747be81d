/** Operations on 16 bytes at once, which WebAssembly has and JavaScript lacks. `wasm-code.ts` writes the code; `instances.ts` runs it. */
export { instancesOf } from './instances.ts';
export * from './wasm-code.ts';
