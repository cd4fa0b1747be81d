// Compares `raw` with bsdtar's (libarchive's) listing of each layer. Debian: libarchive-tools.
import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { ArchiveReport } from '#model';
import { bsdtarMembers, bsdtarTimes, type ListedMember } from '../support/bsdtar-listing.ts';
import { commandJson, commandLines, runCommand } from '../support/command-line.ts';
import { type Packing, pack } from '../support/image-builder.ts';
import { interopLayers } from '../support/interop-image.ts';
import { tryTool } from '../support/tools.ts';
import { testFolder } from '../support/workbench.ts';

const corpus = path.resolve(import.meta.dirname, '..', '..', '..', 'shared', 'corpus');

interface RawLine {
  readonly name: string;
  readonly nameHex?: string;
  readonly linkname?: string;
  readonly linknameHex?: string;
  readonly type: string;
  readonly size: number;
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: string;
}

function bytesOf(text: string, hex: string | undefined): string {
  return hex === undefined ? Buffer.from(text.replaceAll('\\\\', '\\')).toString('latin1') : Buffer.from(hex, 'hex').toString('latin1');
}

interface Listed {
  readonly members: ListedMember[];
  readonly times: Map<string, bigint>;
}

async function ourListing(file: string): Promise<Listed> {
  const lines = (await commandLines(['raw', file, '--layer', '0', '--json'])) as unknown as RawLine[];
  const times = new Map<string, bigint>();
  const members = lines
    .filter(({ type }) => type !== 'global')
    .map((line) => {
      const { type, size, mode, uid, gid, mtime, linkname } = line;
      const name = bytesOf(line.name, line.nameHex).replace(/\/+$/, '');
      times.set(name.replace(/^(\.?\/)+/, ''), BigInt(mtime.replace('.', '')));
      const link = linkname === undefined ? null : bytesOf(linkname, line.linknameHex);
      return { name, type, mode: Number.parseInt(mode, 8), uid, gid, size, link };
    });
  return { members, times };
}

function assertSameListing(ours: Listed, file: string): void {
  const theirs = bsdtarMembers(file);
  assert.deepEqual(ours.members, theirs, file);
  for (const [name, time] of bsdtarTimes(file)) {
    if (name === '' || name === '.') continue;
    assert.equal(ours.times.get(name), time, `${file}: ${name}`);
  }
}

test('raw lists the same members as bsdtar, in plain and compressed layers', async (t) => {
  const folder = testFolder(t);
  for (const [index, layer] of interopLayers().entries()) {
    for (const packing of ['none', 'gzip', 'zstd'] satisfies Packing[]) {
      const file = path.join(folder, `${index}-${packing}`);
      writeFileSync(file, pack(layer, packing));
      const listed = await ourListing(file);
      assertSameListing(listed, file);
      if (index === 0) assert.ok(listed.members.length > 30 && listed.times.size > 30);
    }
  }
});

/** Files that libarchive reads differently from Go's archive/tar, which we follow: `tars.test.ts` has what Go reads. */
const OTHERWISE = [
  'go-archive-tar/gnu-incremental.tar', // libarchive treats a folder dump (type D) as a folder
  'go-archive-tar/hdr-only.tar', // links with a size
  'go-archive-tar/invalid-go17.tar', // a prefix in a header that says GNU
  'go-archive-tar/nil-uid.tar', // GNU's real size in a header that isn't sparse
];

test('raw lists the layer tars of other projects as bsdtar does, except four that Go reads differently', async () => {
  const names = readdirSync(corpus, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(tar|zst|gz)$/.test(name));
  const same: string[] = [];
  const otherwise: string[] = [];
  for (const name of names.sort()) {
    const file = path.join(corpus, name);
    if ((await runCommand(['raw', file, '--layer', '0', '--json'])).code !== 0) continue;
    if (tryTool('bsdtar', ['-tf', file]).code !== 0) continue;
    const { format } = await commandJson<ArchiveReport>(['inspect', file, '--json']);
    if (format !== 'layer') continue;
    const ours = await ourListing(file);
    if (OTHERWISE.includes(name)) {
      assert.throws(() => assertSameListing(ours, file), assert.AssertionError, `${name} agrees: remove it from the list`);
      otherwise.push(name);
    } else {
      assertSameListing(ours, file);
      same.push(name);
    }
  }
  assert.deepEqual(otherwise, OTHERWISE);
  assert.ok(same.length >= 35, `${same.length} tars compared`);
});
