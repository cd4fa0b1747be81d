/**
 * Paths in an image: their components (image-path.ts), glob patterns for them (glob.ts), and which names may be written to disk
 * (file-name.ts). A path in an image is raw bytes, not a string.
 */
export * from './file-name.ts';
export * from './glob.ts';
export * from './image-path.ts';
