export * from './driver.ts';
export type * from './images.ts';
export { openDriver } from './open-driver.ts';
export * from './remote/index.ts';
export * from './windows/elevated/index.ts';
