// What the host reports about stores.

/** A store: a folder in which a driver keeps layers and, if it can, images. */
export interface StoreReport {
  /** Unique in this process. */
  readonly storeId: string;
  readonly driver: 'portable' | 'windowsfilter' | 'windowsdiff';
  /** The store's folder, safe to show. */
  readonly home: string;
  /** Whether this is the program's own store, which is always listed. */
  readonly isOwn: boolean;
  /** Why the store can't be changed; null if changes are possible. */
  readonly readOnlyReason: string | null;
  /** Whether administrator rights are `needed`, or `held` by an elevated process that does the work. */
  readonly elevation: 'none' | 'needed' | 'held';
  readonly images: readonly StoredImageReport[];
  /** All layers, including those of images, and leftovers. */
  readonly layers: readonly StoredLayerReport[];
  /** Total size of the blobs, with shared ones counted once. */
  readonly sizeBytes: number;
  /** Why the store can't be read; null if it is readable. */
  readonly problem: string | null;
  /** Problems found by the last check, safe to show; null before the first check. */
  readonly checked: StoreChecked;
}

/** Problems found by a check; null before the first check. */
export type StoreChecked = readonly { readonly name: string; readonly message: string }[] | null;

/** An image in a store. */
export interface StoredImageReport {
  /** Identifies the image in `store.open` and `store.remove`. */
  readonly name: string;
  /** Safe to show. */
  readonly names: readonly string[];
  readonly platform: string;
  /** Lowest first, with the sizes of their blobs. */
  readonly layers: readonly { readonly id: string; readonly sizeBytes: number }[];
  readonly sizeBytes: number;
  /** What can't be read; null if everything is readable. */
  readonly problem: string | null;
}

/** A layer in a store. */
export interface StoredLayerReport {
  /** Identifies the layer in every operation. */
  readonly id: string;
  /** Null for a base layer, or if the chain can't be read. */
  readonly parent: string | null;
  /** Number of layers below. */
  readonly below: number;
  readonly state: 'ready' | 'mounted' | 'broken' | 'leftover';
  /** Why the layer isn't ready; null if it is. */
  readonly problem: string | null;
  /** Null if the driver keeps no blobs. */
  readonly sizeBytes: number | null;
  readonly isReadWrite: boolean;
  /** Whether an image of the store contains the layer. */
  readonly ofImage: boolean;
  /** Where this program has mounted the layer, safe to show. */
  readonly mountPath: string | null;
}

/** One of Windows' shared base images. */
export interface BaseImageReport {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly path: string;
  readonly sizeBytes: number;
  /** RFC 3339; empty if unknown. */
  readonly created: string;
  /** Whether the store has a layer for the base image. */
  readonly adopted: boolean;
}

/** One requirement of the Windows drivers: whether this system meets it, and why. */
export interface PreflightReport {
  readonly what: string;
  readonly held: boolean;
  readonly why: string;
}

/** A layer's changes, as listed by its driver. Paths are safe to show. */
export interface StoredChanges {
  readonly changes: readonly { readonly kind: 'added' | 'modified' | 'removed'; readonly path: string }[];
  readonly complete: boolean;
  /** Total number of changes, listed or not. */
  readonly total: number;
  /** Bytes of the added and modified files, in a portable store; null in others. */
  readonly sizeBytes: number | null;
  /** A hash of the changes' kinds, paths, sizes and times, which differs if any of these differ. */
  readonly stamp: string;
}

/** What removing something from a store would delete. */
export interface RemovalReport {
  /** `name`: only a name is removed, because the image has others. `copy`: a working copy. */
  readonly kind: 'image' | 'name' | 'layer' | 'copy';
  /** Bytes that nothing else in the store uses, including those of `copies`. */
  readonly freedBytes: number;
  readonly layers: number;
  /** Ids of working copies based on the layer, which are also removed if requested. */
  readonly copies: readonly string[];
  /** Ids of other layers based on the layer, which must be removed first. */
  readonly others: readonly string[];
  /** How many of the layers to be removed are mounted by this program. */
  readonly mounted: number;
}
