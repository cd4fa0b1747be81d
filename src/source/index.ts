/**
 * Opens images by name. Everything that may have images is an `ImageSource`. Start with types.ts; `findSources` returns all sources.
 *
 * - `disk/`: images that engines store on this machine's disk.
 * - `engine-api/`: Docker and Podman through their API: sockets, pipes, TLS, ssh; contexts; containers.
 * - `registry/`: registries: from a reference to a manifest and its blobs, access, mirrors. Start with registry-source.ts.
 * - `http/`: sends requests, and restricts their destinations. Apart from `src/web`, the only code that opens connections.
 */
export { findSources } from './find-sources.ts';
export { type RegistryOptions, RegistrySource } from './registry/registry-source.ts';
export type * from './types.ts';
