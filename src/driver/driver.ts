/**
 * # The graph driver
 *
 * A graph driver keeps layers on disk and makes a chain of them visible as a folder. Its verbs are those of Docker's graph drivers;
 * everything that takes long is asynchronous, takes a signal, and is undone where it fails half-way.
 *
 * ## Words
 * - **layer**: a folder of the store with what one step changed. Its **id** is that folder's name.
 * - **chain**: a layer's parents, the nearest first, the base last. A base layer has none.
 * - **read-write layer**: a layer that is written into through its mount, as a container does.
 * - **diff**: the tar of what a layer changed. **changes**: the same as a list.
 * - **mount**: the chain with the layer on top, as one folder. Counted: the second mount of a layer is the first one again.
 * - **leftover**: what a removal or a crash left in the store; no layer. **broken**: a layer whose chain can't be followed.
 *
 * ## A layer's life
 * ```
 *   create ──► empty ──applyDiff──► ready ◄──────── mount ⇄ release
 *   createReadWrite ──────────────► ready           (counted; a mounted layer is not removed)
 *                                     │
 *                                     └─remove──► gone      (refused while it is mounted or has children)
 * ```
 * `create` makes an empty layer and `applyDiff` fills it: once, and before anything stands on it. A process that dies in between
 * leaves a layer that `list` shows as what it is; `remove` takes it away. Mounts are counted in this process only: after a crash
 * nothing is counted as mounted, and mounting again is allowed.
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
 * All are LayerscopeErrors. NOT_FOUND: no such layer, or its parent isn't there. EXISTS: the id is taken, the layer is mounted, or it has
 * children: what stands in the way is named. NAME_REFUSED: no id. UNSUPPORTED: this driver or system can't. PERMISSION: the user may
 * not. CANCELLED: the signal. What a layer's tar may be refused for, the driver says. The first error of a failed call is the one that
 * is told; what fails while it is undone is not.
 */
import type { ImageStore } from './images.ts';
import type { ApplyOptions, CallOptions, MountOptions } from './options.ts';

export type { ApplyOptions, CallOptions, MountOptions } from './options.ts';

/** Bytes of a plain tar, in order. */
export type TarSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

export type DriverName = 'portable' | 'windowsfilter' | 'windowsdiff';

/** `leftover`: no layer, but what is left of one. */
export type LayerState = 'ready' | 'broken' | 'leftover';

export interface LayerInfo {
  readonly id: string;
  /** Null: a base layer, or its chain can't be read. */
  readonly parent: string | null;
  /** Parents' ids, the nearest first; as far as it could be followed. */
  readonly chain: readonly string[];
  readonly state: LayerState;
  /** Why it isn't ready, in one line; null where it is. */
  readonly problem: string | null;
  /** Names of the images that it is a layer of; absent for a layer by itself. */
  readonly images?: readonly string[];
  /** A layer that is written into. */
  readonly readWrite?: true;
  /** Of the blob that it is kept as, where a driver keeps blobs. */
  readonly sizeBytes?: number;
}

/** A chain made visible. Disposing releases it, once; the last release of a layer unmounts it. */
export interface Mount extends AsyncDisposable {
  readonly id: string;
  /** The folder: absolute. */
  readonly path: string;
}

/** A layer's blob as it lies in a file, packed or plain, or its plain tar. */
export type LayerSource = { readonly file: string } | { readonly tar: TarSource };

export type DriverChangeKind = 'added' | 'modified' | 'removed';

/** What a layer changed. A driver that can't tell an addition from a modification says `modified`: Windows' can't. */
export interface DriverChange {
  readonly kind: DriverChangeKind;
  /** With /, as in the layer's tar; without one at the end. */
  readonly path: string;
}

/** The seed's DiffGetter: files of a layer as they lie in it, for putting its tar together again. */
export interface LayerFiles extends AsyncDisposable {
  /** A file's content by its name in the layer's tar. NOT_FOUND; PATH_ESCAPE for names that lead out. */
  open(name: string): AsyncIterable<Uint8Array>;
}

/** One of Windows' shared base images. */
export interface SharedBaseImage {
  /** That {@link GraphDriver.adoptBaseImage} gives its layer: SHA-384 of its folder's name, the first 32 bytes in hex. */
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly path: string;
  readonly sizeBytes: number;
  /** RFC 3339; '' where it isn't known. */
  readonly created: string;
  /** Whether this store has a layer for it. */
  readonly adopted: boolean;
}

/** Where and how a layer is stored; the digest and what follows it only if that is a blob. */
export interface LayerMetadata {
  /** The layer's folder, or the store's if layers have none of their own: absolute. */
  readonly dir: string;
  /** Of the stored blob. */
  readonly digest?: string;
  /** Of the plain tar, if known. */
  readonly diffId?: string;
  /** Size of the stored blob. */
  readonly sizeBytes?: number;
  readonly mediaType?: string;
  /** The stored blob: absolute. */
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

  /** Copies the layer's blob into a new file and checks its digest. Returns null if the layer has no blob: write its {@link GraphDriver.diff}. */
  write(id: string, file: string, options?: CallOptions): Promise<{ readonly bytes: number } | null>;
}

/** A store of layers. Disposing releases what this process has mounted. Calls on one layer wait for each other; others run side by side. */
export interface GraphDriver extends AsyncDisposable {
  readonly name: DriverName;
  /** The store's folder: absolute. */
  readonly home: string;
  /** Layers as blobs, in a driver that stores them unchanged. */
  readonly blobs?: BlobStore;
  /** Whole images, in a driver that stores them too. */
  readonly images?: ImageStore;

  /** What the driver says of itself, in words. */
  status(): Promise<readonly (readonly [label: string, value: string])[]>;

  /** Every layer, whole or not, and every leftover, in the order of their ids. Changes nothing. */
  list(): Promise<readonly LayerInfo[]>;

  /** Whether there is a layer of that id. Never throws for an id that can't be one: false. */
  exists(id: string): Promise<boolean>;

  /** An empty read-only layer on `parent`; null: a base layer. EXISTS, NOT_FOUND (the parent), NAME_REFUSED. Nothing is left of a failure. */
  create(id: string, parent: string | null, options?: CallOptions): Promise<void>;

  /** A layer to be written into through its mount. Errors as {@link create}; UNSUPPORTED without a parent where the driver needs one. */
  createReadWrite(id: string, parent: string | null, options?: CallOptions & { readonly sizeBytes?: number }): Promise<void>;

  /**
   * Takes a layer away, a leftover too. NOT_FOUND; EXISTS while it is mounted here or has children, which are named. What a crash
   * interrupts is a leftover.
   */
  remove(id: string, options?: CallOptions): Promise<void>;

  /** Makes the layer's chain visible. NOT_FOUND. The folder stays while any mount of the layer is held. */
  mount(id: string, options?: MountOptions): Promise<Mount>;

  /**
   * Undoes mounts of a layer that processes left which have ended. NOT_FOUND where none is left; EXISTS where a process that is there holds it.
   * Of drivers whose mounts outlive their process.
   */
  releaseLeft?(id: string, options?: CallOptions): Promise<void>;

  /** The layer's tar. Errors come while it is read; stopping to read lets go of everything. NOT_FOUND. */
  diff(id: string, options?: CallOptions): AsyncIterable<Uint8Array>;

  /** What the layer changed, in the order of its tar. NOT_FOUND. */
  changes(id: string, options?: CallOptions): AsyncIterable<DriverChange>;

  /**
   * Fills an empty layer from a plain tar. Returns the bytes of its regular files. On an error the layer is gone, as a half-filled
   * one is good for nothing. NOT_FOUND; EXISTS where it has children; what is wrong with the tar names its entry.
   */
  applyDiff(id: string, tar: TarSource, options?: ApplyOptions): Promise<{ readonly sizeBytes: number }>;

  /** Bytes of the files that the layer changed, hard links once. NOT_FOUND. */
  diffSize(id: string, options?: CallOptions): Promise<number>;

  /** Parents' ids, the nearest first. NOT_FOUND; IO with the reason where the chain is broken. */
  chain(id: string): Promise<readonly string[]>;

  /** Where and how the layer is stored. NOT_FOUND. */
  metadata(id: string): Promise<LayerMetadata>;

  /** The layer's files. NOT_FOUND. */
  files(id: string): Promise<LayerFiles>;

  /** Windows' shared base images. Makes nothing. Empty where the system has none. */
  baseImages(): Promise<readonly SharedBaseImage[]>;

  /** Makes a layer for a shared base image; its id is returned. NOT_FOUND. An adopted one is left as it is. */
  adoptBaseImage(id: string, options?: CallOptions): Promise<string>;

  /** What {@link cleanup} would take away, where that is more than the leftovers that {@link list} shows. Changes nothing. */
  leftovers?(): Promise<readonly string[]>;

  /** Takes leftovers away; their names are returned. One that can't be stays, and is told by the next {@link list}. */
  cleanup(options?: CallOptions): Promise<readonly string[]>;
}
