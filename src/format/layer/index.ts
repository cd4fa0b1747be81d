/**
 * A layer's tar as columns, built from the tar reader's members, and the files that describe Windows layers.
 *
 * - **member**: an entry of the tar; the table has a row for each.
 * - **node**: a path in the layer's tree, with or without its own member.
 * - **whiteout**, **opaque marker**: members that hide paths of the layers below (whiteout.ts).
 * - **raw only**: a member that is listed but isn't part of the view, for example because its path points outside the root.
 *
 * Begin with layer-table.ts, the columns; layer-table-builder.ts fills them and applies the rules for names and whiteouts. layer-chain.ts,
 * tombstones.ts, windows-layer-id.ts and base-image.ts are about Windows layers.
 */
export * from './base-image.ts';
export * from './chain-id.ts';
export * from './content-pieces.ts';
export * from './find-hives.ts';
export { goJsonText } from './go-json.ts';
export { finished, grown, release } from './grown.ts';
export * from './layer-chain.ts';
export { layerFigures } from './layer-figures.ts';
export * from './layer-table.ts';
export { type BuiltLayer, LayerTableBuilder } from './layer-table-builder.ts';
export { ProbeLimit } from './probe-limit.ts';
export { tableBytes } from './table-room.ts';
export * from './tombstones.ts';
export * from './whiteout.ts';
export * from './windows-layer-id.ts';
