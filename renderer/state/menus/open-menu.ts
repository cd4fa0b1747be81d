/** What a context menu is about. */
export type MenuTarget =
  | { readonly kind: 'path' }
  /** Whatever is selected, to be saved. */
  | { readonly kind: 'save' }
  | { readonly kind: 'layer'; readonly layer: number }
  | { readonly kind: 'image'; readonly archiveId: string; readonly image: number }
  /** An image of the shown catalog, in one of its places or in any. */
  | { readonly kind: 'catalogImage'; readonly image: number; readonly place: number | null }
  /** The images of the shown catalog that have one name, by any of them. */
  | { readonly kind: 'catalogName'; readonly image: number }
  /** A layer of the shown catalog. */
  | { readonly kind: 'catalogLayer'; readonly layer: number }
  /** What a search of the shown catalog found, by the number of its first hit. */
  | { readonly kind: 'catalogHit'; readonly hit: number };

/** An open context menu. Its position is in px from the window's corner. */
export interface OpenMenu {
  readonly target: MenuTarget;
  readonly x: number;
  readonly y: number;
}
