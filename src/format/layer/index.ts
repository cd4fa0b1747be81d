export * from './layer-table.ts';
export { type BuiltLayer, LayerTableBuilder, layerFigures } from './layer-table-builder.ts';
