/** Number of rows in a table's first page: few, so that the window shows something quickly. */
export const FIRST_PAGE_ROWS = 2_000;
/** Maximum number of rows in a page. */
export const PAGE_ROWS = 12_500;
/** Maximum number of bytes of names and link targets in a page, unless the first row alone exceeds it. */
export const PAGE_BYTES = 2 * 1024 * 1024;
/** Maximum number of bytes of a file in one reply. */
export const CONTENT_PAGE_BYTES = 262_144;

/** Maximum number of registry changes or keys in one page. */
export const REGISTRY_PAGE = 500;
/** Maximum number of a catalog's images or layers in one page. */
export const CATALOG_PAGE = 1_000;
/** Maximum length of a Dockerfile that a window passes on, in characters. */
export const MAX_DOCKERFILE_LETTERS = 65_536;
