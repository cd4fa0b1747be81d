/**
 * The portable driver: a store of layers and images that is a standard OCI image layout, on any system, without privileges.
 *
 * - **home**: the store's folder. **record**: `layers/<id>.json`, the parent and blob of a layer.
 * - **foreign home**: a layout that another program created; only what this program put there is ever removed.
 * - **marker**: the file that says that a home is one of this program's stores.
 * - **snapshot**: what a read-write layer's folder held at first, to find later changes.
 *
 * Begin with portable-driver.ts, which lists the files of a home. portable-home.ts is the folder and its writers, writer-lock.ts the
 * lock, durable.ts atomic writes, own-folders.ts the checks against links and other users; portable-images.ts has the images.
 */
export { PortableDriver } from './portable-driver.ts';
