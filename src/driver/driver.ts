/**
 * # The graph driver
 *
 * A graph driver stores layers on disk and mounts a chain of them as a folder. Its verbs are those of Docker's graph drivers; long work is
 * asynchronous, takes a signal, and is undone if it fails half-way.
 *
 * ## Words
 * - **layer**: what one step changed, stored under an **id**.
 * - **chain**: a layer's parents, the nearest first, the base last. A base layer has none.
 * - **read-write layer**: a layer whose mount can be written to, as a container does.
 * - **diff**: what a layer changed, as a tar. **changes**: the same as a list.
 * - **mount**: the layer on top of its chain, as one folder. Mounts are reference-counted: all mounts of a layer share one folder.
 * - **leftover**: what a removal or a crash left behind, no longer a layer. **broken**: a layer whose chain can't be followed.
 *
 * ## A layer's life
 * ```
 *   create ──► empty ──applyDiff──► ready ◄──────── mount ⇄ release
 *   createReadWrite ──────────────► ready           (reference-counted; a mounted layer can't be removed)
 *                                     │
 *                                     └─remove──► removed   (refused while it is mounted or has children)
 * ```
 * `create` makes an empty layer and `applyDiff` fills it, once, before it has children. A process that dies in between leaves an
 * empty or broken layer or a leftover, which `list` shows and `remove` removes. Mounts are counted within the process: after a crash the
 * layer can be mounted again.
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
 * ## Errors
 * All are LayerscopeErrors. NOT_FOUND: the layer or its parent doesn't exist. EXISTS: the id is taken, or the layer is mounted or has
 * children, which are named. NAME_REFUSED: not a valid id. UNSUPPORTED: this driver or system can't do it. PERMISSION: the user may not.
 * CANCELLED: the signal was aborted. Each driver documents why it refuses a layer's tar. A failed call throws its first error; errors
 * while undoing are ignored.
 */
import type { ImageStore } from './images.ts';
import type { ApplyOptions, CallOptions, MountOptions } from './options.ts';

export type { ApplyOptions, CallOptions, MountOptions } from './options.ts';

/** Bytes of a plain tar, in order. */
export type TarSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

export type DriverName = 'portable' | 'windowsfilter' | 'windowsdiff';

/** `leftover`: not a layer, but what is left of one. */
type LayerState = 'ready' | 'broken' | 'leftover';

export interface LayerInfo {
  readonly id: string;
  /** Null for a base layer, or if the chain can't be read. */
  readonly parent: string | null;
  /** Parents' ids, the nearest first, up to where the chain could be followed. */
  readonly chain: readonly string[];
  readonly state: LayerState;
  /** Why it isn't ready, in one line; null if it is. */
  readonly problem: string | null;
  /** Names of the images that it belongs to; absent if there are none. */
  readonly images?: readonly string[];
  /** Set for a read-write layer. */
  readonly readWrite?: true;
  /** Size of its blob, in a driver that stores blobs. */
  readonly sizeBytes?: number;
}

/** A mounted layer. Disposing releases it; the last release unmounts it. */
export interface Mount extends AsyncDisposable {
  readonly id: string;
  /** The folder, absolute. */
  readonly path: string;
}

/** A layer's blob in a file, packed or plain, or its plain tar. */
export type LayerSource = { readonly file: string } | { readonly tar: TarSource };

type DriverChangeKind = 'added' | 'modified' | 'removed';

/** A change of a layer. The Windows drivers can't distinguish additions from modifications and report `modified` for both. */
export interface DriverChange {
  readonly kind: DriverChangeKind;
  /** As in the layer's tar, without a trailing `/`. */
  readonly path: string;
}

/** The files of a layer, from which its tar can be assembled again: DiffGetter in Docker. Dispose of it. */
export interface LayerFiles extends AsyncDisposable {
  /** Reads a file by its name in the layer's tar. Throws NOT_FOUND; PATH_ESCAPE for names that lead out of the layer. */
  open(name: string): AsyncIterable<Uint8Array>;
}

/** One of Windows' shared base images. */
export interface SharedBaseImage {
  /** The id of its layer once adopted: the first 32 bytes of the SHA-384 of its folder's name, in hex. */
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly path: string;
  readonly sizeBytes: number;
  /** RFC 3339; '' if unknown. */
  readonly created: string;
  /** Whether this store has a layer of it. */
  readonly adopted: boolean;
}

/** Where and how a layer is stored. All but `dir` are of the layer's blob, in a driver that stores blobs. */
export interface LayerMetadata {
  /** The layer's folder, or the store's if layers have no folders. Absolute. */
  readonly dir: string;
  readonly digest?: string;
  /** Of the plain tar, if known. */
  readonly diffId?: string;
  readonly sizeBytes?: number;
  readonly mediaType?: string;
  /** The blob, absolute. */
  readonly file?: string;
}

/** What a driver that stores blobs unchanged can do with them. Errors as the methods of {@link GraphDriver}. */
export interface BlobStore {
  /**
   * Creates a layer and fills it, in one step: a process that is killed leaves the whole layer or none. A blob is stored unchanged, packed
   * or plain; so is a tar. Returns the bytes of its regular files.
   */
  add(id: string, parent: string | null, source: LayerSource, options?: ApplyOptions): Promise<{ readonly sizeBytes: number }>;

  /** Fills an empty layer from a blob in a file, packed or plain. Otherwise as {@link GraphDriver.applyDiff}. */
  apply(id: string, file: string, options?: ApplyOptions): Promise<{ readonly sizeBytes: number }>;

  /** Reads the layer's blob as stored and checks its digest. A read-write layer has none: its plain tar is returned. */
  read(id: string, options?: CallOptions): AsyncIterable<Uint8Array>;

  /** Copies the layer's blob into a new file and checks its digest. Returns null if the layer isn't stored as a blob. */
  write(id: string, file: string, options?: CallOptions): Promise<{ readonly bytes: number } | null>;
}

/** A store of layers. Disposing releases the mounts of this process. Calls on the same layer run one after another, others concurrently. */
export interface GraphDriver extends AsyncDisposable {
  readonly name: DriverName;
  /** The store's folder, absolute. */
  readonly home: string;
  /** Layers as blobs, in a driver that stores them unchanged. */
  readonly blobs?: BlobStore;
  /** Whole images, in a driver that stores them too. */
  readonly images?: ImageStore;

  /** Facts about the driver, for people. */
  status(): Promise<readonly (readonly [label: string, value: string])[]>;

  /** Lists every layer, broken ones too, and every leftover, in the order of their ids. Changes nothing. */
  list(): Promise<readonly LayerInfo[]>;

  /** Whether there is a layer with that id; false for an invalid id. */
  exists(id: string): Promise<boolean>;

  /** Creates an empty read-only layer on `parent`; null: a base layer. Throws EXISTS, NOT_FOUND (the parent), NAME_REFUSED. */
  create(id: string, parent: string | null, options?: CallOptions): Promise<void>;

  /** Creates a read-write layer. Throws what {@link create} does; UNSUPPORTED without a parent if the driver needs one. */
  createReadWrite(id: string, parent: string | null, options?: CallOptions & { readonly sizeBytes?: number }): Promise<void>;

  /**
   * Removes a layer or a leftover. Throws NOT_FOUND; EXISTS while it is mounted or has children, which are named. A crash during a removal
   * leaves a leftover.
   */
  remove(id: string, options?: CallOptions): Promise<void>;

  /** Mounts a layer on top of its chain. The folder stays until every mount of the layer is released. Throws NOT_FOUND. */
  mount(id: string, options?: MountOptions): Promise<Mount>;

  /**
   * Releases mounts of a layer left by processes that have ended, in a driver whose mounts outlive their process. Throws NOT_FOUND if there
   * is no such mount; EXISTS if a running process holds it.
   */
  releaseLeft?(id: string, options?: CallOptions): Promise<void>;

  /** Reads the layer's tar. Throws while being read: NOT_FOUND. Stopping early releases everything. */
  diff(id: string, options?: CallOptions): AsyncIterable<Uint8Array>;

  /** Lists what the layer changed, in the order of its tar. Throws NOT_FOUND. */
  changes(id: string, options?: CallOptions): AsyncIterable<DriverChange>;

  /**
   * Fills an empty layer from a plain tar. Returns the bytes of its regular files. On an error the layer is removed. Throws NOT_FOUND;
   * EXISTS if it has children. Errors in the tar name its entry.
   */
  applyDiff(id: string, tar: TarSource, options?: ApplyOptions): Promise<{ readonly sizeBytes: number }>;

  /** Bytes of the files that the layer changed, hard links once. Throws NOT_FOUND. */
  diffSize(id: string, options?: CallOptions): Promise<number>;

  /** Parents' ids, the nearest first. Throws NOT_FOUND; IO with the reason if the chain is broken. */
  chain(id: string): Promise<readonly string[]>;

  /** Where and how the layer is stored. Throws NOT_FOUND. */
  metadata(id: string): Promise<LayerMetadata>;

  /** Opens the layer's files. Throws NOT_FOUND. */
  files(id: string): Promise<LayerFiles>;

  /** Lists Windows' shared base images; empty on other systems. Creates nothing. */
  baseImages(): Promise<readonly SharedBaseImage[]>;

  /** Creates the layer of a shared base image unless it exists, and returns its id. Throws NOT_FOUND. */
  adoptBaseImage(id: string, options?: CallOptions): Promise<string>;

  /** What {@link cleanup} would remove, in a driver that has more than the leftovers in {@link list}. Changes nothing. */
  leftovers?(): Promise<readonly string[]>;

  /** Removes leftovers and returns their names. One that can't be removed stays in the next {@link list}. */
  cleanup(options?: CallOptions): Promise<readonly string[]>;
}
