/**
 * Archives: opens image archives and folders, indexes their layers, and reads and writes their contents.
 *
 * An `Archive` is what a file or folder holds: images, artifacts and findings. An `ArchiveReader` opens archives and reads their layers; it
 * owns the workers, the cache and the spools. A layer's blob is a range in a file, and its index is a table of columns. Start with
 * archive-reader.ts and types.ts; create-reader.ts puts the parts together. source-types.ts declares what image sources supply.
 *
 * - `open/`: from a file or folder to an `Archive`; `members/` finds the files in it.
 * - `blob/`: bytes, digests and compression; `spool/`: decompressed copies.
 * - `indexing/`: from a layer's tar to a table, on workers; `cache/` keeps the tables.
 * - `bodies/`: contents and raw headers of layers.
 * - `write/`: archives and layouts.
 * - `files/`, `control/`: temporary files; cancellation and progress.
 */
export type { ArchiveReader } from './archive-reader.ts';
export { detectCompression } from './blob/compression.ts';
export { type CopiedBlob, copyBlob, readBlob, readBlobPart } from './blob/copy-blob.ts';
export { algorithmOf, chainIds, Digester, digestLike, sha256 } from './blob/digest.ts';
export { zstdDecompressor } from './blob/inflate-stream.ts';
export { compressionOf, plainTarOf, readPlain } from './blob/plain-tar.ts';
export { writeError } from './blob/source-file.ts';
export { unpackPieces } from './blob/unpack-stream.ts';
export { openBodies, readLayer, readWholeLayer } from './bodies/layer-bodies.ts';
export { BodyComparer, LayerBytes } from './bodies/layer-bytes.ts';
export { TableSeal } from './cache/table-seal.ts';
export { createReader } from './create-reader.ts';
export { blobName } from './members/member-store.ts';
export { platformField, rootOfImage } from './open/archive-roots.ts';
export { blobInFile } from './open/open-archive.ts';
export { openLayoutFolder } from './open/open-folder.ts';
export type * from './source-types.ts';
export type * from './types.ts';
export { packChain } from './write/pack-chain.ts';
export { type NewImage, packDockerArchive, packOciArchive, packTar, tarBytes } from './write/write-archive.ts';
export { namedEntries, packImage, writeLayout } from './write/write-image.ts';
