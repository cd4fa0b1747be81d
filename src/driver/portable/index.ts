export { PortableDriver } from './portable-driver.ts';
