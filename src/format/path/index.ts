export * from './file-name.ts';
export * from './glob.ts';
export * from './image-path.ts';
