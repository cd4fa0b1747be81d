import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type InputOf, type OperationName, PAGE_ROWS } from '#contract';
import { OPERATION_NAMES, parseInput, parseOperationName, parseTopicName } from '#contract/schemas';
import { LayerscopeError } from '#model';

const isBadRequest = (error: unknown): boolean =>
  error instanceof LayerscopeError && error.code === 'BAD_REQUEST' && !/[\n\r]/.test(error.message) && error.message.length < 200;

const image = { archiveId: 'a1', image: 0 };
const entry = { ...image, layer: 3, pathHex: '6574632f' };
const stored = { storeId: 's1', name: 'web:1' };
const VALID: { readonly [N in OperationName]: InputOf<N> } = {
  'app.info': {},
  'app.diagnostics': {},
  'app.sample': {},
  'files.recent': {},
  'files.again': { index: 0, name: 'image.tar' },
  'files.forget': {},
  'files.choose': { what: 'folder' },
  'files.expect': { name: 'image.tar', sizeBytes: 5_000_000_000 },
  'sources.list': { engine: 'docker' },
  'sources.look': { reference: 'docker:app:1' },
  'sources.open': { reference: 'nginx:1.27', platform: 'linux/arm64/v8' },
  'sources.recent': {},
  'sources.forget': {},
  'archive.open': { grant: '0123456789abcdef0123456789abcdef' },
  'archive.close': { archiveId: 'a1' },
  'archive.summary': { archiveId: 'a1' },
  'image.config': image,
  'image.stated': image,
  'artifact.files': { archiveId: 'a1', artifact: 0 },
  'artifact.content': { archiveId: 'a1', artifact: 0, file: 1, offset: 0, length: 262_144 },
  'image.load': image,
  'image.verify': image,
  'image.scan': image,
  'image.changes': { ...image, from: 0, to: 3, start: 0, count: PAGE_ROWS },
  'image.view': { ...image, layer: 3, start: 2_000, count: 1 },
  'images.configs': { a: { ...image, layer: 3 }, b: { archiveId: 'a2', image: 1, layer: 0, since: 0 } },
  'image.whole': { ...image, start: 0, count: 1 },
  'registry.changes': { ...image, from: 0, to: 1, text: '', start: 0, count: 100 },
  'registry.compare': { a: { ...image, layer: 3 }, b: { archiveId: 'a2', image: 1, layer: 4, since: 2 }, text: '', start: 0, count: 1 },
  'registry.hives': { ...image, layer: 1 },
  'registry.key': { ...image, layer: 1, hive: 'SOFTWARE', path: 'Microsoft\\Windows', start: 0, count: 100 },
  'registry.search': { ...image, layer: 1, text: 'run', limit: 10 },
  'image.breakdown': { ...image, of: { what: 'changes', from: 1, to: 2 }, pathHex: '61', limit: 10 },
  'images.compare': { a: { ...image, layer: 3 }, b: { archiveId: 'a2', image: 1, layer: 0 }, start: 0, count: 1 },
  'image.rewritten': image,
  'image.weigh': image,
  'image.waste': { ...image, limit: 200 },
  'images.packages': { a: { ...image, layer: 3 }, b: { archiveId: 'a2', image: 1, layer: 0 }, text: 'ssl', start: 0, count: 200 },
  'image.packages': { ...image, of: { what: 'changes', from: 1, to: 2 }, text: 'ssl', start: 0, count: 200 },
  'image.search': { ...image, text: '*.so', limit: 200 },
  'catalog.close': { catalogId: 'c1' },
  'catalog.images': { catalogId: 'c1', start: 0, count: 1_000 },
  'catalog.layers': { catalogId: 'c1', start: 1_000, count: 1 },
  'catalog.problems': { catalogId: 'c1' },
  'catalog.search': { catalogId: 'c1', what: 'package', text: 'log4j-core 2.14', from: { file: 0, part: 0 } },
  'catalog.open': { catalogId: 'c1', image: 3, place: 0 },
  'entry.details': entry,
  'entry.origin': { ...image, pathHex: '61', dockerfile: { name: 'Dockerfile', text: 'FROM x' } },
  'entry.folder': { ...entry, withHidden: true },
  'entry.raw': entry,
  'entry.listing': { ...entry, limit: 2_000 },
  'store.report': {},
  'store.add': {},
  'store.forget': { storeId: 's1' },
  'store.open': stored,
  'store.import': { storeId: 's1', ...image, parent: null },
  'store.remove': { ...stored, withCopies: true },
  'store.removal': stored,
  'store.discard': stored,
  'store.verify': { storeId: 's1' },
  'store.leftovers': { storeId: 's1' },
  'store.cleanup': { storeId: 's1' },
  'store.mount': stored,
  'store.release': stored,
  'store.reveal': stored,
  'store.create': stored,
  'store.changes': { ...stored, limit: 10_000 },
  'store.commit': { ...stored, image: 'web:2', comment: 'a fix' },
  'store.bases': { storeId: 's1' },
  'store.preflight': {},
  'store.elevate': { storeId: 's1' },
  'store.adopt': stored,
  'export.start': { what: 'entry', ...entry },
  'entry.content': { ...entry, offset: 2 ** 40, length: 262_144 },
  'jobs.cancel': { jobId: 'j1' },
  'jobs.dismiss': { jobId: 'j1' },
};

const WRONG: readonly (readonly [OperationName, object])[] = [
  ['files.choose', { what: 'anything' }],
  ['files.expect', { ...VALID['files.expect'], sizeBytes: -1 }],
  ['files.expect', { ...VALID['files.expect'], sizeBytes: 0.5 }],
  ['files.expect', { ...VALID['files.expect'], sizeBytes: 2 ** 60 }],
  ['files.expect', { ...VALID['files.expect'], name: '' }],
  ['files.expect', { ...VALID['files.expect'], name: 'n'.repeat(1_025) }],
  ['sources.list', { engine: 'registry' }],
  ['sources.list', { engine: 'docker', host: 'tcp://10.0.0.1:2375' }],
  ['sources.look', { reference: '' }],
  ['sources.look', { reference: 'n'.repeat(1_025) }],
  ['sources.open', { reference: 'app:1', platform: 'linux' }],
  ['sources.open', { reference: 'app:1', platform: 'linux/amd64&x=1' }],
  ['sources.open', { reference: 'app:1', plainHttp: ['example.com'] }],
  ['archive.open', { grant: '/etc/passwd' }],
  ['archive.open', { grant: '0123456789ABCDEF0123456789abcdef' }],
  ['archive.open', { path: '/etc/passwd' }],
  ['archive.close', { archiveId: '../a1' }],
  ['archive.close', { archiveId: ['a1'] }],
  ['store.add', { path: '/etc' }],
  ['store.mount', { ...stored, path: '/etc' }],
  ['store.open', { storeId: 's1', name: '' }],
  ['store.open', { storeId: '../s1', name: 'web:1' }],
  ['store.import', { storeId: 's1', ...image }],
  ['image.load', { ...image, image: '0' }],
  ['image.load', { ...image, image: 65_536 }],
  ['image.changes', { ...VALID['image.changes'], from: 4 }],
  ['image.changes', { ...VALID['image.changes'], count: 0 }],
  ['image.changes', { ...VALID['image.changes'], count: 50_001 }],
  ['image.changes', { ...VALID['image.changes'], start: Number.NaN }],
  ['image.view', { ...VALID['image.view'], layer: -1 }],
  ['image.breakdown', { ...VALID['image.breakdown'], of: { what: 'image', layer: 1 } }],
  ['image.breakdown', { ...VALID['image.breakdown'], of: { what: 'view' } }],
  ['registry.changes', { ...VALID['registry.changes'], from: 2 }],
  ['registry.changes', { ...VALID['registry.changes'], count: 501 }],
  ['registry.key', { ...VALID['registry.key'], hive: '' }],
  ['registry.search', { ...VALID['registry.search'], text: '' }],
  ['entry.details', { ...entry, pathHex: 'abc' }],
  ['entry.details', { ...entry, pathHex: 'zz' }],
  ['entry.details', { ...entry, pathHex: '61'.repeat(65_537) }],
  ['entry.content', { ...VALID['entry.content'], length: 262_145 }],
  ['artifact.content', { ...VALID['artifact.content'], length: 262_145 }],
  ['entry.origin', { ...VALID['entry.origin'], dockerfile: '/etc/passwd' }],
  ['entry.origin', { ...VALID['entry.origin'], dockerfile: { name: 'Dockerfile', text: 'x'.repeat(65_537) } }],
];

test('every operation accepts its valid input', () => {
  for (const name of OPERATION_NAMES) assert.deepEqual(parseInput(name, VALID[name]), VALID[name], name);
});

test('no operation accepts an unknown key, a missing key, or a wrong type', () => {
  for (const name of OPERATION_NAMES) {
    assert.throws(() => parseInput(name, { ...VALID[name], extra: 1 }), isBadRequest, name);
    for (const key of Object.keys(VALID[name])) {
      assert.throws(() => parseInput(name, { ...VALID[name], [key]: undefined }), isBadRequest, `${name}: ${key}`);
    }
    for (const other of [null, undefined, 1, 'x', [], [VALID[name]]]) assert.throws(() => parseInput(name, other), isBadRequest, name);
  }
});

test('no operation accepts or freezes values that structured clone can carry but JSON can’t', () => {
  for (const name of OPERATION_NAMES.filter((each) => Object.keys(VALID[each]).length > 0)) {
    for (const other of [new Uint8Array(3), new DataView(new ArrayBuffer(1)), new ArrayBuffer(3), new Map([['a', 1]]), new Set(), /x/]) {
      assert.throws(() => parseInput(name, other), isBadRequest, name);
      assert.equal(Object.isFrozen(other), false, name);
      for (const key of Object.keys(VALID[name])) {
        assert.throws(() => parseInput(name, { ...VALID[name], [key]: other }), isBadRequest, `${name}: ${key}`);
        assert.equal(Object.isFrozen(other), false, `${name}: ${key}`);
      }
    }
  }
});

test('values out of bounds are refused', () => {
  for (const [name, input] of WRONG)
    assert.throws(() => parseInput(name, input), isBadRequest, `${name} ${JSON.stringify(input).slice(0, 80)}`);
});

test('a refusal names the key and quotes nothing from the input', () => {
  assert.throws(
    () => parseInput('files.expect', { name: 7, sizeBytes: 'SECRET\n' }),
    (error: unknown) => error instanceof LayerscopeError && error.message.startsWith('files.expect: ') && !error.message.includes('SECRET'),
  );
});

test('unknown names of operations and topics are refused, including properties that every object has', () => {
  for (const name of ['', 'app', 'App.info', 'toString', '__proto__', 'constructor', null, 7, ['app.info'], {}]) {
    assert.throws(() => parseOperationName(name), isBadRequest);
    assert.throws(() => parseTopicName(name), isBadRequest);
  }
  assert.equal(parseOperationName('app.info'), 'app.info');
  assert.equal(parseTopicName('jobs'), 'jobs');
});

test('any input is accepted or refused, and never crashes', () => {
  fc.assert(
    fc.property(fc.constantFrom(...OPERATION_NAMES), fc.anything({ withNullPrototype: true, withBigInt: true }), (name, input) => {
      try {
        parseInput(name, input);
      } catch (error) {
        assert.ok(isBadRequest(error), String(error));
      }
    }),
    { numRuns: 1_000 },
  );
});
