/**
 * # The graph driver
 *
 * A graph driver stores layers on disk and mounts a chain of them as a folder. Its verbs are those of Docker's graph drivers. Long work is
 * asynchronous, can be aborted by a signal, and is undone if it fails halfway.
 *
 * ## Words
 * - **layer**: the changes of one step, stored under an **id**.
 * - **chain**: a layer's parents, nearest first, the base last. A base layer has none.
 * - **read-write layer**: a layer whose mount is writable, as a container's is.
 * - **diff**: a layer's changes as a tar. **changes**: the same as a list.
 * - **mount**: the layer on top of its chain, as one folder. Mounts are reference-counted: all mounts of a layer share one folder.
 * - **leftover**: remains of a removal or a crash, no longer a layer. **broken**: a layer whose chain can't be followed.
 *
 * ## A layer's life
 * ```
 *   create ──► empty ──applyDiff──► ready ◄──────── mount ⇄ release
 *   createReadWrite ──────────────► ready           (reference-counted; a mounted layer can't be removed)
 *                                     │
 *                                     └─remove──► removed   (refused while it is mounted or has children)
 * ``` `create` makes an empty layer and `applyDiff` fills it, once, before it has children. If the process dies in between, an empty or
 * broken layer or a leftover remains, which `list` shows and `remove` removes. A layer that is being filled may be listed as broken. Mounts
 * are counted within the process: after a crash the layer can be mounted again.
 *
 * ## Two layers and a container
 * ```ts
 * await using driver = await openDriver('windowsfilter', home);
 * await driver.create('base', null);
 * await driver.applyDiff('base', baseTar);
 * await driver.create('app', 'base');
 * await driver.applyDiff('app', appTar);
 *
 * await driver.createReadWrite('run', 'app');
 * {
 *   await using mount = await driver.mount('run');
 *   await writeFile(path.join(mount.path, 'hello.txt'), 'hello');
 * }
 * for await (const change of driver.changes('run')) console.log(change.kind, change.path);
 * await driver.remove('run');
 * ```
 *
 * ## Errors All are LayerscopeErrors. NOT_FOUND: the layer or its parent doesn't exist. EXISTS: the id is taken, or the layer is mounted or
 * has children, which the message names. NAME_REFUSED: not a valid id. UNSUPPORTED: this driver or system doesn't support the call.
 * PERMISSION: the user lacks the rights. CANCELLED: the signal was aborted. Each driver documents why it refuses a layer's tar. A failed
 * call throws its first error; errors while undoing are ignored.
 */
import type { ImageStore } from './images.ts';
import type { ApplyOptions, CallOptions, MountOptions } from './options.ts';

export type { ApplyOptions, CallOptions, MountOptions } from './options.ts';

/** Bytes of a plain tar, in order. */
export type TarSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

export type DriverName = 'portable' | 'windowsfilter' | 'windowsdiff';

/** `leftover`: not a layer, only the remains of a former layer. */
type LayerState = 'ready' | 'broken' | 'leftover';

export interface LayerInfo {
  readonly id: string;
  /** Null for a base layer, or if the chain can't be read. */
  readonly parent: string | null;
  /** Ids of the layer's parents, nearest first, as far as the chain could be followed. */
  readonly chain: readonly string[];
  readonly state: LayerState;
  /** Why the layer isn't ready, in one line; null if it is. */
  readonly problem: string | null;
  /** Names of the images that contain the layer; absent if there are none. */
  readonly images?: readonly string[];
  /** Set for a read-write layer. */
  readonly readWrite?: true;
  /** Size of the layer's blob, in a driver that stores blobs. */
  readonly sizeBytes?: number;
}

/** A mounted layer. Disposing releases it; the last release unmounts it. */
export interface Mount extends AsyncDisposable {
  readonly id: string;
  /** The folder, absolute. */
  readonly path: string;
}

/** A layer's blob in a file, compressed or not, or its plain tar. */
export type LayerSource = { readonly file: string } | { readonly tar: TarSource };

type DriverChangeKind = 'added' | 'modified' | 'removed';

/**
 * A layer's change to a path. In a layer with parents, the Windows drivers can't distinguish additions from modifications and report
 * `modified` for both.
 */
export interface DriverChange {
  readonly kind: DriverChangeKind;
  /** Path as in the layer's tar, but without a trailing `/`. */
  readonly path: string;
  /** For a regular file in a portable store's working copy: its size, and its times as a string that changes when they do. */
  readonly file?: { readonly sizeBytes: number; readonly times: string };
}

/** Access to a layer's files, from which its tar can be reassembled; Docker's DiffGetter. The caller disposes of it. */
export interface LayerFiles extends AsyncDisposable {
  /**
   * Reads a file, or an alternate data stream (`FILE:STREAM`), by its name in the layer's tar. Throws NOT_FOUND; PATH_ESCAPE for names that
   * point outside the layer.
   */
  open(name: string): AsyncIterable<Uint8Array>;
}

/** One of Windows' shared base images. */
export interface SharedBaseImage {
  /** The id of the image's layer once adopted: the first 32 bytes of the SHA-384 of its folder's name, in hex. */
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly path: string;
  readonly sizeBytes: number;
  /** RFC 3339; '' if unknown. */
  readonly created: string;
  /** Whether this store has a layer for the base image. */
  readonly adopted: boolean;
}

/** Where and how a layer is stored. All fields but `dir` describe the layer's blob, in a driver that stores blobs. */
export interface LayerMetadata {
  /** The layer's folder, or the store's if layers have no folders. Absolute. */
  readonly dir: string;
  readonly digest?: string;
  /** Digest of the plain tar, if known. */
  readonly diffId?: string;
  readonly sizeBytes?: number;
  readonly mediaType?: string;
  /** Absolute path of the blob. */
  readonly file?: string;
}

/** Operations of a driver that stores blobs unchanged. They throw what the methods of {@link GraphDriver} throw. */
export interface BlobStore {
  /**
   * Creates and fills a layer atomically, even if the process is killed. A blob, compressed or not, is stored unchanged; so is a tar.
   * Returns the total size of the layer's regular files.
   */
  add(id: string, parent: string | null, source: LayerSource, options?: ApplyOptions): Promise<{ readonly sizeBytes: number }>;

  /** Fills an empty layer from a blob in a file, compressed or not. Otherwise like {@link GraphDriver.applyDiff}. */
  apply(id: string, file: string, options?: ApplyOptions): Promise<{ readonly sizeBytes: number }>;

  /** Reads the layer's blob as stored and checks its digest. For a read-write layer, which has no blob, reads its plain tar. */
  read(id: string, options?: CallOptions): AsyncIterable<Uint8Array>;

  /** Copies the layer's blob into a new file and checks its digest. Returns null if the layer isn't stored as a blob. */
  write(id: string, file: string, options?: CallOptions): Promise<{ readonly bytes: number } | null>;
}

/** A store of layers. Disposing releases the mounts of this process. Calls on the same layer run one after another, others concurrently. */
export interface GraphDriver extends AsyncDisposable {
  readonly name: DriverName;
  /** The store's folder, absolute. */
  readonly home: string;
  /** Access to layers as blobs, in a driver that stores blobs unchanged. */
  readonly blobs?: BlobStore;
  /** Access to images, in a driver that stores them. */
  readonly images?: ImageStore;

  /** Returns facts about the driver, for display. */
  status(): Promise<readonly (readonly [label: string, value: string])[]>;

  /** Lists every layer, including broken ones, and every leftover, ordered by id. Changes nothing. */
  list(): Promise<readonly LayerInfo[]>;

  /** Whether a layer with that id exists; false for an invalid id. */
  exists(id: string): Promise<boolean>;

  /**
   * Creates an empty read-only layer on `parent`; null: a base layer. Throws EXISTS, NAME_REFUSED; NOT_FOUND for a missing parent;
   * UNSUPPORTED for an empty parent, in a driver that can't base a layer on one.
   */
  create(id: string, parent: string | null, options?: CallOptions): Promise<void>;

  /**
   * Creates a read-write layer. `sizeBytes`: size of the layer's disk, in a driver whose layers have disks; 127 GiB by default. Throws what
   * {@link create} throws; UNSUPPORTED if there is no parent and the driver needs one.
   */
  createReadWrite(id: string, parent: string | null, options?: CallOptions & { readonly sizeBytes?: number }): Promise<void>;

  /**
   * Removes a layer or a leftover. Throws NOT_FOUND; EXISTS while the layer is mounted or has children, which the message names. A crash
   * during removal leaves a leftover.
   */
  remove(id: string, options?: CallOptions): Promise<void>;

  /**
   * Mounts a layer on top of its chain. The folder stays until every mount of the layer is released. Throws NOT_FOUND; UNSUPPORTED for a
   * read-only layer with parents in a driver that can mount a chain only on top of a disk.
   */
  mount(id: string, options?: MountOptions): Promise<Mount>;

  /**
   * Releases a layer's mounts left by processes that have exited, in a driver whose mounts outlive their process. Throws NOT_FOUND if there
   * is no such mount; EXISTS if a running process holds the mount, as far as the driver knows: Windows' drivers know only about this
   * process.
   */
  releaseLeft?(id: string, options?: CallOptions): Promise<void>;

  /** Returns the ids of layers that were left mounted by processes that have exited; see {@link releaseLeft}. */
  mountsLeft?(): Promise<readonly string[]>;

  /** Reads the layer's tar. NOT_FOUND is thrown only once reading starts. Stopping early releases everything. */
  diff(id: string, options?: CallOptions): AsyncIterable<Uint8Array>;

  /** Lists the layer's changes, in the order of its tar. Throws NOT_FOUND. */
  changes(id: string, options?: CallOptions): AsyncIterable<DriverChange>;

  /**
   * Fills an empty layer from a plain tar. Returns the total size of its regular files. On an error the layer is removed. Throws NOT_FOUND;
   * EXISTS if the layer has children or is already filled, in which case it stays unchanged. Errors in the tar name the entry.
   */
  applyDiff(id: string, tar: TarSource, options?: ApplyOptions): Promise<{ readonly sizeBytes: number }>;

  /** Returns the total size of the files that the layer changed, counting each hard-linked file once. Throws NOT_FOUND. */
  diffSize(id: string, options?: CallOptions): Promise<number>;

  /** Returns the parents' ids, nearest first. Throws NOT_FOUND; IO with the reason if the chain is broken. */
  chain(id: string): Promise<readonly string[]>;

  /** Returns where and how the layer is stored. Throws NOT_FOUND. */
  metadata(id: string): Promise<LayerMetadata>;

  /** Opens the layer's files. Throws NOT_FOUND. */
  files(id: string): Promise<LayerFiles>;

  /** Lists Windows' shared base images; empty on other systems. Creates nothing. */
  baseImages(): Promise<readonly SharedBaseImage[]>;

  /** Creates the layer of a shared base image if it doesn't exist yet, and returns the layer's id. Throws NOT_FOUND. */
  adoptBaseImage(id: string, options?: CallOptions): Promise<string>;

  /** Returns what {@link cleanup} would remove, in a driver where that can be more than the leftovers in {@link list}. Changes nothing. */
  leftovers?(): Promise<readonly string[]>;

  /** Removes leftovers and returns their names. Leftovers that can't be removed remain in {@link list}. */
  cleanup(options?: CallOptions): Promise<readonly string[]>;
}
