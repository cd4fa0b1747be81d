/**
 * Reads tars the way Go's archive/tar does, since Docker and containerd read with it, and reports what Go silently accepts.
 *
 * - **member**: an entry of the tar with its extension headers.
 * - **extension header**: a member that describes the next one: PAX records or a GNU long name.
 * - **stored size**: bytes in the tar; a sparse member's own size includes its holes.
 *
 * Begin with reader.ts, the state machine: callers push bytes and get members, bodies and findings through a TarHandler (types.ts).
 * fields.ts has the byte map of a header block, pax-records.ts and sparse-map.ts the two extension formats.
 */
export { TarReader } from './reader.ts';
export * from './types.ts';
