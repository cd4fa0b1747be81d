export * from './layer-table.ts';
