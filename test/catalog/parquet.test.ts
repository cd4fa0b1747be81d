// The Parquet writer: DuckDB and the window's reader read back what it writes, value by value.
import assert from 'node:assert/strict';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Row, TABLES, type TableName } from '#catalog';
import { FLAG, hashName, type LayerTable, NO_CHUNKS, NO_NODE } from '#format/layer';
import { ENTRY_TYPES, encodeUtf8, escapePath, TYPE } from '#model';
import { TableFile } from '../../src/catalog/browse/table-file.ts';
import { entryGroups } from '../../src/catalog/entry-chunks.ts';
import type { RowGroup } from '../../src/catalog/parquet/chunks.ts';
import { writeParquet } from '../../src/catalog/parquet/file-writer.ts';
import { groupsOf } from '../../src/catalog/row-groups.ts';
import { duckRows } from '../support/catalog.ts';
import { testFolder } from '../support/workbench.ts';

const LAYER = `sha256:${'ab'.repeat(32)}`;

function numbers(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

interface Shape {
  readonly nodes: number;
  readonly members: number;
  /** Distinct node names, as bytes. */
  readonly names: readonly Uint8Array[];
  readonly metas: number;
  /** A member's time, in seconds and nanoseconds. */
  readonly time: (member: number) => readonly [number, number];
  readonly size: (member: number) => number;
  /** A member's FLAG bits. */
  readonly flags: (member: number) => number;
  /** Whether each folder is inside the one before it. */
  readonly isDeep?: boolean;
}

/** Returns a table like a layer's, filled from a generator of numbers. Only its values matter, not whether a tar could contain them. */
function tableOf({ nodes, members, names, metas, time, size, flags, isDeep = false }: Shape, seed: number): LayerTable {
  const next = numbers(seed);
  const nodeNames = Array.from({ length: nodes }, (_, node) =>
    node === 0 ? new Uint8Array(0) : Buffer.concat([names[next(names.length)] as Uint8Array, Buffer.from(String(node))]),
  );
  const nodeNameStart = new Uint32Array(nodes + 1);
  for (const [node, name] of nodeNames.entries()) nodeNameStart[node + 1] = (nodeNameStart[node] as number) + name.length;
  const of = <T>(make: (member: number) => T): T[] => Array.from({ length: members }, (_, member) => make(member));
  const links = ['../tool', 'caf\xe9', 'back\\slash', ''].map((text) => Buffer.from(text, 'latin1'));
  const linkStart = [0];
  for (const link of links) linkStart.push((linkStart.at(-1) as number) + link.length);
  return {
    memberCount: members,
    node: Uint32Array.from(of((member) => ((flags(member) & FLAG.rawOnly) !== 0 ? NO_NODE : next(nodes)))),
    type: Uint8Array.from(of(() => next(ENTRY_TYPES.length))),
    flags: Uint16Array.from(of(flags)),
    size: Float64Array.from(of(size)),
    mtimeSeconds: Float64Array.from(of((member) => time(member)[0])),
    mtimeNanos: Uint32Array.from(of((member) => time(member)[1])),
    provenance: 'tar',
    headerBlock: new Uint32Array(members),
    headerBlocks: new Uint32Array(members),
    meta: Uint32Array.from(of(() => next(metas))),
    link: Uint32Array.from(of(() => Math.max(0, next(40) - 40 + links.length + 1))),
    bodySums: Uint32Array.from({ length: 2 * members }, () => (next(3) === 0 ? 0 : next(0x1_0000_0000))),
    ...NO_CHUNKS,
    nodeCount: nodes,
    nodeParent: Uint32Array.from({ length: nodes }, (_, node) => (node === 0 ? 0 : isDeep ? node - 1 : next(node))),
    nodeNameStart,
    nodeNames: Buffer.concat(nodeNames),
    nodeHash: Uint32Array.from(nodeNames, (name) => hashName(name, 0, name.length)),
    metas: Array.from({ length: metas }, (_, meta) => ({
      mode: 0o100000 + next(0o10000),
      uid: meta % 3 === 0 ? 0 : next(0x1_0000_0000),
      gid: meta % 5 === 0 ? -1 : 2 ** 40 + meta,
      uname: '',
      gname: '',
      devMajor: 0,
      devMinor: 0,
      attributes: null,
    })),
    linkStart: Uint32Array.from(linkStart),
    linkNames: Buffer.concat(links),
    linkTarget: new Uint32Array(links.length),
  };
}

/** Yields the rows that a table represents. */
function* rowsOf(table: LayerTable): Generator<Record<string, unknown>> {
  const paths = ['' as string];
  const raw = [Buffer.alloc(0)];
  for (let node = 1; node < table.nodeCount; node++) {
    const parent = table.nodeParent[node] as number;
    const name = Buffer.from(table.nodeNames.subarray(table.nodeNameStart[node], table.nodeNameStart[node + 1]));
    paths.push(parent === 0 ? escapePath(name) : `${paths[parent]}/${escapePath(name)}`);
    raw.push(parent === 0 ? name : Buffer.concat([raw[parent] as Buffer, Buffer.from('/'), name]));
  }
  for (let member = 0; member < table.memberCount; member++) {
    const flags = table.flags[member] as number;
    if ((flags & (FLAG.rawOnly | FLAG.superseded)) !== 0) continue;
    const node = table.node[member] as number;
    const kind = (flags & FLAG.whiteout) !== 0 ? 'whiteout' : (flags & FLAG.opaque) !== 0 ? 'opaque' : 'entry';
    const isEntry = kind === 'entry';
    const meta = table.metas[table.meta[member] as number];
    const link = table.link[member] as number;
    const [low, high] = [table.bodySums[2 * member] as number, table.bodySums[2 * member + 1] as number];
    const hasSum = isEntry && table.type[member] === TYPE.file && (low !== 0 || high !== 0);
    const micros = BigInt(table.mtimeSeconds[member] as number) * 1_000_000n + BigInt(table.mtimeNanos[member] as number) / 1000n;
    yield {
      layer: LAYER,
      path: paths[node],
      pathBytes: paths[node]?.includes('\\') ? raw[node]?.toString('latin1') : null,
      kind,
      type: isEntry ? ENTRY_TYPES[table.type[member] as number] : null,
      size: isEntry ? String(table.size[member]) : null,
      mode: isEntry ? (meta?.mode ?? 0) & 0o7777 : null,
      uid: isEntry ? meta?.uid : null,
      gid: isEntry ? meta?.gid : null,
      us: isEntry ? String(micros) : null,
      link: isEntry && link > 0 ? escapePath(table.linkNames.subarray(table.linkStart[link - 1], table.linkStart[link])) : null,
      content: hasSum ? high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0') : null,
    };
  }
}

const PLAIN_NAMES = ['usr', 'lib', 'a-much-longer-name-', '.'].map(encodeUtf8);
const ODD_NAMES = [...PLAIN_NAMES, encodeUtf8('Größe'), Buffer.from('caf\xe9', 'latin1'), encodeUtf8('back\\slash')];

const SHAPES: Readonly<Record<string, Shape>> = {
  'a few rows': {
    nodes: 9,
    members: 7,
    names: PLAIN_NAMES,
    metas: 1,
    time: () => [1_700_000_000, 0],
    size: () => 0,
    flags: () => 0,
  },
  'names with characters to escape, whiteouts, and omitted members': {
    nodes: 700,
    members: 3000,
    names: ODD_NAMES,
    metas: 70,
    time: (member) => [1_700_000_000 + (member % 11), (member % 7) * 123_456_789],
    size: (member) => 2 ** (member % 53),
    flags: (member) => [0, 0, 0, FLAG.whiteout, FLAG.opaque, FLAG.superseded, FLAG.rawOnly][member % 7] as number,
  },
  'whiteouts alone': {
    nodes: 40,
    members: 30,
    names: ODD_NAMES,
    metas: 2,
    time: () => [0, 0],
    size: () => 0,
    flags: () => FLAG.whiteout,
  },
  'different times and sizes, including times before 1970': {
    nodes: 300,
    members: 2500,
    names: PLAIN_NAMES,
    metas: 2500,
    time: (member) => [member * 7919 - 9_000_000, 999_999_999],
    size: (member) => member * 4099,
    flags: () => 0,
  },
  'times that a number can’t hold to the microsecond': {
    nodes: 30,
    members: 100,
    names: PLAIN_NAMES,
    metas: 3,
    time: (member) => [9_000_000_001 + member * 1_000_003, 1000],
    size: () => 1,
    flags: () => 0,
  },
  'more rows than fit in a group': {
    nodes: 500,
    members: 140_000,
    names: ODD_NAMES,
    metas: 300,
    time: (member) => [1_600_000_000 + (member % 1000), 0],
    size: (member) => member % 3000,
    flags: (member) => (member % 1000 === 0 ? FLAG.whiteout : 0),
  },
  'more bytes of paths than fit in a group': {
    nodes: 600,
    members: 12_000,
    names: PLAIN_NAMES,
    metas: 3,
    time: () => [0, 0],
    size: () => 0,
    flags: () => 0,
    isDeep: true,
  },
};
const MOST_BOUND_BYTES = 1024;

function written(t: TestContext, table: TableName, groups: Iterable<RowGroup>): { readonly folder: string; readonly file: string } {
  const folder = testFolder(t);
  const file = path.join(folder, 'of-test.parquet');
  writeParquet(file, TABLES[table], groups);
  return { folder, file };
}

for (const [what, shape] of Object.entries(SHAPES)) {
  test(`a layer’s table is read back as it was: ${what}`, async (t) => {
    const table = tableOf(shape, what.length);
    const expected = [...rowsOf(table)];
    const counts = { rows: 0, files: 0 };
    const { folder, file } = written(t, 'entries', entryGroups(LAYER, table, counts));
    assert.equal(counts.rows, expected.length);
    assert.equal(counts.files, expected.filter(({ type }) => type === 'file').length);
    const columns =
      'layer, path, pathBytes, kind, type, size::VARCHAR AS size, mode, uid, gid, epoch_us(mtime)::VARCHAR AS us, link, content';
    const rows = await duckRows(folder, `SELECT ${columns} FROM read_parquet('DIR/of-test.parquet') ORDER BY file_row_number`);
    assert.equal(rows.length, expected.length);
    for (const [index, row] of rows.entries()) assert.deepEqual(row, expected[index], `row ${index}`);
    const bounds = await duckRows(
      folder,
      `SELECT stats_min_value AS min, stats_max_value AS max, row_group_num_rows AS rows FROM parquet_metadata('DIR/of-test.parquet')
       WHERE path_in_schema = 'path' ORDER BY row_group_id`,
    );
    if (/than fit in a group/.test(what)) assert.ok(bounds.length > 1);
    let from = 0;
    for (const { min, max, rows: count } of bounds) {
      const paths = expected.slice(from, from + Number(count)).map((row) => Buffer.from(String(row.path)));
      paths.sort(Buffer.compare);
      const isShort = [paths[0], paths.at(-1)].every((each) => each !== undefined && each.length <= MOST_BOUND_BYTES);
      assert.deepEqual([min, max], isShort ? [paths[0]?.toString(), paths.at(-1)?.toString()] : [null, null]);
      from += Number(count);
    }
    using opened = TableFile.open(file, 'entries');
    const read = Array.from({ length: opened.groups }, (_, group) => opened.readGroup(group, ['path', 'type', 'mode', 'link', 'content']));
    for (const name of ['path', 'type', 'mode', 'link', 'content'] as const) {
      assert.deepEqual(
        read.flatMap((group) => group[name]),
        expected.map((row) => row[name]),
        name,
      );
    }
  });
}

test('a table’s lists, maps, flags and strings are read back unchanged, including null, empty and repeated ones', async (t) => {
  const image = (index: number): Row => ({
    image: index % 3 === 0 ? null : `image ${index % 4} ä${'x'.repeat(index)}`,
    repository: ['docker.io/library/a', 'docker.io/library/b'][index % 2] as string,
    created: index % 2 === 0 ? -1n : 2n ** 53n + 1n,
    layers: [null, [], ['one'], ['', 'two', 'ünï']][index % 4] as Row[string],
    labels: [
      null,
      new Map(),
      new Map([['team', 'red']]),
      new Map([
        ['', 'ä'],
        ['b', ''],
      ]),
    ][index % 4] as Row[string],
    files: BigInt(index) - 3n,
  });
  const rows = Array.from({ length: 41 }, (_, index) => image(index));
  const { folder } = written(t, 'images', groupsOf(TABLES.images, rows));
  const columns = 'image, repository, epoch_us(created)::VARCHAR AS us, layers, labels::JSON::VARCHAR AS labels, files, error';
  const read = await duckRows(folder, `SELECT ${columns} FROM read_parquet('DIR/of-test.parquet') ORDER BY file_row_number`);
  assert.deepEqual(
    read,
    rows.map(({ image, repository, created, layers, labels, files }) => ({
      image,
      repository,
      us: String(created),
      layers,
      labels: labels instanceof Map ? JSON.stringify(Object.fromEntries(labels)) : null,
      files: Number(files),
      error: null,
    })),
  );
  const flags = Array.from(
    { length: 21 },
    (_, index): Row => ({ layer: LAYER, scanned: index % 3 === 0, verified: index % 5 === 0 ? null : true }),
  );
  const { folder: other, file } = written(t, 'layers', groupsOf(TABLES.layers, flags));
  assert.deepEqual(await duckRows(other, "SELECT layer, scanned, verified FROM read_parquet('DIR/of-test.parquet')"), flags);
  using opened = TableFile.open(file, 'layers');
  const { scanned, verified } = opened.readGroup(0, ['scanned', 'verified']);
  assert.deepEqual(
    scanned.map((value, index) => ({ layer: LAYER, scanned: value, verified: verified[index] })),
    flags,
  );
});
