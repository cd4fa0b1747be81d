// A catalog's Parquet files, which may come from anyone: each is read or refused with a clean message, and has as many cells in each column
// as it has rows.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { TABLES, type TableName } from '#catalog';
import { removeTree } from '#disk';
import { TableFile } from '../../../src/catalog/browse/table-file.ts';
import { writeParquet } from '../../../src/catalog/parquet/file-writer.ts';
import { groupsOf } from '../../../src/catalog/row-groups.ts';
import { expectRefusal } from '../engine/finding.ts';
import { textTokens } from '../engine/mutate.ts';
import type { Session, Target } from '../engine/target.ts';

const TABLE: TableName = 'entries';
const COLUMNS = TABLES[TABLE].filter(({ type }) => type !== 'bytes').map(({ name }) => name);

function inFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-fuzz-'));
  try {
    return use(folder);
  } finally {
    removeTree(folder);
  }
}

/** Returns a file with `count` entries. */
function seed(count: number): Uint8Array {
  const rows = Array.from({ length: count }, (_, at) => ({
    layer: `sha256:${'ab'.repeat(32)}`,
    path: `usr/lib/file-${at}`,
    kind: at % 3 === 0 ? 'removed' : 'added',
    type: 'file',
    size: BigInt(at),
    mode: 0o644,
    mtime: 1_700_000_000_000_000n,
    link: at % 5 === 0 ? 'there' : null,
  }));
  return inFolder((folder) => {
    const file = path.join(folder, 'seed');
    writeParquet(file, TABLES[TABLE], groupsOf(TABLES[TABLE], rows));
    return new Uint8Array(readFileSync(file));
  });
}

function open(): Session {
  const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-fuzz-'));
  const name = path.join(folder, 'file');
  return {
    run(input) {
      writeFileSync(name, input);
      try {
        using file = TableFile.open(name, TABLE);
        for (let group = 0; group < Math.min(4, file.groups); group++) {
          const cells = file.readGroup(group, COLUMNS);
          for (const column of COLUMNS) assert.equal(cells[column]?.length, cells.rows, `cells of ${column}`);
        }
      } catch (error) {
        expectRefusal(error, ['DAMAGED', 'TRUNCATED', 'UNSUPPORTED', 'TOO_LARGE']);
      }
    },
    async [Symbol.asyncDispose]() {
      removeTree(folder);
    },
  };
}

export const target: Target = {
  name: 'catalog-files',
  seeds: () => [seed(0), seed(3), seed(100)],
  tokens: textTokens('PAR1', '\x15\x04', '\x15\x00', '\x19\x1c', '\x2c', '\xff\xff\xff\xff\x0f', '\x28\xb5\x2f\xfd', '\x00'),
  maxBytes: 32_768,
  open,
};
