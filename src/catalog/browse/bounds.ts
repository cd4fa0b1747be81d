/**
 * What a catalog may take from whoever opens it (docs/decisions/0017-bounds.md). A catalog may come from anybody; these bounds are checked
 * before memory is allocated. What the program writes stays far below them.
 */

const MIB = 1024 * 1024;

/** The part of a Parquet file that lists its columns, and the values in it. */
export const MOST_FOOTER_BYTES = 16 * MIB;
export const MOST_FOOTER_VALUES = 2_000_000;
/** The header before each page. */
export const MOST_HEADER_BYTES = 64 * 1024;
export const MOST_HEADER_VALUES = 1_000;
/** Structs inside structs. Parquet's own nest seven deep. */
export const MOST_NESTING = 20;
export const MOST_COLUMNS = 200;
/** A column of a row group as stored. */
export const MOST_CHUNK_BYTES = 64 * MIB;
/** All columns that are read of a row group together, as decompressed. As text they may take twice as much, and reading the last one as much again. */
export const MOST_GROUP_PLAIN_BYTES = 96 * MIB;
export const MOST_GROUP_ROWS = 1_048_576;

/** Files in the folder of a table. */
export const MOST_TABLE_FILES = 400_000;
/** Rows that are kept of `images`, of `history` and, of a file of either, in one piece. */
export const MOST_IMAGES = 20_000;
export const MOST_STEPS = 2_000_000;
export const MOST_FILE_ROWS = 200_000;
/** Characters of all texts that are kept of a catalog. */
export const MOST_TEXT = 64 * MIB;
/** Characters of the rows of a file that a task gives: a text of a few bytes in a file may be in each row, and a message has it each time. */
export const MOST_FILE_TEXT = 16 * MIB;
/** Characters of one text; the rest is left out. */
export const MOST_SOURCE = 4_096;
export const MOST_COMMAND = 400;
export const MOST_MESSAGE = 1_000;
/** Problems that are listed; the others are counted. */
export const MOST_PROBLEMS = 1_000;
/** Hits of one part of a search. */
export const MOST_PART_HITS = 1_000;
/** Steps of searching a piece of a file: a few seconds. A million paths take a tenth of them. */
export const MOST_MATCH_STEPS = 500_000_000;
