// A fleet's images for bench:catalog, in one OCI layout: every image has a few layers that only it has, on a base that many share.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { concat, directory, file, tar } from '../support/tar-builder.ts';

/** The shape of the fleet. `shared`: how many of an image's layers come from a base. */
export interface Fleet {
  readonly images: number;
  readonly bases: number;
  readonly shared: number;
  readonly own: number;
  /** Files in each base layer and in each of an image's own layers, and their approximate size. */
  readonly baseFiles: number;
  readonly ownFiles: number;
  readonly fileBytes: number;
}

/** 1,000 images of five layers, four of them shared. */
export const FLEET: Fleet = { images: 1000, bases: 20, shared: 4, own: 1, baseFiles: 750, ownFiles: 200, fileBytes: 8000 };

export interface FleetFolders {
  /** `images` has the whole fleet. `distinct` has images that together contain each layer once. */
  readonly images: string;
  readonly distinct: string;
  readonly layers: number;
  readonly entries: number;
}

const WORDS =
  'alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi chi psi omega'.split(' ');

/** Returns a generator that gives the same numbers for the same seed. */
function numbers(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 0x1_0000_0000;
  };
}

/** Text that compresses about as well as program files do. */
const TEXT = (() => {
  const next = numbers(7);
  const words: string[] = [];
  for (let length = 0; length < 4 * 1024 * 1024; length += 16)
    words.push(`${WORDS[Math.floor(next() * WORDS.length)]}${Math.floor(next() * 1e6)}`);
  return Buffer.from(words.join(' '));
})();

/** Returns part of the text with a unique beginning, so that no two files are the same. */
function body(next: () => number, bytes: number): Uint8Array {
  const from = Math.floor(next() * (TEXT.length - bytes));
  return Buffer.concat([Buffer.from(`${next()} `), TEXT.subarray(from, from + bytes)]);
}

function layerTar(seed: number, folder: string, files: number, fileBytes: number, extra: readonly Uint8Array[] = []): Uint8Array {
  const next = numbers(seed);
  const parts: Uint8Array[] = [directory(`${folder}/`)];
  for (let index = 0; index < files; index++) {
    if (index % 25 === 0) parts.push(directory(`${folder}/part-${Math.floor(index / 25)}/`));
    const name = `${folder}/part-${Math.floor(index / 25)}/${WORDS[index % WORDS.length]}-${index}.txt`;
    parts.push(
      file(name, body(next, Math.floor(next() * 2 * fileBytes)), { mtime: 1_700_000_000 + (seed % 50) * 1000 + Math.floor(index / 50) }),
    );
  }
  return tar(concat(...parts, ...extra));
}

/** Returns a dpkg database with as many packages as a small distribution's image. */
function dpkgStatus(base: number): Uint8Array {
  const stanza = (index: number): string =>
    `Package: lib${WORDS[index % WORDS.length]}${index}\nStatus: install ok installed\nArchitecture: amd64\nVersion: ${base}.${index}-1\nInstalled-Size: ${index}\n\n`;
  return file('var/lib/dpkg/status', Array.from({ length: 120 }, (_, index) => stanza(index)).join(''));
}

interface Blob {
  readonly diffId: string;
  readonly descriptor: { readonly mediaType: string; readonly digest: string; readonly size: number };
}

class Layout {
  readonly folder: string;
  readonly #manifests: object[] = [];

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(path.join(folder, 'blobs', 'sha256'), { recursive: true });
  }

  blob(bytes: Uint8Array, mediaType: string): Blob['descriptor'] {
    const hex = createHash('sha256').update(bytes).digest('hex');
    writeFileSync(path.join(this.folder, 'blobs', 'sha256', hex), bytes);
    return { mediaType, digest: `sha256:${hex}`, size: bytes.length };
  }

  layer(diffId: string, packed: Uint8Array): Blob {
    return { diffId, descriptor: this.blob(packed, 'application/vnd.oci.image.layer.v1.tar+gzip') };
  }

  image(name: string, layers: readonly Blob[], index: number): void {
    const config = {
      architecture: 'amd64',
      os: 'linux',
      created: new Date(1_700_000_000_000 + index * 3_600_000).toISOString(),
      config: { Labels: { 'org.example.team': WORDS[index % WORDS.length] } },
      history: layers.map((_, layer) => ({ created_by: `RUN make layer ${layer}` })),
      rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    };
    const manifest = {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: this.blob(Buffer.from(JSON.stringify(config)), 'application/vnd.oci.image.config.v1+json'),
      layers: layers.map(({ descriptor }) => descriptor),
    };
    const descriptor = this.blob(Buffer.from(JSON.stringify(manifest)), manifest.mediaType);
    this.#manifests.push({ ...descriptor, annotations: { 'io.containerd.image.name': name, 'org.opencontainers.image.ref.name': name } });
  }

  finish(): void {
    writeFileSync(path.join(this.folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
    writeFileSync(path.join(this.folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: this.#manifests }));
  }
}

/** Makes the fleet in a folder, unless it already exists. */
export function makeFleet(under: string, fleet: Fleet = FLEET): FleetFolders {
  const { images, bases, shared, own, baseFiles, ownFiles, fileBytes } = fleet;
  const key = createHash('sha256')
    .update(JSON.stringify([2, fleet]))
    .digest('hex')
    .slice(0, 12);
  const folder = path.join(under, `fleet-${key}`);
  // The bases are images too, without a layer of their own.
  const tops = (images - bases) * own;
  const layers = bases * shared + tops;
  const entries = bases * shared * (1 + baseFiles + Math.ceil(baseFiles / 25)) + bases + tops * (1 + ownFiles + Math.ceil(ownFiles / 25));
  const made = { images: path.join(folder, 'images'), distinct: path.join(folder, 'distinct'), layers, entries };
  if (existsSync(folder)) return made;
  const unfinished = `${folder}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  const all = new Layout(path.join(unfinished, 'images'));
  const distinct = new Layout(path.join(unfinished, 'distinct'));
  const copy = (plain: Uint8Array): Blob => {
    const diffId = `sha256:${createHash('sha256').update(plain).digest('hex')}`;
    const packed = gzipSync(plain, { level: 1 });
    distinct.layer(diffId, packed);
    return all.layer(diffId, packed);
  };
  const baseLayers = Array.from({ length: bases }, (_, base) =>
    Array.from({ length: shared }, (__, layer) =>
      copy(
        layerTar(1 + base * shared + layer, `usr/lib/base-${base}-${layer}`, baseFiles, fileBytes, layer === 0 ? [dpkgStatus(base)] : []),
      ),
    ),
  );
  for (const [base, blobs] of baseLayers.entries()) {
    all.image(`registry.example/base:${base}`, blobs, base);
    distinct.image(`registry.example/base:${base}`, blobs, base);
  }
  for (let image = bases; image < images; image++) {
    const blobs = Array.from({ length: own }, (_, layer) =>
      copy(layerTar(100_000 + image * own + layer, `srv/app-${image}-${layer}`, ownFiles, fileBytes)),
    );
    const name = `registry.example/team-${image % 40}/app:${Math.floor(image / 40)}`;
    all.image(name, [...(baseLayers[image % bases] ?? []), ...blobs], image);
    // Without the shared layers, so that each layer and each image's stack is read once.
    distinct.image(name, blobs, image);
  }
  all.finish();
  distinct.finish();
  renameSync(unfinished, folder);
  return made;
}
