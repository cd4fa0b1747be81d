/**
 * How people name images: `app:1`, `ghcr.io/x/y@sha256:…`, `docker:app`, `store:ID`.
 *
 * - **reference**: host, name, tag and digest of an image (reference.ts).
 * - **image word**: what a user types as a command's image argument: a reference, alone or after a scheme that names the source
 *   (image-word.ts).
 */
export * from './image-word.ts';
export * from './reference.ts';
