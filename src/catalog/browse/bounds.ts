/**
 * Limits on the memory and time that opening a catalog may take (docs/decisions/0017-bounds.md). A catalog may come from anybody, so these
 * are checked before memory is allocated. Catalogs that this program writes stay far below them.
 */

const MIB = 1024 * 1024;

/** Maximum size of a Parquet file's footer, which lists the columns. */
export const MOST_FOOTER_BYTES = 16 * MIB;
/** Maximum number of values in a footer. */
export const MOST_FOOTER_VALUES = 2_000_000;
/** Maximum size of a page's header. */
export const MOST_HEADER_BYTES = 64 * 1024;
/** Maximum number of values in a page's header. */
export const MOST_HEADER_VALUES = 1_000;
/** Maximum depth of nested structs. The structs of the Parquet format nest seven deep. */
export const MOST_NESTING = 20;
export const MOST_COLUMNS = 200;
/** Maximum size of a column of a row group, as stored. */
export const MOST_CHUNK_BYTES = 64 * MIB;
/**
 * Maximum total size of all columns read from a row group, decompressed. As strings they may take twice as much memory, and reading the
 * last column may take as much again.
 */
export const MOST_GROUP_PLAIN_BYTES = 96 * MIB;
export const MOST_GROUP_ROWS = 1_048_576;

/** Maximum number of files in a table's folder. */
export const MOST_TABLE_FILES = 400_000;
/** Maximum number of rows kept from `images`. */
export const MOST_IMAGES = 20_000;
/** Maximum number of rows kept from `history`. */
export const MOST_STEPS = 2_000_000;
/** Maximum number of rows read from one file of these two tables or of `findings`. */
export const MOST_FILE_ROWS = 200_000;
/** Maximum number of characters in all strings kept from a catalog. */
export const MOST_TEXT = 64 * MIB;
/**
 * Maximum number of characters in the rows that a task returns for a file. A file may store a string once and use it in every row, but a
 * message repeats it each time.
 */
export const MOST_FILE_TEXT = 16 * MIB;
/** Maximum number of characters kept of one string, by column. Longer strings are cut. */
export const MOST_SOURCE = 4_096;
export const MOST_COMMAND = 400;
export const MOST_MESSAGE = 1_000;
/** Maximum number of problems that are listed; further ones are only counted. */
export const MOST_PROBLEMS = 1_000;
/** Maximum number of hits in one part of a search. */
export const MOST_PART_HITS = 1_000;
/** Maximum number of steps for searching one row group, which take a few seconds. Searching a million paths takes a tenth of this. */
export const MOST_MATCH_STEPS = 500_000_000;
