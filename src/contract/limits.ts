/** Rows of a table's first page: few, so that something is on the screen at once. */
export const FIRST_PAGE_ROWS = 2_000;
/** The most rows of a page. */
export const PAGE_ROWS = 12_500;
/** Bytes of names and link targets on one page, unless its first row alone has more. */
export const PAGE_BYTES = 2 * 1024 * 1024;
/** The most bytes of a file in one answer. */
export const CONTENT_PAGE_BYTES = 262_144;
