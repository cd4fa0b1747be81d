export * from './start-web.ts';
export * from './static-files.ts';
export * from './uploads.ts';
export * from './web-host.ts';
