/**
 * The JSON documents that describe images: OCI and Docker manifests, indexes, image configs and the files of old docker-archives.
 *
 * - **descriptor**: a pointer to a blob: media type, digest and size, as some tool stated them.
 * - **index**: a list of descriptors of manifests or further indexes. **manifest**: a config and layers.
 * - **artifact**: content stored like an image that isn't an image, such as a Helm chart or a signature (artifact.ts).
 *
 * Parsers accept whatever real tools write and return null or an empty value for what can't be read; problems are for the caller to
 * report. Begin with oci-manifest.ts and docker-manifest.ts, then image-config.ts.
 */
export * from './artifact.ts';
export { type ConfigDifference, compareConfigs } from './compare-configs.ts';
export * from './docker-manifest.ts';
export * from './image-config.ts';
export { repeatedFieldProblem } from './json-fields.ts';
export * from './json-value.ts';
export * from './legacy-image.ts';
export * from './media-type.ts';
export * from './oci-manifest.ts';
export * from './platform.ts';
export * from './platform-match.ts';
