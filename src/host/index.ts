export * from './grants.ts';
export * from './host.ts';
export type * from './sender.ts';
