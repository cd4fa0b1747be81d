/**
 * The portable driver: a store of layers and images that is a standard OCI image layout, on any system, without privileges.
 *
 * - **home**: the store's folder. **record**: `layers/<id>.json`, with the parent and blob of a layer.
 * - **foreign home**: a layout that another program created; only files written by this program are ever removed.
 * - **marker**: the file that identifies a home as one of this program's stores.
 * - **snapshot**: the initial content of a read-write layer's folder, to find later changes.
 *
 * Begin with portable-driver.ts, which lists the files of a home. portable-home.ts handles the folder and its writers, layer-records.ts the
 * home's layers, layer-contents.ts their contents, and portable-images.ts the images. writer-lock.ts is the lock, own-files.ts reads and
 * writes the home's files, and own-folders.ts checks for links and other users.
 */
export { PortableDriver } from './portable-driver.ts';
