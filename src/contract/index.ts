export * from './client.ts';
export * from './commands.ts';
export * from './content-security.ts';
export * from './electron-client.ts';
export * from './operations.ts';
export * from './row-page.ts';
export type * from './store-reports.ts';
export * from './web-client.ts';
export * from './wire-codec.ts';
