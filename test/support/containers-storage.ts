// Builds folders in the format of containers/storage (Podman, CRI-O, Buildah) from an image's layer tars.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { chainIds } from '#archive';
import { takeApart } from './docker-root.ts';
import { digestOf, hexOf, imageConfig, json } from './image-builder.ts';

export interface StorageImage {
  readonly names?: readonly string[];
  readonly layers: readonly Uint8Array[];
}

export interface BuiltStorage {
  readonly ids: readonly string[];
  /** The manifests' digests. */
  readonly digests: readonly string[];
  /** The folder with a layer's files, by the layer's tar. */
  files(tar: Uint8Array): string;
}

/** Writes a storage folder. */
export async function writeContainersStorage(
  root: string,
  images: readonly StorageImage[],
  driver: 'overlay' | 'vfs' = 'overlay',
): Promise<BuiltStorage> {
  const [imageFolder, layerFolder] = [path.join(root, `${driver}-images`), path.join(root, `${driver}-layers`)];
  for (const folder of [imageFolder, layerFolder]) mkdirSync(folder, { recursive: true });
  const folderOf = (id: string) => (driver === 'vfs' ? path.join(root, 'vfs', 'dir', id) : path.join(root, 'overlay', id, 'diff'));
  const layers = new Map<string, object>();
  const byTar = new Map<string, string>();
  const listed: object[] = [];
  const [ids, digests]: [string[], string[]] = [[], []];
  for (const { names = [], layers: tars } of images) {
    const config = json(imageConfig(tars));
    const configDigest = digestOf(config);
    const chain = (chainIds(tars.map(digestOf)) as readonly string[]).map((chainId) => chainId.slice('sha256:'.length));
    for (const [index, id] of chain.entries()) {
      const tar = tars[index] as Uint8Array;
      if (layers.has(id)) continue;
      const parent = index === 0 ? {} : { parent: chain[index - 1] };
      layers.set(id, { id, ...parent, 'diff-digest': digestOf(tar), 'diff-size': tar.length });
      byTar.set(hexOf(tar), folderOf(id));
      writeFileSync(path.join(layerFolder, `${id}.tar-split.gz`), await takeApart(tar, folderOf(id)));
    }
    const manifest = json({
      schemaVersion: 2,
      config: { digest: configDigest, size: config.length },
      layers: tars.map((tar) => ({ digest: digestOf(tar), size: tar.length })),
    });
    const hex = configDigest.slice('sha256:'.length);
    const folder = path.join(imageFolder, hex);
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'manifest'), manifest);
    writeFileSync(path.join(folder, `=${Buffer.from(configDigest).toString('base64')}`), config);
    listed.push({ id: hex, digest: digestOf(manifest), names, layer: chain.at(-1), created: '2026-01-02T03:04:05Z' });
    ids.push(configDigest);
    digests.push(digestOf(manifest));
  }
  writeFileSync(path.join(imageFolder, 'images.json'), json(listed));
  writeFileSync(path.join(layerFolder, 'layers.json'), json([...layers.values()]));
  return { ids, digests, files: (tar) => byTar.get(hexOf(tar)) ?? '' };
}
