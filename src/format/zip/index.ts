export * from './central-directory.ts';
