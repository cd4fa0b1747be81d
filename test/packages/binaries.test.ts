import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import zlib from 'node:zlib';
import { LayerscopeError } from '#model';
import { JarBudget, type Site } from '#packages';
import { INFLATERS } from '../../src/engine/packages/inflaters.ts';
import { readSite } from '../../src/packages/read-site.ts';
import { programSite, siteOfFile } from '../../src/packages/site.ts';
import { hasCode } from '../support/asserts.ts';
import { elfProgram, goBuildInfo, machOProgram, numbers, peProgram, universalProgram, zipFile } from '../support/package-databases.ts';
import { latin1, seenFiles, told, utf8 } from '../support/seen-fixture.ts';
import { concat, zeros } from '../support/tar-builder.ts';

async function program(bytes: Uint8Array): Promise<string[]> {
  const found = await readSite(programSite(utf8('bin/x')), seenFiles({ 'bin/x': bytes }), INFLATERS);
  return found.map((each) => `${each.type} ${each.name} ${each.version}${told(each).paths === undefined ? '' : ' (owns the file)'}`);
}

const LINES = [
  'path\tx.test/hello',
  'mod\tx.test/hello\t(devel)\t',
  'dep\tx.test/uuid\tv1.6.0\th1:abc',
  'dep\tx.test/old\tv1.0.0\th1:abc',
  '=>\tx.test/new\tv2.0.0\th1:abc',
  'dep\tx.test/local\tv0.1.0',
  '=>\t./local\t',
  'build\t-compiler=gc',
];
const MODULES = [
  'golang x.test/hello (devel) (owns the file)',
  'golang x.test/uuid v1.6.0',
  'golang x.test/new v2.0.0',
  'golang x.test/local v0.1.0',
];

describe('Go modules', () => {
  test('Go modules are found in ELF of both widths and byte orders, in PE and in Mach-O', async () => {
    const section = { name: '.go.buildinfo', data: goBuildInfo(LINES) };
    for (const options of [{}, { is64: false }, { little: false }, { is64: false, little: false }])
      assert.deepEqual(await program(elfProgram([{ name: '.text', data: zeros(100), isWritable: false }, section], options)), MODULES);
    assert.deepEqual(await program(peProgram([{ name: '.data', data: goBuildInfo(LINES) }])), MODULES);
    assert.deepEqual(await program(machOProgram([{ name: '__go_buildinfo', data: goBuildInfo(LINES) }])), MODULES);
  });

  test('Go modules are found in the writable data of a program without sections', async () => {
    const data = concat(zeros(64), goBuildInfo(LINES));
    assert.deepEqual(await program(elfProgram([{ name: '.data', data }], { named: false })), MODULES);
  });

  test('Go modules in programs from before Go 1.18 are found through pointers', async () => {
    const text = concat(latin1('0123456789abcdef'), utf8('mod\tx.test/old\tv1\t\n'), latin1('0123456789abcdef'));
    // The section is at 0x400000 + its offset: the 64-byte header and two segments, rounded up to 16.
    const address = 0x400000 + Math.ceil((64 + 2 * 56) / 16) * 16;
    const pointers = numbers(true, [0, 8], [address + 48, 8]);
    const string = numbers(true, [address + 64, 8], [text.length, 8]);
    const info = concat(latin1('\u00ff Go buildinf:'), Uint8Array.of(8, 0), pointers, zeros(16), string, text);
    assert.deepEqual(await program(elfProgram([{ name: '.go.buildinfo', data: info }])), ['golang x.test/old v1 (owns the file)']);
  });

  test('Go modules are not listed if lengths point outside the file', async () => {
    const info = goBuildInfo(LINES);
    info.set([0xff, 0xff, 0xff, 0xff, 0x7f], 32);
    assert.deepEqual(await program(elfProgram([{ name: '.go.buildinfo', data: info }])), []);
    assert.deepEqual(await program(elfProgram([{ name: '.go.buildinfo', data: goBuildInfo(LINES).subarray(0, 60) }])), []);
    assert.deepEqual(await program(utf8('#!/bin/sh\n'.repeat(20))), []);
  });
});

describe('a universal binary', () => {
  const go = (...lines: readonly string[]): Uint8Array => machOProgram([{ name: '__go_buildinfo', data: goBuildInfo(lines) }]);

  test('a universal binary lists the modules of all its programs, shared ones only once', async () => {
    const parts = [go('mod\tx.test/a\tv1\t', 'dep\tx.test/b\tv1'), go('mod\tx.test/a\tv1\t', 'dep\tx.test/b\tv2', 'dep\tx.test/c\tv1')];
    const modules = ['golang x.test/a v1 (owns the file)', 'golang x.test/b v1', 'golang x.test/b v2', 'golang x.test/c v1'];
    for (const is64 of [false, true]) assert.deepEqual(await program(universalProgram(parts, is64)), modules);
  });

  test('a universal binary lists the crates of its programs', async () => {
    const section = { name: '.dep-v0', data: new Uint8Array(zlib.deflateSync('{"packages":[{"name":"a","version":"1","root":true}]}')) };
    assert.deepEqual(await program(universalProgram([go('dep\tx.test/b\tv1'), machOProgram([section])])), [
      'golang x.test/b v1 (owns the file)',
      'cargo a 1 (owns the file)',
    ]);
  });

  test('a universal binary has no modules if it points outside the file or is a Java class', async () => {
    const whole = universalProgram([go('mod\tx.test/a\tv1\t')]);
    const outside = whole.slice();
    new DataView(outside.buffer).setUint32(8 + 8, whole.length);
    assert.deepEqual(await program(outside), []);
    assert.deepEqual(await program(whole.subarray(0, 100)), []);
    const java = whole.slice();
    new DataView(java.buffer).setUint32(4, 52);
    assert.deepEqual(await program(java), []);
  });
});

describe('crates', () => {
  const section = (document: unknown): Uint8Array =>
    elfProgram([{ name: '.dep-v0', data: new Uint8Array(zlib.deflateSync(JSON.stringify(document))), isWritable: false }]);

  test('crates recorded by cargo-auditable are listed, except build-only ones', async () => {
    const packages = [
      { name: 'app', version: '0.1.0', source: 'local', root: true },
      { name: 'serde', version: '1.0.200', source: 'crates.io' },
      { name: 'cc', version: '1.0.0', kind: 'build' },
    ];
    assert.deepEqual(await program(section({ packages })), ['cargo app 0.1.0 (owns the file)', 'cargo serde 1.0.200']);
  });

  test('crates are not listed if the section is not zlib, and are refused if it is not JSON', async () => {
    assert.deepEqual(await program(elfProgram([{ name: '.dep-v0', data: utf8('x'.repeat(50)) }])), []);
    const broken = elfProgram([{ name: '.dep-v0', data: new Uint8Array(zlib.deflateSync('{')) }]);
    await assert.rejects(program(broken), hasCode('BAD_MANIFEST'));
  });

  test('crates are not listed if the section unpacks to too much', async () => {
    const bomb = new Uint8Array(zlib.deflateSync(Buffer.alloc(64 * 1024 * 1024)));
    assert.deepEqual(await program(elfProgram([{ name: '.dep-v0', data: bomb }])), []);
  });
});

async function jar(bytes: Uint8Array, path = 'lib/demo-1.2.3.jar'): Promise<string[]> {
  const site = siteOfFile(utf8(path));
  assert.equal(site?.kind, 'jar');
  const found = await readSite(site, seenFiles({ [path]: bytes }), INFLATERS);
  return found.map((each) => `${each.name} ${each.version}${told(each).paths === undefined ? '' : ' (owns the file)'}`);
}

function pom(group: string, name: string, version: string): { name: string; data: string } {
  return { name: `META-INF/maven/${group}/${name}/pom.properties`, data: `#x\ngroupId=${group}\nartifactId=${name}\nversion=${version}\n` };
}

describe('a jar', () => {
  test('a jar is the artifact in its pom.properties, with shaded artifacts after it', async () => {
    assert.deepEqual(await jar(zipFile([pom('a.b', 'shaded', '1'), pom('org.x', 'demo', '1.2.3')])), [
      'org.x:demo 1.2.3 (owns the file)',
      'a.b:shaded 1',
    ]);
  });

  test('a jar without pom.properties is named by its manifest, or else by its file name', async () => {
    const manifest = 'Manifest-Version: 1.0\r\nImplementation-Vendor-Id: org.in\r\n ner\r\nImplementation-Version: 9.9\r\n\r\nName: x\r\n';
    assert.deepEqual(await jar(zipFile([{ name: 'META-INF/MANIFEST.MF', data: manifest }])), ['org.inner:demo 9.9 (owns the file)']);
    assert.deepEqual(await jar(zipFile([{ name: 'A.class', data: 'x' }])), ['demo 1.2.3 (owns the file)']);
    assert.deepEqual(await jar(zipFile([]), 'lib/app.jar'), []);
  });

  test('a jar counts towards the limits shared by all jars in an image', async () => {
    const taken = { nested: 0, entries: 0, inflated: 0, text: 0 };
    class Counted extends JarBudget {
      override take(more: Partial<typeof taken>): void {
        for (const [key, count] of Object.entries(more)) taken[key as keyof typeof taken] += count;
        super.take(more);
        if (taken.nested > 4) throw new LayerscopeError('TOO_LARGE', 'full');
      }
    }
    const inner = zipFile([pom('g', 'inner', '1')]);
    const outer = zipFile([{ name: 'a.jar', data: inner }, { name: 'b.jar', data: inner, stored: true }, pom('g', 'outer', '1')]);
    const seen = { ...seenFiles({ 'x.jar': outer, 'y.jar': outer }), jars: new Counted() };
    const read = (path: string) => readSite(siteOfFile(utf8(path)) as Site, seen, INFLATERS);
    assert.equal((await read('x.jar')).length, 2);
    const text = pom('g', 'inner', '1').data.length * 2 + pom('g', 'outer', '1').data.length;
    assert.deepEqual(taken, { nested: 2, entries: 5, inflated: text + inner.length, text });
    await read('y.jar');
    await assert.rejects(read('x.jar'), hasCode('TOO_LARGE'));
    const budget = new JarBudget();
    for (const more of [{ nested: 50_000 }, { entries: 1e7 }, { inflated: 2 ** 32 }, { text: 2 ** 30 }])
      assert.throws(() => new JarBudget().take(more), hasCode('TOO_LARGE'));
    assert.throws(() => budget.take({ text: 2 ** 30 }), hasCode('TOO_LARGE'));
    assert.throws(() => budget.take({ nested: 1 }), hasCode('TOO_LARGE'));
  });

  test('a jar with far too many jars in it is refused', async () => {
    const inner = Array.from({ length: 130_000 }, (_, at) => ({ name: `${at}.jar`, data: '', stored: true }));
    await assert.rejects(jar(zipFile(inner)), hasCode('TOO_LARGE'));
  });

  test('a jar may contain jars, stored or packed, which may contain more', async () => {
    const inner = zipFile([pom('g', 'inner', '1')]);
    const middle = zipFile([{ name: 'in.jar', data: inner, stored: true }, pom('g', 'middle', '2')]);
    const outer = zipFile([
      { name: 'BOOT-INF/lib/middle-2.jar', data: middle, stored: true },
      { name: 'WEB-INF/lib/inner-1.jar', data: inner },
      pom('g', 'demo', '3'),
    ]);
    assert.deepEqual(await jar(outer), ['g:demo 3 (owns the file)', 'g:middle 2', 'g:inner 1']);
  });

  test('nested jars are read to a limited depth', async () => {
    let nested = zipFile([pom('g', 'deepest', '1')]);
    for (let depth = 0; depth < 10; depth++) nested = zipFile([{ name: 'x.jar', data: nested }]);
    assert.deepEqual(await jar(nested), ['demo 1.2.3 (owns the file)']);
  });

  test('a damaged jar is refused or has no artifacts', async () => {
    assert.deepEqual(await jar(utf8('not a ZIP file'), 'lib/x.jar'), []);
    const whole = zipFile([pom('g', 'demo', '3')]);
    const directory = whole.slice();
    directory[whole.length - 22 - 46 - 'META-INF/maven/g/demo/pom.properties'.length] = 0;
    await assert.rejects(jar(directory), hasCode('DAMAGED'));
  });

  test('a pom.properties that unpacks to more than its jar states is ignored', async () => {
    const packed = zipFile([{ ...pom('g', 'demo', '3'), data: `${pom('g', 'demo', '3').data}${'#'.repeat(100_000)}` }]);
    const view = new DataView(packed.buffer);
    view.setUint32(packed.length - 22 - 46 - 'META-INF/maven/g/demo/pom.properties'.length + 24, 10, true);
    assert.deepEqual(await jar(packed), ['demo 1.2.3 (owns the file)']);
  });
});
