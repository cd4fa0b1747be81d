export * from './file-name.ts';
export * from './image-path.ts';
