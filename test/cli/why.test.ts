import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { preAuthEncoding } from '#format/attestation';
import type { ArchiveReport } from '#model';
import { attestationOf, slsaPredicate, statement } from '../support/attestation-builder.ts';
import { runCommand } from '../support/command-line.ts';
import { archiveOf, type BuiltDescriptor, Files, json, ociImage, ociLayout } from '../support/image-builder.ts';
import { directory, file, symlink, tar, utf8 } from '../support/tar-builder.ts';
import { testFile } from '../support/workbench.ts';

const V1 = 'https://slsa.dev/provenance/v1';
const DOCKERFILE = 'FROM scratch\nCOPY --from=0 app /app\nRUN rm /app \\\n && touch /usr/new\n';

const BASE = tar(file('app', 'one', { mode: 0o755 }), symlink('bin', 'usr'), directory('usr/'));
const TOP = tar(file('.wh.app'), file('usr/new', ''), file('deep/x', ''));

interface Built {
  readonly path: string;
  readonly image: BuiltDescriptor;
}

/** Returns an image of two layers with documents attached to it. */
function build(
  t: Parameters<typeof testFile>[0],
  attached: (image: BuiltDescriptor, layers: readonly string[], files: Files) => BuiltDescriptor[],
): Built {
  const files = new Files();
  const history = [{ created_by: 'COPY app /app # buildkit' }, { created_by: 'RUN /bin/sh -c rm /app  && touch /usr/new # buildkit' }];
  const image = ociImage(files, { layers: [{ tar: BASE, packed: 'gzip' }, { tar: TOP }], config: { history } });
  const digests = image.layers.map(({ digest }) => digest);
  const more = attached(image, digests, files);
  return { path: testFile(t, archiveOf(ociLayout(files, [image, ...more]))), image };
}

function provenance(layers: readonly string[]): object {
  const [base = '', top = ''] = layers;
  return slsaPredicate('v1', DOCKERFILE, {
    step0: { source: 'docker-image://app@sha256:1', layers: [[base]] },
    step1: { inputs: ['step0'], lines: [[3, 4]], layers: [[base, top]] },
  });
}

async function why(path: string, ...words: readonly string[]): Promise<Record<string, unknown>> {
  const { stdout, stderr } = await runCommand(['why', path, ...words, '--json']);
  assert.equal(stderr, '');
  return JSON.parse(stdout) as Record<string, unknown>;
}

const MADE = {
  file: 'Dockerfile',
  lines: [[3, 4]],
  from: [],
  stage: null,
  stageBase: 'scratch',
  fromStages: [],
  fromStageBases: [],
  by: 'digest',
  text: 'RUN rm /app \\\n && touch /usr/new',
  fromText: '',
};

test('why names every version of a path with its layer, command, lines and base image', async (t) => {
  const { path } = build(t, (image, layers, files) => [attestationOf(files, image, [statement(image.digest, V1, provenance(layers))])]);
  const removed = { createdBy: 'RUN /bin/sh -c rm /app  && touch /usr/new # buildkit', dockerfile: MADE, base: null };
  const added = { createdBy: 'COPY app /app # buildkit', dockerfile: null, base: 'docker-image://app@sha256:1' };
  assert.deepEqual(await why(path, '/app'), {
    path: 'app',
    shown: false,
    layer: 1,
    ...removed,
    package: null,
    provenance: 'with-lines',
    versions: [
      { layer: 0, kind: 'added', type: 'file', size: 3, mode: '0755', ...added },
      { layer: 1, kind: 'removed', ...removed },
    ],
  });
  // The first path leads through a link; the second is a folder that exists only through its contents.
  assert.deepEqual([(await why(path, 'bin/new')).path, (await why(path, 'bin')).path], ['usr/new', 'bin']);
  assert.deepEqual((await why(path, 'deep')).versions, [{ layer: 1, kind: 'added', type: 'directory', size: 0, mode: '0755', ...removed }]);
  for (const none of ['nothing', '/']) {
    const { code, stderr } = await runCommand(['why', path, none]);
    assert.deepEqual([code, /NOT_FOUND/.test(stderr)], [3, true]);
  }
  const { stdout } = await runCommand(['why', path, 'app']);
  for (const words of [
    'removed by layer 1',
    'from the base image docker-image://app@sha256:1',
    'Dockerfile lines 3–4 (FROM scratch)',
    '    4   && touch',
  ])
    assert.ok(stdout.includes(words), words);
});

test('provenance that is damaged, unreadable or for another subject gives no lines', async (t) => {
  const other = `sha256:${'1'.repeat(64)}`;
  const { path } = build(t, (image, layers, files) => [
    attestationOf(files, image, [statement(other, V1, provenance(layers)), '{cut', { predicateType: V1, subject: 7, predicate: [] }]),
  ]);
  assert.deepEqual([(await why(path, 'app')).dockerfile, (await why(path, 'app')).base], [null, null]);
  const report = JSON.parse((await runCommand(['inspect', path, '--json'])).stdout) as ArchiveReport;
  assert.deepEqual(
    report.images[0]?.attestations.map(({ predicateType, matches, status }) => [predicateType, matches, status]),
    [
      [V1, false, 'present'],
      [null, false, 'damaged'],
      [V1, false, 'present'],
    ],
  );
});

test('an attestation whose content doesn’t match its digest is reported as damaged', async (t) => {
  const { path } = build(t, (image, layers, files) => {
    const attached = attestationOf(files, image, [statement(image.digest, V1, provenance(layers))]);
    const [stated] = [...files.map].find(([, bytes]) => Buffer.from(bytes).includes('slsa.dev')) ?? [''];
    files.map.set(stated, json(statement(image.digest, V1, {})));
    return [attached];
  });
  const { images, findings } = JSON.parse((await runCommand(['inspect', path, '--json'])).stdout) as ArchiveReport;
  assert.equal(images[0]?.attestations[0]?.status, 'damaged');
  assert.ok(findings.some(({ code }) => code === 'digest-mismatch'));
  assert.equal((await why(path, 'app')).dockerfile, null);
});

test('lines of a Dockerfile that the user provides are a guess, listed next to the provenance', async (t) => {
  const { path } = build(t, () => []);
  const dockerfile = testFile(t, utf8(DOCKERFILE), 'My.Dockerfile');
  const report = await why(path, 'usr/new', '--dockerfile', dockerfile);
  const guess = { ...MADE, file: 'My.Dockerfile', by: 'text' };
  assert.deepEqual([report.dockerfile, report.guess], [null, guess]);
  const unrelated = testFile(t, utf8('FROM x\nRUN other'), 'Dockerfile');
  assert.equal((await why(path, 'usr/new', '--dockerfile', unrelated)).guess, null);
  const { stdout } = await runCommand(['why', path, 'usr/new', '--dockerfile', dockerfile]);
  assert.match(stdout, /My\.Dockerfile lines 3–4 \(FROM scratch\) {2}a guess, by the text of the command/);
  const missing = await runCommand(['why', path, 'app', '--dockerfile', `${dockerfile}.none`]);
  assert.deepEqual([missing.code, missing.error?.code], [3, 'NOT_FOUND']);
});

test('why names the stages with their bases, and prints the instructions that made copied files', async (t) => {
  const dockerfile = 'FROM golang:1.22 AS build\nRUN go build\nFROM debian\nCOPY --from=build app /app\nRUN rm /app && touch /usr/new\n';
  const { path } = build(t, (image, [base = '', top = ''], files) => {
    const steps = {
      step0: { source: 'docker-image://golang' },
      step1: { inputs: ['step0'], lines: [[2, 2]] },
      step2: { source: 'docker-image://debian' },
      step3: { inputs: ['step2', 'step1'], lines: [[4, 4]], layers: [[base]] },
      step4: { inputs: ['step3'], lines: [[5, 5]], layers: [[base, top]] },
    } as const;
    return [attestationOf(files, image, [statement(image.digest, V1, slsaPredicate('v1', dockerfile, steps))])];
  });
  const lines = (await runCommand(['why', path, 'app'])).stdout.split('\n');
  const copied = [
    '  Dockerfile line 4 (stage 1, FROM debian)',
    '    4  COPY --from=build app /app',
    '  what it copied or mounted: Dockerfile line 2 (stage "build", FROM golang:1.22)',
    '    2  RUN go build',
  ];
  assert.deepEqual(lines.slice(lines.indexOf(copied[0] as string)).slice(0, 4), copied);
  assert.ok(lines.includes('  Dockerfile line 5 (stage 1, FROM debian)'));
  const report = (await why(path, 'app')) as { versions: { dockerfile: Record<string, unknown> }[] };
  const { stageBase, fromStages, fromStageBases, fromText } = report.versions[0]?.dockerfile ?? {};
  assert.deepEqual([stageBase, fromStages, fromStageBases, fromText], ['debian', ['build'], ['golang:1.22'], 'RUN go build']);
  // The stages are also named when the lines are a guess.
  const guessed = build(t, () => []).path;
  const file = testFile(t, utf8(dockerfile.replace('app /app', 'app /app').replace('/app &&', '/app  &&')), 'Dockerfile');
  const { stdout } = await runCommand(['why', guessed, 'app', '--dockerfile', file]);
  assert.ok(stdout.includes(`${copied[0]}  a guess, by the text of the command\n${copied.slice(1).join('\n')}`), stdout);
});

test('why explains why it can’t name lines', async (t) => {
  const lastLine = async (path: string, ...words: readonly string[]): Promise<string> =>
    (await runCommand(['why', path, 'usr/new', ...words])).stdout.trimEnd().split('\n').at(-1) ?? '';
  const plain = build(t, () => []).path;
  assert.match(await lastLine(plain), /^No provenance is attached to this image, so the Dockerfile is unknown\. .*--dockerfile FILE\.$/);
  const unrelated = testFile(t, utf8('FROM x\nRUN other'), 'My.Dockerfile');
  assert.equal(await lastLine(plain, '--dockerfile', unrelated), 'No line of My.Dockerfile matches the command of layer 1.');
  const min = build(t, (image, _, files) => [attestationOf(files, image, [statement(image.digest, V1, { runDetails: {} })])]).path;
  assert.match(await lastLine(min), /^The provenance of this image doesn’t name lines of a Dockerfile: BuildKit’s does in mode max\. /);
  assert.equal((await why(min, 'usr/new')).provenance, 'without-lines');
  const partial = build(t, (image, [base = ''], files) => [
    attestationOf(files, image, [
      statement(image.digest, V1, slsaPredicate('v1', DOCKERFILE, { step0: { lines: [[2, 2]], layers: [[base]] } })),
    ]),
  ]).path;
  assert.match(await lastLine(partial), /^The provenance of this image doesn’t say which lines made layer 1\. /);
  const known = build(t, (image, layers, files) => [attestationOf(files, image, [statement(image.digest, V1, provenance(layers))])]).path;
  assert.equal(await lastLine(known), '    4   && touch /usr/new');
});

test('`why` on a folder lists the packages with files in it, largest first, and the files that no package owns', async (t) => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  const status = names.map((name) => `Package: ${name}\nStatus: install ok installed\nVersion: 1\n`).join('\n');
  const layer = tar(
    file('var/lib/dpkg/status', status),
    ...names.map((name) => file(`var/lib/dpkg/info/${name}.list`, `/usr/lib\n/usr/lib/${name}\n`)),
    ...names.map((name, at) => file(`usr/lib/${name}`, 'x'.repeat(100 * (at + 1)))),
    file('usr/lib/own', 'x'.repeat(50)),
    file('usr/other', 'x'),
  );
  const files = new Files();
  const path = testFile(
    t,
    archiveOf(ociLayout(files, [ociImage(files, { layers: [{ tar: layer }, { tar: tar(file('usr/lib/a', 'y')) }] })])),
  );
  const { stdout } = await runCommand(['why', path, 'usr/lib']);
  assert.ok(
    stdout.includes(
      '  files of 7 packages: deb g 1 (700 B), deb f 1 (600 B), deb e 1 (500 B), deb d 1 (400 B), deb c 1 (300 B) and 2 others\n' +
        '  1 file (50 B) not owned by a package\n',
    ),
    stdout,
  );
  const { inFolder } = (await why(path, 'usr/lib')) as { inFolder: { packages: { name: string }[]; count: number } };
  assert.deepEqual([inFolder.count, inFolder.packages.map(({ name }) => name).join('')], [7, 'gfedcba']);
  assert.equal((await why(path, 'usr/lib/a')).inFolder, undefined);
});

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

/** Returns a signature as cosign stores it: a payload, and its signature in an annotation. */
function cosignSignature(files: Files, image: BuiltDescriptor, key: KeyObject, about = image.digest): BuiltDescriptor {
  const payload = json({ critical: { image: { 'docker-manifest-digest': about }, type: 'cosign container image signature' } });
  const signature = sign(key.asymmetricKeyType === 'ed25519' ? null : 'sha256', payload, key).toString('base64');
  const annotations = { 'dev.cosignproject.cosign/signature': signature };
  const layer = { ...files.add(payload, 'application/vnd.dev.cosign.simplesigning.v1+json'), annotations };
  return tagged(files, image, [layer], 'sig');
}

function tagged(files: Files, image: BuiltDescriptor, layers: readonly BuiltDescriptor[], suffix: string): BuiltDescriptor {
  const config = files.add(json({ rootfs: { type: 'layers', diff_ids: [] } }), 'application/vnd.oci.image.config.v1+json');
  const manifest = files.add(json({ schemaVersion: 2, mediaType: MANIFEST, config, layers }), MANIFEST);
  return { ...manifest, annotations: { 'org.opencontainers.image.ref.name': `${image.digest.replace(':', '-')}.${suffix}` } };
}

function signedStatement(files: Files, image: BuiltDescriptor, key: KeyObject): BuiltDescriptor {
  const payloadType = 'application/vnd.in-toto+json';
  const payload = json(statement(image.digest, V1, {}));
  const bytes = preAuthEncoding({ payloadType, payload, signatures: [] });
  const sig = sign(key.asymmetricKeyType === 'ed25519' ? null : 'sha256', bytes, key).toString('base64');
  const envelope = json({ payloadType, payload: Buffer.from(payload).toString('base64'), signatures: [{ sig }] });
  return tagged(files, image, [files.add(envelope, 'application/vnd.dsse.envelope.v1+json')], 'att');
}

const KEYS = {
  'ECDSA P-256': generateKeyPairSync('ec', { namedCurve: 'prime256v1' }),
  RSA: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  Ed25519: generateKeyPairSync('ed25519'),
};

const pem = (key: KeyObject): string => key.export({ format: 'pem', type: key.type === 'private' ? 'pkcs8' : 'spki' }).toString();

async function verified(path: string, keyFile: string | null): Promise<unknown[]> {
  const { stdout } = await runCommand(['inspect', path, '--json', ...(keyFile === null ? [] : ['--key', keyFile])]);
  return (JSON.parse(stdout) as ArchiveReport).artifacts.map((artifact) => [artifact.kind, artifact.verified]);
}

test('a signature and a signed statement are verified only by the key that made them, with each kind of key', async (t) => {
  for (const [name, { publicKey, privateKey }] of Object.entries(KEYS)) {
    const { path } = build(t, (image, _, files) => [cosignSignature(files, image, privateKey), signedStatement(files, image, privateKey)]);
    const keyFile = testFile(t, utf8(pem(publicKey)), 'cosign.pub');
    assert.deepEqual(
      await verified(path, keyFile),
      [
        ['signature', true],
        ['attestation', true],
      ] as unknown[],
      name,
    );
    assert.deepEqual(
      await verified(path, null),
      [
        ['signature', undefined],
        ['attestation', undefined],
      ] as unknown[],
      name,
    );
    const others = Object.values(KEYS).filter((pair) => pair.publicKey !== publicKey);
    for (const pair of others) {
      const other = testFile(t, utf8(pem(pair.publicKey)), 'other.pub');
      assert.deepEqual(
        await verified(path, other),
        [
          ['signature', false],
          ['attestation', false],
        ] as unknown[],
        name,
      );
    }
    const [signed, unsigned] = await Promise.all([runCommand(['inspect', path, '--key', keyFile]), runCommand(['inspect', path])]);
    assert.match(signed.stdout, /signature, verified with the key/);
    assert.match(unsigned.stdout, /signature present, not verified/);
    assert.doesNotMatch(unsigned.stdout, /, verified/);
  }
});

test('a valid signature of another image, or of one whose manifest was replaced, is not verified', async (t) => {
  const { publicKey, privateKey } = KEYS['ECDSA P-256'];
  const keyFile = testFile(t, utf8(pem(publicKey)), 'cosign.pub');
  const other = build(t, (image, _, files) => [cosignSignature(files, image, privateKey, `sha256:${'1'.repeat(64)}`)]);
  assert.deepEqual(await verified(other.path, keyFile), [['signature', false]]);
  const replaced = build(t, (image, _, files) => {
    const signature = cosignSignature(files, image, privateKey);
    const forged = ociImage(files, { layers: [{ tar: TOP }] });
    files.replace(image, files.map.get(`blobs/${forged.digest.replace(':', '/')}`) as Uint8Array);
    return [signature];
  });
  assert.deepEqual(await verified(replaced.path, keyFile), [['signature', false]]);
});

/**
 * Returns an image whose last signature is by the P-256 key, after `strangers` signatures by another key over the same payload, which has
 * at least
 * `size` bytes.
 */
function signedAfter(t: TestContext, strangers: number, size = 0): string {
  const { path } = build(t, (image, _, files) => {
    const payload = json({ critical: { image: { 'docker-manifest-digest': image.digest } }, x: 'x'.repeat(size) });
    const layer = files.add(payload, 'application/vnd.dev.cosign.simplesigning.v1+json');
    const by = ({ privateKey }: { privateKey: KeyObject }): BuiltDescriptor => ({
      ...layer,
      annotations: { 'dev.cosignproject.cosign/signature': sign('sha256', payload, privateKey).toString('base64') },
    });
    return [tagged(files, image, [...Array<BuiltDescriptor>(strangers).fill(by(KEYS.RSA)), by(KEYS['ECDSA P-256'])], 'sig')];
  });
  return path;
}

test('signatures with the same payload are read once, and only the first 100 are verified', async (t) => {
  const { publicKey } = KEYS['ECDSA P-256'];
  const keyFile = testFile(t, utf8(pem(publicKey)), 'cosign.pub');
  assert.deepEqual(await verified(signedAfter(t, 99), keyFile), [['signature', true]]);
  const path = signedAfter(t, 100);
  assert.deepEqual(await verified(path, keyFile), [['signature', false]]);
  const { stdout, stderr } = await runCommand(['inspect', path, '--key', keyFile]);
  assert.match(
    stderr,
    /warning: sha256:[0-9a-f]{64} has too many signatures, and is not verified: only the first 100 files were looked at\n/,
  );
  assert.doesNotMatch(stdout, /, verified/);
});

test('reading and hashing for signatures has a limit, and a valid signature beyond it is not verified', async (t) => {
  const { publicKey } = KEYS['ECDSA P-256'];
  const keyFile = testFile(t, utf8(pem(publicKey)), 'cosign.pub');
  assert.deepEqual(await verified(signedAfter(t, 3, 50 * 2 ** 20), keyFile), [['signature', true]]);
  assert.deepEqual(await verified(signedAfter(t, 4, 50 * 2 ** 20), keyFile), [['signature', false]]);
});

test('only a plain public key of a known kind is accepted', async (t) => {
  const { path } = build(t, () => []);
  const cases: readonly (readonly [string, number, RegExp])[] = [
    [pem(KEYS.Ed25519.privateKey), 2, /is a private key/],
    ['-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----', 2, /is a certificate/],
    ['hello', 2, /is not a public key in PEM/],
    [pem(generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).publicKey), 3, /neither ECDSA on P-256/],
    [pem(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey), 3, /neither ECDSA on P-256/],
  ];
  for (const [text, code, message] of cases) {
    const result = await runCommand(['inspect', path, '--key', testFile(t, utf8(text), 'key')]);
    assert.equal(result.code, code, text);
    assert.match(result.stderr, message);
  }
});
