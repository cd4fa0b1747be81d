/**
 * Operations on 16 bytes at once, which JavaScript lacks and WebAssembly has. `wasm-code.ts` writes the code; `instances.ts` makes it run.
 */
export { instancesOf } from './instances.ts';
export * from './wasm-code.ts';
