
export * from './base-image.ts';
export * from './chain-id.ts';
export { goJsonText } from './go-json.ts';
export { finished, growing, grown, release } from './growing.ts';
export * from './layer-chain.ts';
export * from './layer-table.ts';
export { type BuiltLayer, LayerTableBuilder, layerFigures } from './layer-table-builder.ts';
export * from './tombstones.ts';
export * from './whiteout.ts';
export * from './windows-layer-id.ts';
