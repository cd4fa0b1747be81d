/**
 * Reads tars as Go's archive/tar does, which Docker and containerd use, and reports defects that Go silently accepts.
 *
 * - **member**: an entry of the tar with its extension headers.
 * - **extension header**: a member that describes the next one: PAX records or a GNU long name.
 * - **stored size**: bytes in the tar; a sparse member's own size includes its holes.
 *
 * Begin with reader.ts, the state machine: callers push bytes and get members, bodies and findings through a TarHandler (types.ts).
 * fields.ts has the byte map of a header block; extensions.ts collects extension headers (pax-records.ts parses PAX records),
 * sparse-reading.ts collects the maps of sparse files (sparse-map.ts).
 */
export { TarReader } from './reader.ts';
export * from './types.ts';
