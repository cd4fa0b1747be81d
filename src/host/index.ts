export * from './grants.ts';
export * from './host.ts';
export type * from './sender.ts';
export type * from './services.ts';
