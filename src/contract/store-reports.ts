// What the window is told of stores, and what it calls their things.

/** A folder in which a driver keeps layers, and images where the driver keeps those. */
export interface StoreReport {
  /** Unlike any other in this process. */
  readonly storeId: string;
  readonly driver: 'portable' | 'windowsfilter' | 'windowsdiff';
  /** Safe to show. */
  readonly home: string;
  /** The program's own, which is always there. */
  readonly isOwn: boolean;
  /** Why it can only be looked at here; null where all can be done. */
  readonly readOnlyReason: string | null;
  /** Whether an administrator's rights are missing, or an elevated process does the work; `none`: neither. */
  readonly elevation: 'none' | 'needed' | 'held';
  readonly images: readonly StoredImageReport[];
  /** Every layer, those of the images included, and what is left of some. */
  readonly layers: readonly StoredLayerReport[];
  /** Of all that is kept as blobs; what images share counts once. */
  readonly sizeBytes: number;
  /** Why it can't be read; null where it can. */
  readonly problem: string | null;
  /** What the last check found, safe to show; null: there was none yet. */
  readonly checked: StoreChecked;
}

export type StoreChecked = readonly { readonly name: string; readonly message: string }[] | null;

export interface StoredImageReport {
  /** What it is called in `store.open` and `store.remove`. */
  readonly name: string;
  /** Safe to show. */
  readonly names: readonly string[];
  readonly platform: string;
  /** The lowest first, with the bytes of its blob. */
  readonly layers: readonly { readonly id: string; readonly sizeBytes: number }[];
  readonly sizeBytes: number;
  /** What of it can't be read; null where all can. */
  readonly problem: string | null;
}

export interface StoredLayerReport {
  /** What it is called in every operation on a layer. */
  readonly id: string;
  /** Null: a base layer, or its chain can't be read. */
  readonly parent: string | null;
  /** How many layers it stands on. */
  readonly below: number;
  readonly state: 'ready' | 'mounted' | 'broken' | 'leftover';
  /** Why it isn't ready; null where it is. */
  readonly problem: string | null;
  /** Null where the driver keeps no blobs. */
  readonly sizeBytes: number | null;
  readonly isReadWrite: boolean;
  /** Whether an image of the store has it. */
  readonly ofImage: boolean;
  /** Where it is mounted by this program, safe to show. */
  readonly mountPath: string | null;
}

/** One of Windows' shared base images. */
export interface BaseImageReport {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly path: string;
  readonly sizeBytes: number;
  /** RFC 3339; '' where it isn't known. */
  readonly created: string;
  /** Whether the store has a layer for it. */
  readonly adopted: boolean;
}

export interface PreflightReport {
  readonly what: string;
  readonly held: boolean;
  readonly why: string;
}

/** What a layer changed, as its driver lists it; paths safe to show. */
export interface StoredChanges {
  readonly changes: readonly { readonly kind: 'added' | 'modified' | 'removed'; readonly path: string }[];
  readonly complete: boolean;
}
