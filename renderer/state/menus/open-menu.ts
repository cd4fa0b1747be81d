/** What a context menu is about. */
export type MenuTarget =
  | { readonly kind: 'path' }
  /** The selection, with everything that can be saved from it. */
  | { readonly kind: 'save' }
  | { readonly kind: 'layer'; readonly layer: number }
  | { readonly kind: 'image'; readonly archiveId: string; readonly image: number }
  /** An image of the shown catalog, in one of its places or, if `place` is null, in any. */
  | { readonly kind: 'catalogImage'; readonly image: number; readonly place: number | null }
  /** All images of the shown catalog that have the same name; `image` is any of them. */
  | { readonly kind: 'catalogName'; readonly image: number }
  /** A layer of the shown catalog. */
  | { readonly kind: 'catalogLayer'; readonly layer: number }
  /** A search result in the shown catalog, by the index of its first hit. */
  | { readonly kind: 'catalogHit'; readonly hit: number };

/** An open context menu. Its position is in px from the window's corner. */
export interface OpenMenu {
  readonly target: MenuTarget;
  readonly x: number;
  readonly y: number;
}
