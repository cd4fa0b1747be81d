export { type ConfigDifference, compareConfigs } from './compare-configs.ts';
export * from './docker-manifest.ts';
export * from './image-config.ts';
export * from './json-value.ts';
export * from './legacy-image.ts';
export * from './media-type.ts';
export * from './oci-manifest.ts';
export * from './platform.ts';
