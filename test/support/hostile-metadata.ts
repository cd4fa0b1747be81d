// Small layers with tables of contents, registry hives and package databases that are far larger than the layers themselves.
import { createHash, generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { slsaPredicate, statement } from './attestation-builder.ts';
import { dockerArchive } from './docker-archive.ts';
import { hive } from './hive-builder.ts';
import { type HostileInput, ociOf, pieces, writePieces, zstdStored, zstdZeros } from './hostile-inputs.ts';
import { concat, END_MARKER, file, header, latin1, tar, utf8, zeros } from './tar-builder.ts';

/** Yields a member whose body is `head` followed by `piece` repeated `times` times. */
function* growing(name: string, head: Uint8Array, piece: Uint8Array, times: number): Generator<Uint8Array> {
  const size = head.length + piece.length * times;
  yield header({ name, size: latin1(size.toString(8).padStart(11, '0')) });
  yield head;
  yield* pieces(piece, times);
  yield zeros(-size & 511);
}

/** Returns a file with a hive's first bytes followed by zeros, as two zstd frames. */
function hiveOfZeros(name: string, bytes: number): Uint8Array {
  const start = hive({ name: 'R' });
  const size = latin1((start.length + bytes).toString(8).padStart(11, '0'));
  return concat(zstdStored(concat(header({ name, size }), start)), zstdZeros(bytes + (-(start.length + bytes) & 511)));
}

const CONFIG = 'Files/Windows/System32/config';

/** Yields an eStargz layer in an image, so that it is compared with its table of contents. */
function estargz(toc: Uint8Array): Generator<Uint8Array> {
  const contents = gzipSync(file('f', 'x'));
  const table = gzipSync(concat(file('stargz.index.json', toc), END_MARKER), { level: 1 });
  const place = contents.length.toString(16).padStart(16, '0');
  const footer = concat(
    Uint8Array.of(0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255, 26, 0, 0x53, 0x47, 22, 0),
    latin1(`${place}STARGZ`),
    Uint8Array.of(1, 0, 0, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0),
  );
  const layer = concat(contents, table, footer);
  const digest = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  const config = utf8(JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [digest(layer)] } }));
  const annotations = { 'containerd.io/snapshot/stargz/toc.digest': digest(toc) };
  const manifest = utf8(
    JSON.stringify({
      schemaVersion: 2,
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digest(config), size: config.length },
      layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: digest(layer), size: layer.length, annotations }],
    }),
  );
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  return ociOf([layer, config, manifest], () => ({
    schemaVersion: 2,
    manifests: [{ mediaType, digest: digest(manifest), size: manifest.length }],
  }));
}

/** Returns `count` fields with different four-letter names. */
function fields(count: number, from = 0): string {
  return Array.from({ length: count }, (_, at) => `"${(from + at).toString(36).padStart(4, '0')}":1`).join(',');
}

export const HOSTILE_METADATA: readonly HostileInput[] = [
  {
    name: 'a table of contents whose entries all have different fields',
    make: (target) => {
      const entries = Array.from({ length: 200_000 }, (_, at) => `{"name":"a${at}","type":"dir",${fields(20, at * 20)}}`);
      return writePieces(target, estargz(utf8(`{"version":1,"entries":[${entries.join(',')}]}`)));
    },
    commands: [['inspect', 'FILE', '--verify', '--json']],
  },
  {
    name: 'registry hives with 500 MB of zeros',
    make: (target) =>
      writePieces(target, [
        ...['SAM', 'SECURITY', 'SOFTWARE', 'SYSTEM'].map((name, at) => hiveOfZeros(`${CONFIG}/${name}`, (at < 2 ? 150 : 500) * 2 ** 20)),
        zstdStored(END_MARKER),
      ]),
    commands: [['hive', 'FILE']],
  },
  {
    name: 'a 250 MB apk database',
    make: (target) =>
      writePieces(
        target,
        (function* () {
          yield* growing('lib/apk/db/installed', utf8('P:a\nV:1\n\nP:b\nV:1\n'), utf8('F:a\nR:b\n'.repeat(4096)), 7_600);
          yield END_MARKER;
        })(),
        'zstd',
      ),
    commands: [['packages', 'FILE']],
  },
  {
    name: 'layers that each have 80,000 packages in different versions',
    make: (target) =>
      writePieces(target, [dockerArchive({ name: 'many:1', layers: Array.from({ length: 8 }, (_, at) => manyPackages(at)) })], 'gzip'),
    commands: [['packages', 'FILE']],
  },
  {
    name: 'a million diversions and as many paths',
    make: (target) => {
      const lines = (make: (at: string) => string): string =>
        Array.from({ length: 1_000_000 }, (_, at) => make(String(at).padStart(7, '0'))).join('');
      return writePieces(
        target,
        [
          file('var/lib/dpkg/status', 'Package: a\nVersion: 1\n'),
          file(
            'var/lib/dpkg/diversions',
            lines((at) => `/d${at}\n/x\nb\n`),
          ),
          file(
            'var/lib/dpkg/info/a.list',
            lines((at) => `/p${at}\n`),
          ),
          END_MARKER,
        ],
        'gzip',
      );
    },
    commands: [['packages', 'FILE']],
  },
  {
    name: 'a provenance with 50,000 stages, most of which each layer copied from',
    make: (target) => writePieces(target, stagesInProvenance(50_000, 60), 'gzip'),
    commands: [['why', 'FILE', 'x']],
  },
  {
    name: 'an SBOM with 190,000 packages, attached 100 times',
    make: (target) => writePieces(target, withSbom(190_000, 100)),
    commands: [['packages', 'FILE', '--sbom', 'attached']],
  },
  {
    name: 'an SBOM with 1.5 million packages, attached 100 times',
    make: (target) => writePieces(target, withSbom(1_500_000, 100)),
    commands: [['packages', 'FILE', '--sbom', 'attached']],
  },
  {
    name: 'an SBOM with 3.1 million packages next to an image',
    make: async (target) => {
      writeFileSync(`${target}.spdx.json`, JSON.stringify(spdx(3_100_000)));
      await writePieces(target, withSbom(1, 1));
    },
    commands: [['packages', 'FILE', '--sbom', 'FILE.spdx.json']],
  },
  {
    name: 'a provenance with 1.5 million values, attached 100 times',
    make: (target) => {
      const predicate = { buildType: 'x', materials: [], metadata: { a: Array(1_500_000).fill({}) } };
      return writePieces(
        target,
        imageWith([tar(file('x', ''))], (manifest) => stated(manifest, SLSA, predicate, 100)),
      );
    },
    commands: [['why', 'FILE', 'x']],
  },
  {
    name: 'a 40 MB payload with 200 signatures',
    make: async (target) => {
      const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
      writeFileSync(`${target}.pub`, publicKey.export({ format: 'pem', type: 'spki' }));
      await writePieces(target, imageWith([tar(file('x', ''))], manySignatures));
    },
    commands: [['inspect', 'FILE', '--key', 'FILE.pub']],
  },
];

/** Returns a layer with two databases of 40,000 packages each. */
function manyPackages(version: number): Uint8Array {
  const stanzas = Array.from({ length: 40_000 }, (_, at) => `Package: p${at}\nVersion: ${version}.${at}\n\n`).join('');
  return tar(file('var/lib/dpkg/status', stanzas), file('usr/lib/opkg/status', stanzas));
}

const sha256 = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

const descriptor = (mediaType: string, bytes: Uint8Array) => ({ mediaType, digest: sha256(bytes), size: bytes.length });

/** Something attached to an image: a blob that a manifest names several times, with the blob's and the manifest's annotations. */
interface Attached {
  readonly mediaType: string;
  readonly blob: Uint8Array;
  readonly times: number;
  readonly annotations: Readonly<Record<string, string>>;
  readonly manifestAnnotations: Readonly<Record<string, string>>;
}

/** Returns an image of plain layers with something attached. */
function imageWith(layers: readonly Uint8Array[], attach: (manifest: string) => Attached): Generator<Uint8Array> {
  const config = utf8(JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: layers.map(sha256) } }));
  const manifestOf = (image: Uint8Array, blobs: readonly object[]): Uint8Array =>
    utf8(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: MANIFEST,
        config: descriptor('application/vnd.oci.image.config.v1+json', image),
        layers: blobs,
      }),
    );
  const manifest = manifestOf(
    config,
    layers.map((layer) => descriptor('application/vnd.oci.image.layer.v1.tar', layer)),
  );
  const { mediaType, blob, times, annotations, manifestAnnotations } = attach(sha256(manifest));
  const attached = manifestOf(utf8('{}'), Array(times).fill({ ...descriptor(mediaType, blob), annotations }));
  return ociOf([...layers, config, manifest, utf8('{}'), blob, attached], () => ({
    schemaVersion: 2,
    manifests: [
      { ...descriptor(MANIFEST, manifest), platform: { os: 'linux', architecture: 'amd64' } },
      {
        ...descriptor(MANIFEST, attached),
        platform: { os: 'unknown', architecture: 'unknown' },
        annotations: manifestAnnotations,
      },
    ],
  }));
}

/** Returns a statement about an image, attached several times as BuildKit does it. */
function stated(manifest: string, type: string, predicate: object, times = 1): Attached {
  return {
    mediaType: 'application/vnd.in-toto+json',
    blob: utf8(JSON.stringify(statement(manifest, type, predicate))),
    times,
    annotations: { 'in-toto.io/predicate-type': type },
    manifestAnnotations: { 'vnd.docker.reference.type': 'attestation-manifest', 'vnd.docker.reference.digest': manifest },
  };
}

/** Returns a 40 MB payload, named by 200 signatures as cosign stores them. */
function manySignatures(manifest: string): Attached {
  const critical = { image: { 'docker-manifest-digest': manifest }, type: 'cosign container image signature' };
  return {
    mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json',
    blob: utf8(JSON.stringify({ critical, optional: { a: 'a'.repeat(40_000_000) } })),
    times: 200,
    annotations: { 'dev.cosignproject.cosign/signature': 'MEUC' },
    manifestAnnotations: { 'org.opencontainers.image.ref.name': `${manifest.replace(':', '-')}.sig` },
  };
}

const SLSA = 'https://slsa.dev/provenance/v0.2';
const SPDX = 'https://spdx.dev/Document';

/** Returns an SBOM whose packages take far more memory than their text. */
const spdx = (packages: number): object => ({ spdxVersion: 'SPDX-2.3', packages: Array(packages).fill({ name: 'a' }) });

function withSbom(packages: number, times: number): Generator<Uint8Array> {
  return imageWith([tar(file('x', ''))], (manifest) => stated(manifest, SPDX, spdx(packages), times));
}

/** Yields an image whose layers all have the file `x`, and a provenance that says each was copied from every second stage. */
function stagesInProvenance(stages: number, layerCount: number): Generator<Uint8Array> {
  const layers = Array.from({ length: layerCount }, (_, at) => tar(file('x', String(at))));
  const copies = layers.map((each, at) => [`k${at}`, { lines: [[1, 1]] as const, inputs: ['s'], layers: [[sha256(each)]] }] as const);
  const predicate = slsaPredicate('v0.2', 'FROM a\n'.repeat(stages), {
    s: { lines: Array.from({ length: stages / 2 - 1 }, (_, at) => [2 * at + 2, 2 * at + 2] as const) },
    ...Object.fromEntries(copies),
  });
  return imageWith(layers, (manifest) => stated(manifest, SLSA, predicate));
}

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
