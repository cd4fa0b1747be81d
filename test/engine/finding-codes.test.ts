// Every finding code, with an input that raises it and its expected words. A new code needs a new row: a code without a row fails, and so
// does a row whose input raises nothing. `input` is null for codes that are raised elsewhere: when files are laid out (see test/driver), by
// the data of engines and registries (see test/source), or where all bodies are read (see test/findings).
import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { inspectArchive } from '#engine';
import { FINDING_HINTS, FINDING_SEVERITY, type Finding, type FindingCode, type Severity } from '#model';
import {
  archiveOf,
  digestOf,
  dockerArchive,
  type FileMap,
  Files,
  hexOf,
  imageConfig,
  json,
  legacyArchive,
  ociImage,
  ociIndex,
  ociLayout,
  pack,
  writeFolder,
} from '../support/image-builder.ts';
import { SECRET_SAMPLES } from '../support/secret-samples.ts';
import {
  concat,
  directory,
  file,
  gnuLongName,
  gnuSparse,
  hardlink,
  latin1,
  member,
  pax,
  paxGlobal,
  symlink,
  tar,
  utf8,
} from '../support/tar-builder.ts';
import { testFile, testFolder, testReader } from '../support/workbench.ts';

/** An archive's bytes, or the path of a folder. */
type Input = (t: TestContext) => Uint8Array | string;

interface Row {
  readonly severity: Severity;
  readonly input: Input | null;
  readonly title: RegExp;
  readonly hint: RegExp;
  readonly message: RegExp;
  /** Other codes that the same input is expected to raise. */
  readonly beside?: readonly FindingCode[];
}

const BASE = tar(file('etc/passwd', 'root'));

/** Makes a docker-archive of these layers, with a valid config and manifest.json. */
const docker = (...layers: Uint8Array[]): FileMap => dockerArchive([{ layers }]);
const image =
  (...layers: Uint8Array[]): Input =>
  () =>
    archiveOf(docker(...layers));
const windows =
  (...layers: Uint8Array[]): Input =>
  () =>
    archiveOf(dockerArchive([{ layers, config: { os: 'windows' } }]));
const withConfig =
  (content: string | null): Input =>
  () => {
    const files = new Map([
      ['l.tar', BASE],
      ['manifest.json', json([{ Config: content === null ? undefined : 'c.json', RepoTags: ['x:1'], Layers: ['l.tar'] }])],
    ]);
    return archiveOf(content === null ? files : files.set('c.json', utf8(content)));
  };
/** Makes an OCI archive of one image whose manifest is modified. */
const withManifest =
  (change: (built: ReturnType<typeof ociImage>, files: Files) => object): Input =>
  () => {
    const files = new Files();
    const built = ociImage(files, { layers: [{ tar: BASE }] });
    const manifest = { schemaVersion: 2, config: built.config, layers: built.layers, ...change(built, files) };
    return archiveOf(ociLayout(files, [files.add(json(manifest), built.mediaType)]));
  };
const oci =
  (
    change: (files: Files, built: ReturnType<typeof ociImage>) => void,
    spec: Partial<Parameters<typeof ociImage>[1]['layers'][0]> = {},
  ): Input =>
  () => {
    const files = new Files();
    const built = ociImage(files, { layers: [{ tar: BASE, ...spec }] });
    change(files, built);
    return archiveOf(ociLayout(files, [built]));
  };

/** Returns the row for a secret code that a file scan raises: an image that contains the code's sample. */
function secretRow(code: FindingCode): Row {
  const sample = SECRET_SAMPLES[code];
  const { title, hint } = FINDING_HINTS[code];
  const { path: name, text } = sample?.() ?? { path: '', text: '' };
  return {
    severity: FINDING_SEVERITY[code],
    input: sample === undefined ? null : image(tar(file(name, text))),
    title: new RegExp(`^${title}$`),
    hint: new RegExp(`^${hint}$`),
    message: new RegExp(`^${title}`),
  };
}

const SECRET_ROWS = Object.fromEntries(
  Object.keys(FINDING_SEVERITY)
    .filter((code) => code.startsWith('secret-'))
    .map((code) => [code, secretRow(code as FindingCode)]),
) as Record<Extract<FindingCode, `secret-${string}`>, Row>;

/** The row for a secret code that an image's config raises. */
const configRow = (code: FindingCode, config: object): Row => ({
  ...secretRow(code),
  message: /^Secret in the (?:variable DB_PASSWORD|build argument API_KEY of a step of the history)$/,
  input: withConfig(JSON.stringify({ ...imageConfig([BASE]), ...config })),
});

/** The row for a note about ten bytes at a catalogued path. */
const catalogued = (path: string, title: RegExp, hint: RegExp): Row => ({
  severity: 'note',
  input: image(tar(file(path, 'ten bytes!'))),
  title,
  hint,
  message: /^10 B, /,
});

const ROWS: Readonly<Record<FindingCode, Row>> = {
  ...SECRET_ROWS,
  'secret-env-password': configRow('secret-env-password', { config: { Env: ['DB_PASSWORD=correct horse'] } }),
  'secret-build-arg': configRow('secret-build-arg', { history: [{ created_by: 'RUN |1 API_KEY=battery staple /bin/sh -c make' }] }),
  // Needs files of several gigabytes: see test/archive/body-scan.test.ts.
  'scan-limit': { severity: 'note', input: null, title: /Only partly/, hint: /Only the beginning/, message: /./ },
  'missing-blob': {
    severity: 'error',
    input: oci((files, built) => files.remove(built.layers[0] ?? built)),
    title: /missing/,
    hint: /refers to content that it doesn't contain/,
    message: /^sha256:[0-9a-f]{64} is not in the archive$/,
  },
  'digest-mismatch': {
    severity: 'error',
    input: oci((files, built) => files.replace(built.config, json({ ...imageConfig([BASE]), author: 'x' }))),
    title: /Digest doesn't match/,
    hint: /doesn't have this digest/,
    message: /^the config's digest is stated as sha256:.*, but its content hashes to sha256:/,
  },
  'diffid-mismatch': {
    severity: 'error',
    input: () => archiveOf(dockerArchive([{ layers: [BASE], config: { diffIds: [digestOf(utf8('x'))] } }])),
    title: /Diff ID doesn't match/,
    hint: /isn't the one that the image config names/,
    message: /the config says diffID sha256:/,
  },
  'damaged-blob': {
    severity: 'error',
    input: () => {
      const noise = Uint8Array.from({ length: 4000 }, (_, at) => Math.imul(at + 1, 0x9e3779b1) >>> 24);
      const packed = pack(tar(file('noise', noise)), 'gzip');
      packed[1000] = (packed[1000] as number) ^ 0xff;
      return archiveOf(docker(packed));
    },
    title: /Damaged/,
    hint: /doesn't decompress to its end/,
    message: /the gzip stream is damaged/,
    beside: ['diffid-mismatch'],
  },
  'changed-on-disk': { severity: 'error', input: null, title: /Changed on the disk/, hint: /pull the image again/, message: /./ },
  'toc-mismatch': { severity: 'error', input: null, title: /Table of contents/, hint: /shown as it is/, message: /./ },
  unverified: { severity: 'note', input: null, title: /Not verified/, hint: /--verify reads/, message: /./ },
  'bad-tar': {
    severity: 'error',
    input: image(concat(file('a', 'x'), new Uint8Array(1024).fill(0x41))),
    title: /Damaged tar/,
    hint: /header could not be read/,
    message: /tar header at byte 1024/,
  },
  'unsupported-compression': {
    severity: 'error',
    input: image(utf8(`PK\x03\x04${'\0'.repeat(600)}`)),
    title: /Unsupported compression/,
    hint: /gzip, zstd, xz or bzip2/,
    message: /the layer is a ZIP file/,
  },
  'layer-unreadable': {
    severity: 'error',
    input: () => {
      const files = docker(BASE);
      const name = [...files.keys()].find((key) => key.endsWith('layer.tar')) ?? '';
      files.delete(name);
      const records = { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.name': name, 'GNU.sparse.realsize': String(2 ** 50) };
      return archiveOf(files, concat(pax(records), file('x', concat(utf8('1\n0\n512\n'.padEnd(512, '\0')), BASE.subarray(0, 512)))));
    },
    title: /can't be read/,
    hint: /other layers are shown/,
    message: /a sparse file of 1125899906842624 bytes; the limit is/,
  },
  truncated: {
    severity: 'error',
    input: image(BASE.subarray(0, 514)),
    title: /Cut off/,
    hint: /ends too early/,
    message: /cut off: 2 bytes are missing/,
  },
  'path-escape': {
    severity: 'error',
    input: () =>
      archiveOf(
        new Map([
          ['c.json', json(imageConfig([BASE]))],
          ['manifest.json', json([{ Config: 'c.json', Layers: ['../../etc/passwd'] }])],
        ]),
      ),
    title: /points outside/,
    hint: /nothing outside is read or written/,
    message: /\.\.\/\.\.\/etc\/passwd points outside the archive/,
  },
  'link-outside': {
    severity: 'error',
    input: (t) => {
      const files = new Files();
      const built = ociImage(files, { layers: [{ tar: BASE }] });
      const name = `blobs/sha256/${hexOf(BASE)}`;
      const folder = path.join(testFolder(t), 'layout');
      mkdirSync(folder);
      const layout = ociLayout(files, [built]);
      layout.delete(name);
      writeFolder(folder, layout);
      symlinkSync(testFile(t, BASE), path.join(folder, ...name.split('/')));
      return folder;
    },
    title: /Link points outside the folder/,
    hint: /--follow-links/,
    message: /blobs\/sha256\/[0-9a-f]{64} is a link that points outside the folder/,
  },
  'link-loop': {
    severity: 'error',
    input: () =>
      tar(
        file('c.json', json(imageConfig([BASE]))),
        symlink('a/layer.tar', '../b/layer.tar'),
        symlink('b/layer.tar', '../a/layer.tar'),
        file('manifest.json', json([{ Config: 'c.json', Layers: ['a/layer.tar'] }])),
      ),
    title: /Link loop/,
    hint: /leads back to itself/,
    message: /a\/layer\.tar is a link that leads back to itself/,
  },
  'parent-loop': {
    severity: 'error',
    input: () =>
      archiveOf(legacyArchive([BASE, tar(file('b', 'y'))]).set(`${hexOf(utf8('layer 0'))}/json`, json({ parent: hexOf(utf8('layer 1')) }))),
    title: /Layer loop/,
    hint: /its own parent/,
    message: /the parents of [0-9a-f]{12} form a loop/,
  },
  'manifest-unreadable': {
    severity: 'error',
    input: () => {
      const files = new Files();
      const cut = files.add(utf8('{"layers": ['), 'application/vnd.oci.image.manifest.v1+json');
      return archiveOf(ociLayout(files, [ociImage(files, { layers: [{ tar: BASE }] }), cut]));
    },
    title: /Manifest can't be read/,
    hint: /damaged or not a manifest/,
    message: /manifest sha256:[0-9a-f]{64} is not JSON/,
  },
  'index-unreadable': {
    severity: 'error',
    input: () => archiveOf(docker(BASE).set('index.json', utf8('7'))),
    title: /Index can't be read/,
    hint: /what manifest\.json lists is shown/,
    message: /index\.json is a number, not an index: using manifest\.json instead/,
  },
  'config-missing': {
    severity: 'error',
    input: withConfig(null),
    title: /No config/,
    hint: /doesn't name a config/,
    message: /the manifest names no config/,
  },
  'config-unreadable': {
    severity: 'error',
    input: withConfig('{oops'),
    title: /Config can't be read/,
    hint: /the layers are shown/,
    message: /the config is not JSON/,
  },
  'config-not-image': {
    severity: 'error',
    input: withConfig('[1]'),
    title: /Not an image config/,
    hint: /describes something else/,
    message: /the config is a list, not an image config/,
  },
  'bad-digest': {
    severity: 'error',
    input: withManifest(({ layers }) => ({ layers: layers.map((layer) => ({ ...layer, digest: layer.digest.toUpperCase() })) })),
    title: /Digest is ill-formed/,
    hint: /lower-case hex digits/,
    message: /the layer's digest is stated as SHA256:[0-9A-F]{64}, which is not a valid digest/,
  },
  'bad-descriptor': {
    severity: 'error',
    input: withManifest(() => ({ layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar' }] })),
    title: /without a digest/,
    hint: /can't be found/,
    message: /lists the layer without a digest/,
  },
  'attestation-unreadable': {
    severity: 'warning',
    input: () => {
      const files = new Files();
      const built = ociImage(files, { layers: [{ tar: BASE }] });
      const layer = files.add(utf8('{cut'), 'application/vnd.in-toto+json');
      const manifest = files.add(json({ config: built.config, layers: [layer] }), built.mediaType);
      const annotations = { 'vnd.docker.reference.type': 'attestation-manifest', 'vnd.docker.reference.digest': built.digest };
      return archiveOf(ociLayout(files, [built, { ...manifest, annotations }]));
    },
    title: /Attestation can't be read/,
    hint: /doesn't contain an in-toto statement/,
    message: /attestation sha256:[0-9a-f]{64} has no readable statement/,
  },
  'manifest-disagreement': {
    severity: 'warning',
    input: () => {
      const files = new Files();
      const built = ociImage(files, { layers: [{ tar: BASE }] });
      const manifest = [{ Config: `blobs/sha256/${built.config.digest.slice(7)}`, Layers: [] }];
      return archiveOf(ociLayout(files, [built]).set('manifest.json', json(manifest)));
    },
    title: /Manifests disagree/,
    hint: /manifest\.json and the OCI manifest differ/,
    message: /manifest\.json names 0 layers, but the OCI manifest names 1/,
    beside: ['history-mismatch', 'diffid-count'],
  },
  'history-mismatch': {
    severity: 'warning',
    input: () => archiveOf(dockerArchive([{ layers: [BASE], config: { history: null } }])),
    title: /History doesn't match layers/,
    hint: /doesn't match the number of layers/,
    message: /no history for 1 layer/,
  },
  'diffid-count': {
    severity: 'warning',
    input: () => archiveOf(dockerArchive([{ layers: [BASE], config: { diffIds: [] } }])),
    title: /Diff IDs don't match layers/,
    hint: /more or fewer layers than the manifest/,
    message: /no diff IDs for 1 layer/,
  },
  'foreign-layer': {
    severity: 'warning',
    input: oci(() => {}, { absent: true, urls: ['https://example.com/x'] }),
    title: /Foreign layer/,
    hint: /kept elsewhere/,
    message: /is kept elsewhere: https:\/\/example\.com\/x/,
  },
  'media-type-mismatch': {
    severity: 'warning',
    input: oci(() => {}, { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip' }),
    title: /Media type is wrong/,
    hint: /the content decides/,
    message: /says gzip, but the blob is not compressed/,
  },
  'size-mismatch': {
    severity: 'warning',
    input: withManifest(({ layers }) => ({ layers: layers.map((layer) => ({ ...layer, size: 7 })) })),
    title: /Size doesn't match/,
    hint: /longer or shorter than its descriptor says/,
    message: /its descriptor says 7/,
  },
  'sparse-mismatch': {
    severity: 'warning',
    input: image(tar(gnuSparse('hole', 10, [[0, 5]], 'abcd'))),
    title: /Sparse map doesn't match/,
    hint: /more or fewer bytes than its map says/,
    message: /the sparse map lists 5 stored bytes, but there are 4/,
  },
  'trailing-data': {
    severity: 'warning',
    input: () =>
      archiveOf(dockerArchive([{ layers: [concat(pack(BASE, 'gzip'), utf8('junk behind it'))], config: { diffIds: [digestOf(BASE)] } }])),
    title: /Data after the end/,
    hint: /Bytes follow the end/,
    message: /bytes follow the end of the compressed data/,
  },
  'missing-end-marker': {
    severity: 'warning',
    input: image(file('a', 'x')),
    title: /No end marker/,
    hint: /two zero blocks/,
    message: /end/,
  },
  'odd-name': {
    severity: 'note',
    input: image(tar(file('a//b', ''))),
    title: /Unusual path/,
    hint: /isn't in normal form/,
    message: /not in normal form: a\/\/b/,
  },
  'invalid-utf8-name': {
    severity: 'warning',
    input: image(tar(file(latin1('\xe4'), ''))),
    title: /isn't UTF-8/,
    hint: /raw bytes are kept/,
    message: /not UTF-8/,
  },
  'ambiguous-name': {
    severity: 'warning',
    input: image(tar(pax({ path: 'one' }), gnuLongName('two'), file('three', ''))),
    title: /Two names/,
    hint: /GNU long name wins/,
    message: /the GNU one takes precedence/,
  },
  'global-header': {
    severity: 'note',
    input: image(tar(paxGlobal({ comment: 'x' }), file('a', ''))),
    title: /global header/,
    hint: /doesn't apply it/,
    message: /./,
  },
  'duplicate-path': {
    severity: 'note',
    input: image(tar(file('a', '1'), file('a', '2'))),
    title: /Duplicate path/,
    hint: /last entry takes precedence/,
    message: /more than once in this layer/,
  },
  'bare-whiteout': {
    severity: 'warning',
    input: image(tar(file('.wh.', ''))),
    title: /Whiteout without a name/,
    hint: /isn't applied/,
    message: /not applied/,
  },
  'whiteout-without-target': {
    severity: 'note',
    input: image(BASE, tar(file('.wh.nothing', ''))),
    title: /Whiteout without a target/,
    hint: /hides nothing/,
    message: /layers below do not have/,
  },
  'folder-replaced': {
    severity: 'warning',
    input: image(tar(file('v/R', 'x'), file('v', ''))),
    title: /Folder replaced within a layer/,
    hint: /lost in a container/,
    message: /replaces a folder of this layer/,
  },
  'entry-below-file': {
    severity: 'error',
    input: image(tar(file('f', 'x'), file('f/x', ''))),
    title: /Entry below a file/,
    hint: /Container engines refuse/,
    message: /^is below f/,
  },
  'name-through-link': {
    severity: 'note',
    input: image(tar(symlink('s', 'd'), file('s/x', ''))),
    title: /through a symbolic link/,
    hint: /followed inside the image/,
    message: /it is in d$/,
  },
  'symlink-loop': {
    severity: 'error',
    input: image(tar(symlink('s', 's'), file('s/x', ''))),
    title: /Symbolic link loop/,
    hint: /only raw lists/,
    message: /a loop of symbolic links/,
  },
  'symlink-replaced': {
    severity: 'warning',
    input: image(tar(symlink('lib', 'usr/lib')), tar(file('lib/x', ''))),
    title: /link replaced by a folder/,
    hint: /a container gets a folder there/,
    message: /was a symbolic link; this layer has entries below it/,
  },
  'dangling-hardlink': {
    severity: 'warning',
    input: image(tar(hardlink('a', 'nowhere'))),
    title: /Broken hard link/,
    hint: /missing, a folder or the link itself/,
    message: /nowhere/,
  },
  'reserved-name': {
    severity: 'warning',
    input: windows(tar(file('Files/NUL', ''), file('Files/end.', ''))),
    title: /reserves or refuses/,
    hint: /can't open it by this name/,
    message: /./,
  },
  'case-collision': {
    severity: 'warning',
    input: windows(tar(file('Files/a', ''), file('Files/A', ''))),
    title: /differ in case/,
    hint: /one file/,
    message: /differs in case only/,
  },
  'unknown-type': {
    severity: 'warning',
    input: image(tar(member({ name: 'odd', typeflag: 'Z' }))),
    title: /Unknown entry type/,
    hint: /only raw lists/i,
    message: /unknown type Z/,
  },
  'not-kept': { severity: 'warning', input: null, title: /Not preserved/, hint: /can't preserve it/, message: /./ },
  'not-made': { severity: 'warning', input: null, title: /Left out/, hint: /could not be written/, message: /./ },
  'index-entry-skipped': {
    severity: 'note',
    input: () => {
      const files = new Files();
      let deep: ReturnType<typeof ociIndex> = ociImage(files, { layers: [{ tar: BASE }] });
      for (let depth = 0; depth < 20; depth++) deep = ociIndex(files, [deep]);
      return archiveOf(ociLayout(files, [deep]));
    },
    title: /not followed/,
    hint: /contains itself, or has too many entries/,
    message: /nested more than 16 deep/,
  },
  'too-large': {
    severity: 'error',
    input: withConfig(`{"os":"linux","x":${'['.repeat(201)}${']'.repeat(201)}}`),
    title: /Too large/,
    hint: /exceeds a limit/,
    message: /the config is nested more than 200 deep/,
  },
  'name-too-long': {
    severity: 'warning',
    input: image(tar(pax({ path: 'x'.repeat(65_537) }), file('short', ''))),
    title: /Name too long/,
    hint: /only listed in raw/,
    message: /a name of 65537 bytes, the limit is 65536/,
  },
  'waste-apt-lists': catalogued('var/lib/apt/lists/x', /apt package lists/, /rm -rf .*DL3009/),
  'waste-apt-cache': catalogued('var/cache/apt/x', /apt downloads/, /apt-get clean/),
  'waste-apk-cache': catalogued('var/cache/apk/x', /apk/, /--no-cache .*DL3019/),
  'waste-yum-cache': catalogued('var/cache/yum/x', /yum/, /yum clean all .*DL3032/),
  'waste-dnf-cache': catalogued('var/cache/dnf/x', /dnf/, /dnf clean all .*DL3040/),
  'waste-pip-cache': catalogued('root/.cache/pip/x', /pip/, /--no-cache-dir .*DL3042/),
  'waste-npm-cache': catalogued('home/a/.npm/_cacache/x', /npm/, /npm cache clean/),
  'waste-go-build-cache': catalogued('root/.cache/go-build/x', /Go/, /earlier stage/),
  'waste-cargo-cache': catalogued('root/.cargo/registry/x', /Cargo/, /cargo.registry/),
  'waste-maven-repository': catalogued('root/.m2/repository/x', /Maven/, /folder \.m2/),
  'waste-gradle-cache': catalogued('root/.gradle/caches/x', /Gradle/, /folder \.gradle/),
  'waste-composer-cache': catalogued('root/.composer/cache/x', /Composer/, /composer install/),
  'waste-gem-cache': catalogued('usr/lib/ruby/gems/3.2.0/cache/x', /RubyGems/, /gem files/),
  'waste-conda-pkgs': catalogued('opt/conda/pkgs/x', /conda/, /conda clean/),
  'waste-pyc': catalogued('app/__pycache__/x', /Python/, /PYTHONDONTWRITEBYTECODE/),
  'waste-logs': catalogued('var/log/x', /Log/, /logs/),
  'waste-tmp': catalogued('tmp/x', /Temporary/, /tmpfs/),
  'waste-git-folder': catalogued('app/.git/x', /Git/, /dockerignore/),
  'waste-build-tools': catalogued('usr/bin/x86_64-linux-gnu-gcc-12', /Build tools/, /copy only the result/),
  'waste-removed-later': {
    severity: 'note',
    input: image(tar(file('a/b', 'ten bytes!')), tar(file('.wh.a'))),
    title: /Removed by a later layer/,
    hint: /stay in the image/,
    message: /^10 B, removed by layer 1$/,
  },
  'waste-metadata-only-copy': { severity: 'note', input: null, title: /metadata/, hint: /--chown/, message: /./ },
  'waste-same-content': { severity: 'note', input: null, title: /Same content/, hint: /link to it/, message: /./ },
  'mode-setuid': {
    severity: 'note',
    input: image(tar(file('usr/bin/su', 'x', { mode: 0o4755 }))),
    title: /Runs as its owner/,
    hint: /chmod u-s/,
    message: /^mode 4755$/,
  },
  'mode-world-writable': {
    severity: 'warning',
    input: image(tar(directory('open/', { mode: 0o777 }), directory('tmp/', { mode: 0o1777 }))),
    title: /Everyone may write/,
    hint: /chmod o-w/,
    message: /^mode 0777$/,
  },
};

async function findingsOf(t: TestContext, input: Input): Promise<readonly Finding[]> {
  const built = input(t);
  const reader = testReader(t);
  await using archive = await reader.open(typeof built === 'string' ? built : testFile(t, built));
  return (await inspectArchive(reader, archive, { verify: true, scan: true })).findings;
}

const CODES = Object.keys(FINDING_SEVERITY) as FindingCode[];

for (const code of CODES) {
  const { severity, input, title, hint, message, beside = [] } = ROWS[code];
  test(`${code} is raised only by its cause, and its title, hint and message agree`, async (t) => {
    assert.deepEqual(
      [FINDING_SEVERITY[code], title.test(FINDING_HINTS[code].title), hint.test(FINDING_HINTS[code].hint)],
      [severity, true, true],
    );
    if (input === null || (code === 'link-outside' && process.platform === 'win32')) return;
    const findings = await findingsOf(t, input);
    const own = findings.filter((each) => each.code === code);
    assert.ok(own.length > 0, `nothing raises it: ${JSON.stringify(findings)}`);
    for (const each of own) assert.match(each.message, message);
    const others = new Set(findings.map((each) => each.code).filter((each) => each !== code && !beside.includes(each)));
    assert.deepEqual([...others], [], 'the input raises other codes too');
  });
}

test('no two codes share a title or a hint', () => {
  for (const field of ['title', 'hint'] as const) assert.equal(new Set(CODES.map((code) => FINDING_HINTS[code][field])).size, CODES.length);
});
