import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { FIRST_PAGE_ROWS, PAGE_BYTES, PAGE_ROWS, PageAssembler, type RowPage, slicePage, tablePages } from '#contract';
import { rowName, rowPath } from '#model';
import { hasCode } from '../support/asserts.ts';
import { numberedRows } from '../support/row-tables.ts';

const isBadRequest = hasCode('BAD_REQUEST');

test('a page contains its rows with their names and links', () => {
  const rows = numberedRows(20);
  const page = slicePage(rows, 8, 5);
  assert.equal(page.total, 20);
  assert.equal(page.start, 8);
  assert.equal(page.rows.length, 5);
  assert.equal(page.rows.nameStart[0], 0);
  assert.deepEqual(rowName(page.rows, 2), rowName(rows, 10));
  assert.deepEqual([...page.rows.links.keys()], [2]); // row 10
  assert.equal(page.rows.parent[1], 8); // numbered as in the whole table
  assert.equal(page.rows.names.byteLength, page.rows.names.buffer.byteLength);
  assert.equal(page.rows.size.buffer.byteLength, 5 * 8);
});

test('links are copied correctly whether there are few or many', () => {
  const rows = numberedRows(70);
  const few = slicePage(rows, 0, 70).rows.links; // fewer links than rows: iterates the links
  const many = new Map([...slicePage(rows, 0, 5).rows.links, ...slicePage(rows, 66, 4).rows.links].map(([, target]) => [0, target]));
  assert.deepEqual(new Map(few), new Map(rows.links));
  assert.deepEqual([...many.values()], [new Uint8Array(Buffer.from('../target-66'))]);
});

test('a page with long names or link targets is shorter, and the pages join into the whole table', async () => {
  const rows = numberedRows(300);
  const long = { ...rows, names: new Uint8Array(300 * 65_536), nameStart: rows.nameStart.map((_, row) => row * 65_536) };
  long.names.forEach((_, at) => {
    if (at % 65_536 === 0) long.names[at] = (at / 65_536) % 251;
  });
  const links = { ...rows, links: new Map(Array.from({ length: 300 }, (_, row) => [row, new Uint8Array(60_000).fill(row % 251)])) };
  for (const table of [long, links]) {
    let pages = 0;
    const fetchPage = async (start: number, count: number) => {
      const page = slicePage(table, start, count);
      const texts = page.rows.names.length + [...page.rows.links.values()].reduce((sum, target) => sum + target.length, 0);
      assert.ok(texts <= PAGE_BYTES, `${texts} bytes`);
      pages++;
      return page;
    };
    let whole = numberedRows(0);
    for await (const loaded of tablePages(fetchPage, { every: 0, now: () => 0 })) whole = loaded.table;
    assert.ok(pages > 5);
    assert.deepEqual([whole.names, new Map(whole.links)], [table.names, new Map(table.links)]);
  }
  const one = { ...long, nameStart: long.nameStart.map((_, row) => (row === 0 ? 0 : 300 * 65_536)) };
  assert.equal(slicePage(one, 0, 10).rows.length, 1, 'a row longer than a page gets its own page');
});

test('a page past the end is empty and states the total', () => {
  const page = slicePage(numberedRows(4), 9, 5);
  assert.deepEqual([page.total, page.start, page.rows.length, page.rows.nameStart.length], [4, 4, 0, 1]);
});

test('pages in any order and with any size join into the table', () => {
  fc.assert(
    fc.property(
      fc.nat(200),
      fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }),
      fc.infiniteStream(fc.nat()),
      (total, counts, order) => {
        const rows = numberedRows(total);
        const pages = [];
        for (let start = 0, i = 0; start < total || i === 0; i++) {
          const page = slicePage(rows, start, counts[i % counts.length] as number);
          pages.push(page);
          start += page.rows.length;
          if (total === 0) break;
        }
        const shuffled = pages.map((page) => ({ page, key: order.next().value })).sort((a, b) => a.key - b.key);
        const assembler = new PageAssembler();
        for (const { page } of shuffled) assembler.add(page);
        assert.ok(assembler.complete);
        assert.deepEqual(assembler.table, rows);
      },
    ),
  );
});

test('an assembler reports which rows are available', () => {
  const rows = numberedRows(FIRST_PAGE_ROWS + 10);
  const assembler = new PageAssembler();
  assert.equal(assembler.total, null);
  assembler.add(slicePage(rows, FIRST_PAGE_ROWS + 5, 5)); // the last page first
  assert.deepEqual([assembler.total, assembler.rowsThere], [rows.length, 0]);
  assembler.add(slicePage(rows, 0, FIRST_PAGE_ROWS));
  const first = assembler.table;
  assert.equal(first.length, FIRST_PAGE_ROWS);
  assert.deepEqual(rowPath(first, 1_999), rowPath(rows, 1_999));
  assembler.add(slicePage(rows, FIRST_PAGE_ROWS, 5));
  assert.ok(assembler.complete);
  assert.notEqual(assembler.table, first);
  assert.deepEqual(assembler.table, rows);
});

test('mismatched pages are refused', () => {
  const page = slicePage(numberedRows(10), 0, 5);
  const assembler = new PageAssembler();
  assembler.add(page);
  assert.throws(() => assembler.add(slicePage(numberedRows(11), 5, 5)), isBadRequest);
  assert.throws(() => assembler.add({ ...page, start: 8 }), isBadRequest);
  assert.throws(() => assembler.add({ ...page, rows: { ...page.rows, kind: new Uint8Array(4) } }), isBadRequest);
  assert.throws(() => assembler.add({ ...page, rows: { ...page.rows, names: new Uint8Array(3) } }), isBadRequest);
  assert.throws(() => new PageAssembler().table, isBadRequest);
  assert.equal(assembler.rowsThere, 5);
});

test('pages are requested one after another, the first one short', async () => {
  const rows = numberedRows(FIRST_PAGE_ROWS + PAGE_ROWS + 1);
  const asked: (readonly [start: number, count: number])[] = [];
  const lengths: number[] = [];
  const fetchPage = async (start: number, count: number) => {
    asked.push([start, count]);
    return slicePage(rows, start, count);
  };
  for await (const { table, total } of tablePages(fetchPage, { every: 0, now: () => 0 })) {
    lengths.push(table.length);
    assert.equal(total, rows.length);
    assert.ok(table.subtreeEnd.every((end) => end <= table.length));
    if (table.length === total) assert.deepEqual(table, rows);
  }
  assert.deepEqual(asked, [
    [0, FIRST_PAGE_ROWS],
    [FIRST_PAGE_ROWS, PAGE_ROWS],
    [FIRST_PAGE_ROWS + PAGE_ROWS, PAGE_ROWS],
  ]);
  assert.deepEqual(lengths, [FIRST_PAGE_ROWS, FIRST_PAGE_ROWS + PAGE_ROWS, rows.length]);
});

test('a page shorter than requested is followed by the rows after it', async () => {
  const rows = numberedRows(10);
  let last = null;
  for await (const { table } of tablePages(async (start) => slicePage(rows, start, 3), { every: 0, now: () => 0 })) last = table;
  assert.deepEqual(last, rows);
});

test('replies with no rows, the wrong rows, the wrong table or broken columns are refused', async () => {
  const rows = numberedRows(20);
  const first = slicePage(rows, 0, 5);
  const answers: readonly RowPage[] = [
    slicePage(rows, 20, 1), // no rows before the end
    slicePage(rows, 7, 5), // a gap
    slicePage(rows, 0, 5), // earlier rows
    slicePage(numberedRows(21), 5, 5),
    { ...slicePage(rows, 5, 5), rows: { ...slicePage(rows, 5, 5).rows, kind: new Uint8Array(4) } },
  ];
  for (const second of answers) {
    const answer = { ...second, ...(second.rows.length === 0 ? { start: 5 } : {}) };
    await assert.rejects(async () => {
      for await (const _ of tablePages(async (start) => (start === 0 ? first : answer), { every: 0, now: () => 0 }));
    }, isBadRequest);
  }
});
