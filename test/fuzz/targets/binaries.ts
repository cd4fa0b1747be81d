// Programs and jars, chosen by their first bytes: their package information is read, or they are refused. Reading stays within bounds.
import assert from 'node:assert/strict';
import zlib from 'node:zlib';
import { type Content, readSite, type SeenFiles, type Site } from '#packages';
import { INFLATERS } from '../../../src/engine/packages/inflaters.ts';
import { elfProgram, goBuildInfo, machOProgram, peProgram, zipFile } from '../../support/package-databases.ts';
import { seenFiles } from '../../support/seen-fixture.ts';
import { expectRefusal } from '../engine/finding.ts';
import { textTokens } from '../engine/mutate.ts';
import { session, type Target } from '../engine/target.ts';

/** Maximum number of bytes that may be read from an input, in total and at once. */
const MAX_READ = 64 * 1024 * 1024;

function watched(input: Uint8Array): SeenFiles {
  let left = MAX_READ;
  const content: Content = {
    size: input.length,
    async read(offset, length) {
      assert.ok(offset >= 0 && length >= 0, `read ${length} bytes at ${offset}`);
      const bytes = input.subarray(offset, offset + length);
      left -= bytes.length;
      assert.ok(left > 0, 'too much is read');
      return bytes;
    },
  };
  return { ...seenFiles({}), open: () => content };
}

async function run(input: Uint8Array): Promise<void> {
  const isZip = input[0] === 0x50;
  const site: Site = { kind: isZip ? 'jar' : 'program', path: Buffer.from(isZip ? 'a-1.jar' : 'a'), location: 'a', also: [] };
  try {
    for (const { name, version } of await readSite(site, watched(input), INFLATERS)) assert.ok(name !== '' && version !== '');
  } catch (error) {
    expectRefusal(error, ['BAD_MANIFEST', 'DAMAGED', 'TOO_LARGE']);
  }
}

const GO = goBuildInfo(['path\tx.test/a', 'mod\tx.test/a\t(devel)\t', 'dep\tx.test/b\tv1\th1:', '=>\tx.test/c\tv2\th1:']);
const CRATES = new Uint8Array(
  zlib.deflateSync('{"packages":[{"name":"a","version":"1","root":true},{"name":"b","version":"2","kind":"build"}]}'),
);
const SECTIONS = [
  { name: '.go.buildinfo', data: GO },
  { name: '.dep-v0', data: CRATES, isWritable: false },
];
const POM = 'groupId=g\nartifactId=a\nversion=1\n';
const INNER = zipFile([{ name: 'META-INF/MANIFEST.MF', data: 'Implementation-Version: 9\nBundle-SymbolicName: b.c\n  d\n\n' }]);

export const target: Target = {
  name: 'binaries',
  seeds: () => [
    elfProgram(SECTIONS),
    elfProgram(SECTIONS, { is64: false, little: false }),
    elfProgram([{ name: '.data', data: GO }], { named: false }),
    peProgram([
      { name: '.data', data: GO },
      { name: '.dep-v0', data: CRATES },
    ]),
    machOProgram([{ name: '__go_buildinfo', data: GO }]),
    zipFile([
      { name: 'META-INF/maven/g/a/pom.properties', data: POM },
      { name: 'lib/inner-9.jar', data: INNER, stored: true },
      { name: 'lib/packed.jar', data: INNER },
    ]),
  ],
  tokens: textTokens(
    '\xff Go buildinf:',
    'PK\x03\x04',
    'PK\x01\x02',
    'PK\x05\x06',
    '\xff\xff\xff\xff',
    '\x7fELF',
    'MZ',
    '.jar',
    '\xff\xff',
  ),
  maxBytes: 16_384,
  batch: 64,
  open: () => session(run),
};
