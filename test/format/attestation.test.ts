import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  compareSbom,
  envelopeOf,
  LayerOrigins,
  type Provenance,
  parseProvenance,
  parseSbom,
  parseStatement,
  parseStatementHead,
  preAuthEncoding,
  signedPayload,
} from '#format/attestation';
import { decodeBase64 } from '../../src/format/attestation/base64.ts';
import { joinRanges } from '../../src/format/attestation/build-steps.ts';
import { parsePackageUrl } from '../../src/format/attestation/package-url.ts';
import { hasCode } from '../support/asserts.ts';
import { type StepSpec, slsaPredicate, statement } from '../support/attestation-builder.ts';
import { utf8 } from '../support/tar-builder.ts';

const IMAGE = `sha256:${'a'.repeat(64)}`;
const V1 = 'https://slsa.dev/provenance/v1';

const DOCKERFILE = [
  'FROM alpine AS build', //             1
  'RUN make \\', //                      2
  '    all', //                          3
  'FROM debian', //                      4
  'COPY --from=build /out /srv', //      5
  'RUN <<EOF', //                        6
  'one', //                              7
  'EOF', //                              8
  'COPY --link a /b', //                 9
].join('\n');

const STEPS: Readonly<Record<string, StepSpec>> = {
  step0: { source: 'docker-image://alpine', lines: [[1, 1]] },
  step1: {
    inputs: ['step0'],
    lines: [
      [3, 3],
      [2, 2],
    ],
  },
  step2: { source: 'docker-image://debian@sha256:1', lines: [[4, 4]], layers: [['base1', 'base2']] },
  step3: { inputs: ['step2', 'step1'], lines: [[5, 5]], layers: [['base1', 'base2', 'copy']] },
  step4: { inputs: ['step3'], lines: [[6, 8]], layers: [['base1', 'base2', 'copy', 'run']] },
  step5: { source: 'local://context' },
  step6: { inputs: ['step5'], lines: [[9, 9]], layers: [['link']] },
  step7: { inputs: ['step4', 'step6'], lines: [[9, 9]], layers: [['base1', 'base2', 'copy', 'run', 'link']] },
};

const LAYERS = ['base1', 'base2', 'copy', 'run', 'link'];

function provenanceOf(steps: Readonly<Record<string, StepSpec>>, version: 'v1' | 'v0.2' = 'v1'): Provenance {
  const parsed = parseStatement(statement(IMAGE, `https://slsa.dev/provenance/${version}`, slsaPredicate(version, DOCKERFILE, steps)));
  const provenance = parsed === null ? null : parseProvenance(parsed);
  assert.ok(provenance !== null);
  return provenance;
}

async function linesOf(
  steps: Readonly<Record<string, StepSpec>>,
  digests: readonly string[],
  version: 'v1' | 'v0.2' = 'v1',
): Promise<unknown[]> {
  const { steps: build } = provenanceOf(steps, version);
  assert.ok(build !== null);
  const origins = new LayerOrigins(build, digests);
  const found: unknown[] = [];
  for (const [layer] of digests.entries()) {
    const { dockerfile, base } = await origins.of(layer, noRest);
    found.push(base ?? (dockerfile === null ? null : [dockerfile.by, dockerfile.lines, dockerfile.from]));
  }
  return found;
}

const noRest = async (): Promise<void> => {};

const EXPECTED = (by: string) => [
  'docker-image://debian@sha256:1',
  'docker-image://debian@sha256:1',
  [by, [[5, 5]], [[1, 3]]],
  [by, [[6, 8]], []],
  [by, [[9, 9]], []],
];

test('a layer’s lines come from the steps whose layer list ends with it, in both versions of SLSA', async () => {
  for (const version of ['v1', 'v0.2'] as const) assert.deepEqual(await linesOf(STEPS, LAYERS, version), EXPECTED('digest'));
});

test('layers whose digests differ are found by position, if exactly one list is as long as the image', async () => {
  const rewritten = LAYERS.map((digest) => `new ${digest}`);
  assert.deepEqual(await linesOf(STEPS, rewritten), EXPECTED('position'));
  // Some layers may have kept their digests.
  assert.deepEqual(await linesOf(STEPS, ['base1', ...rewritten.slice(1)]), [
    'docker-image://debian@sha256:1',
    ...EXPECTED('position').slice(1),
  ]);
  const nothing = (layers: readonly string[]) => layers.map(() => null);
  // None of these gives lines: a longer list, a second list as long as the image, a shorter image, and a known digest elsewhere.
  const longer = { ...STEPS, step8: { inputs: ['step7'], layers: [[...LAYERS, 'more']] } };
  assert.deepEqual(await linesOf(longer, rewritten), nothing(rewritten));
  const second = { ...STEPS, step8: { inputs: ['step4'], layers: [[...LAYERS.slice(0, 4), 'other']] } };
  assert.deepEqual(await linesOf(second, rewritten), nothing(rewritten));
  assert.deepEqual(await linesOf(STEPS, rewritten.slice(1)), nothing(rewritten.slice(1)));
  assert.deepEqual(await linesOf(STEPS, ['new', 'base1', 'new', 'new', 'new']), [null, 'docker-image://debian@sha256:1', null, null, null]);
});

test('the Dockerfile’s text comes from the given lines; lines outside the file or in another file are ignored', async () => {
  const { steps } = provenanceOf({
    step1: {
      lines: [
        [2, 99],
        [500, 501],
        [0, 1],
      ] as const,
      layers: [['x']],
    },
  });
  const { dockerfile } = await new LayerOrigins(steps as NonNullable<typeof steps>, ['x']).of(0, noRest);
  assert.deepEqual([dockerfile?.lines, dockerfile?.text], [[[2, 9]], DOCKERFILE.split('\n').slice(1).join('\n')]);
  const other = slsaPredicate('v1', DOCKERFILE, { step1: { lines: [[2, 2]], layers: [['x']] } }) as {
    runDetails: { metadata: { buildkit_metadata: { source: { locations: { step1: { locations: { sourceIndex?: number }[] } } } } } };
  };
  (other.runDetails.metadata.buildkit_metadata.source.locations.step1.locations[0] as { sourceIndex?: number }).sourceIndex = 1;
  const parsed = parseStatement(statement(IMAGE, V1, other));
  const build = parsed === null ? null : parseProvenance(parsed)?.steps;
  assert.deepEqual(await new LayerOrigins(build as NonNullable<typeof build>, ['x']).of(0, noRest), { dockerfile: null, base: null });
});

test('following steps that are each other’s inputs ends, and far too many steps are refused', async () => {
  const circle = {
    step1: { inputs: ['step2'], lines: [[1, 1]] as const },
    step2: { inputs: ['step1', 'step2'], lines: [[2, 2]] as const },
    step3: { inputs: ['step1'], lines: [[5, 5]] as const, layers: [['x']] },
  };
  assert.deepEqual(await linesOf(circle, ['x']), [['digest', [[5, 5]], [[1, 2]]]]);
  const inputs = Array.from({ length: 1500 }, (_, at) => `deep${at}`);
  const wide: Record<string, StepSpec> = Object.fromEntries(inputs.map((id) => [id, { inputs }]));
  wide.top = { inputs, lines: [[1, 1]], layers: [['x']] };
  await assert.rejects(linesOf(wide, ['x']), hasCode('TOO_LARGE'));
});

test('provenance in mode min has no steps, but a builder, source, parameters and materials', () => {
  for (const version of ['v1', 'v0.2'] as const) {
    const provenance = provenanceOf({}, version);
    assert.equal(provenance.steps, null);
    const { builder, source, materials, started, finished, parameters } = provenance;
    assert.deepEqual(
      { builder, source, materials, started, finished, parameters },
      {
        builder: 'https://example.com/run/1',
        source: { uri: 'https://example.com/app.git', revision: 'f'.repeat(40), path: 'Dockerfile' },
        materials: [{ uri: 'pkg:docker/alpine@3.20', digest: `sha256:${'0'.repeat(64)}` }],
        started: '2026-01-01T00:00:00Z',
        finished: '2026-01-01T00:00:09Z',
        parameters: [
          { name: 'frontend', value: 'dockerfile.v0' },
          { name: 'build-arg:A', value: '1' },
        ],
      },
    );
  }
});

test('fields of statements, provenances and SBOMs with unexpected values give nothing, and never an error', () => {
  const odd: unknown[] = [null, 1, 'x', [], {}, [[]], { __proto__: null }, JSON.parse('{"__proto__":{"digest":1}}')];
  for (const value of odd) {
    for (const name of ['buildDefinition', 'runDetails', 'metadata', 'buildConfig', 'materials', 'invocation']) {
      const parsed = parseStatement({ predicateType: V1, predicate: { [name]: value }, subject: value });
      assert.equal(parsed === null ? undefined : parseProvenance(parsed)?.steps, null);
    }
    parseSbom({ spdxVersion: 'SPDX-2.3', packages: [value], files: value, creationInfo: value });
    parseSbom({ bomFormat: 'CycloneDX', components: [value, { components: value }], metadata: value });
    assert.equal(parseStatement({ payloadType: value, payload: value }), null);
  }
});

const envelope = (payload: string) => ({
  payloadType: 'application/vnd.in-toto+json',
  payload: Buffer.from(payload).toString('base64'),
  signatures: [{ sig: 'eA==' }, { sig: '!' }, null],
});

test('a statement is read bare, from an envelope and from a bundle, but not from an envelope in an envelope', () => {
  const bare = statement(IMAGE, V1, {});
  const wrapped = envelope(JSON.stringify(bare));
  for (const value of [bare, wrapped, { dsseEnvelope: wrapped }]) {
    const parsed = parseStatement(value);
    assert.deepEqual([parsed?.predicateType, [...(parsed?.subjects ?? [])]], [V1, [IMAGE]]);
  }
  assert.equal(parseStatement(envelope(JSON.stringify(wrapped))), null);
  assert.throws(() => parseStatement(envelope('{cut')), hasCode('BAD_MANIFEST'));
  assert.throws(() => parseStatement(envelope('['.repeat(300))), hasCode('TOO_LARGE'));
  assert.deepEqual(envelopeOf(wrapped)?.signatures.map(String), ['120']);
});

test('a large statement’s type and subjects are read from its beginning', () => {
  const text = JSON.stringify(statement(IMAGE, V1, { files: ['x'.repeat(100)] }));
  assert.deepEqual([...(parseStatementHead(utf8(text.slice(0, -50)))?.subjects ?? [])], [IMAGE]);
  for (const head of ['', '{', '{"a":1}', text.slice(0, 60), '{"predicate":{}, "predicateType":"x"', `${'{"a":'.repeat(20)}"predicate":`])
    assert.equal(parseStatementHead(utf8(head)), null, head);
});

test('a DSSE signature covers the lengths and the type too', () => {
  // The example in the DSSE protocol's specification.
  const encoded = preAuthEncoding({ payloadType: 'http://example.com/HelloWorld', payload: utf8('hello world'), signatures: [] });
  assert.equal(Buffer.from(encoded).toString(), 'DSSEv1 29 http://example.com/HelloWorld 11 hello world');
});

test('a signed payload’s subject is read from simple signing and from an envelope', () => {
  const simple = utf8(JSON.stringify({ critical: { image: { 'docker-manifest-digest': IMAGE } } }));
  const signed = signedPayload(simple, ['!', 'eHl6']);
  assert.deepEqual([signed?.bytes, signed?.signatures.map(String), signed?.isAbout(IMAGE)], [simple, ['120,121,122'], true]);
  const attested = signedPayload(utf8(JSON.stringify(envelope(JSON.stringify(statement(IMAGE, V1, {}))))), []);
  assert.deepEqual([attested?.isAbout(IMAGE), attested?.isAbout(`sha256:${'b'.repeat(64)}`)], [true, false]);
  for (const [layer, ...annotated] of [['{cut', 'eHl6'], ['{}', '!'], ['{}'], ['']] as const)
    assert.equal(signedPayload(utf8(layer), annotated), null);
});

test('base64 is decoded as in Go: both alphabets, with or without padding and line breaks', () => {
  for (const length of [0, 1, 2, 3, 4, 5, 255]) {
    const bytes = Buffer.from(Array.from({ length }, (_, at) => (at * 37 + 251) % 256));
    for (const text of [bytes.toString('base64'), bytes.toString('base64url'), bytes.toString('base64').replace(/(.{4})/g, '$1\r\n')])
      assert.deepEqual(Buffer.from(decodeBase64(text) ?? []), bytes, text);
  }
  for (const text of ['a', 'ab=c', 'a b', 'é', 'abcde', 'ab=========']) assert.equal(decodeBase64(text), null, text);
});

test('ranges of Dockerfile lines are sorted, and adjacent ones joined', () => {
  assert.deepEqual(
    joinRanges([
      [9, 9],
      [1, 2],
      [3, 3],
      [2, 2],
      [5, 7],
    ]),
    [
      [1, 3],
      [5, 7],
      [9, 9],
    ],
  );
});

const SPDX = {
  spdxVersion: 'SPDX-2.3',
  name: 'sbom',
  creationInfo: { created: '2026-01-01T00:00:00Z', creators: ['Organization: x', 'Tool: syft-v1'] },
  packages: [
    {
      name: 'zlib1g',
      versionInfo: '1:1.2.13',
      licenseConcluded: 'NOASSERTION',
      licenseDeclared: 'Zlib',
      externalRefs: [
        { referenceType: 'cpe23Type', referenceLocator: 'cpe' },
        { referenceType: 'purl', referenceLocator: 'pkg:deb/debian/zlib1g@1%3A1.2.13?arch=amd64' },
      ],
    },
    { versionInfo: 'no name' },
  ],
  files: [{}, {}],
  relationships: [{}],
};

const CYCLONEDX = {
  bomFormat: 'CycloneDX',
  specVersion: '1.6',
  metadata: { timestamp: 't', tools: { components: [{ name: 'trivy', version: '1' }] }, component: { name: 'app' } },
  components: [
    { type: 'library', group: '@a', name: 'b', version: '1', purl: 'pkg:npm/%40a/b@1', licenses: [{ license: { id: 'MIT' } }] },
    { type: 'file', name: '/x' },
    { type: 'application', name: 'outer', components: [{ type: 'library', name: 'inner', licenses: [{ expression: 'MIT OR ISC' }] }] },
  ],
};

test('SPDX and CycloneDX are read as far as names, versions, licences and counts', () => {
  assert.deepEqual(parseSbom(SPDX), {
    format: 'SPDX',
    version: '2.3',
    name: 'sbom',
    created: '2026-01-01T00:00:00Z',
    tools: ['syft-v1'],
    packages: [{ name: 'zlib1g', version: '1:1.2.13', purl: 'pkg:deb/debian/zlib1g@1%3A1.2.13?arch=amd64', license: 'Zlib' }],
    files: 2,
    relationships: 1,
  });
  const sbom = parseSbom(CYCLONEDX);
  assert.deepEqual(
    sbom?.packages.map(({ name, version, license }) => [name, version, license]),
    [
      ['@a/b', '1', 'MIT'],
      ['outer', null, null],
      ['inner', null, 'MIT OR ISC'],
    ],
  );
  assert.deepEqual([sbom?.files, sbom?.tools, sbom?.name, sbom?.version], [1, ['trivy 1'], 'app', '1.6']);
  assert.equal(parseSbom({ format: 'other' }), null);
});

test('a package URL is split into type, name, version and architecture', () => {
  const cases: readonly (readonly [string, readonly unknown[] | null])[] = [
    ['pkg:deb/debian/zlib1g@1%3A1.2.13?arch=amd64&distro=debian-12', ['deb', 'zlib1g', '1:1.2.13', 'amd64']],
    ['pkg:npm/%40scope/name@1.0.0', ['npm', '@scope/name', '1.0.0', null]],
    ['pkg:npm/@scope/name', ['npm', '@scope/name', null, null]],
    ['pkg:npm/@scope/name@2', ['npm', '@scope/name', '2', null]],
    ['pkg:maven/org.apache/commons@3?type=jar#a/b', ['maven', 'org.apache:commons', '3', null]],
    ['pkg:golang/github.com/a/b@v1.2.3', ['golang', 'github.com/a/b', 'v1.2.3', null]],
    ['pkg:rpm/fedora/bash@5.1-2.fc40?arch=x86_64&epoch=1', ['rpm', 'bash', '1:5.1-2.fc40', 'x86_64']],
    ['pkg:PyPI/Django@4', ['pypi', 'Django', '4', null]],
    ['pkg:generic/100%@1', ['generic', '100%', '1', null]],
    ['pkg:npm', null],
    ['http://x', null],
  ];
  for (const [purl, expected] of cases) {
    const found = parsePackageUrl(purl);
    assert.deepEqual(found === null ? null : [found.type, found.name, found.version, found.arch], expected, purl);
  }
});

test('an SBOM’s packages are only in it, only in the image, in another version, the same, or not compared', () => {
  const stated = (purl: string | null) => ({ name: 'x', version: null, purl, license: null });
  const found = (type: string, name: string, version: string) => ({ type, name, version, arch: null });
  const differences = compareSbom(
    [
      stated('pkg:deb/debian/same@1'),
      stated('pkg:deb/debian/older@1?epoch=0'),
      stated('pkg:deb/debian/gone@1'),
      stated('pkg:pypi/Flask_Login@1'),
      stated('pkg:golang/example.com/m@v1.0.0'),
      stated('pkg:cargo/x@1'),
      stated(null),
    ],
    [
      found('deb', 'same', '0:1'),
      found('deb', 'older', '2'),
      found('deb', 'new', '1'),
      found('pypi', 'flask-login', '1'),
      found('golang', 'example.com/m', '1.0.0'),
    ],
    new Set(['deb', 'pypi', 'golang']),
  );
  const names = (list: readonly { name: string }[]) => list.map(({ name }) => name);
  assert.deepEqual([names(differences.onlyStated), names(differences.onlyFound), differences.same], [['gone'], ['new'], 3]);
  assert.deepEqual(differences.otherVersion, [{ type: 'deb', name: 'older', stated: ['1'], found: ['2'] }]);
  assert.equal(differences.notCompared, 2);
});
