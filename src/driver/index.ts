export * from './driver.ts';
export { openDriver } from './open-driver.ts';
