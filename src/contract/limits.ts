/** Rows of a table's first page: few, so that the window shows something at once. */
export const FIRST_PAGE_ROWS = 2_000;
/** Most rows in a page. */
export const PAGE_ROWS = 12_500;
/** Most bytes of names and link targets in a page, unless its first row alone has more. */
export const PAGE_BYTES = 2 * 1024 * 1024;
/** Most bytes of a file in one reply. */
export const CONTENT_PAGE_BYTES = 262_144;
