// Builds folders in the format of Docker's overlay2 from an image's layer tars.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { chainIds } from '#archive';
import { SplitScanner, splitTar } from '#format/tar-split';
import { digestOf, hexOf, imageConfig, json } from './image-builder.ts';
import { gather } from './random-chunks.ts';

export interface RootImage {
  readonly names?: readonly string[];
  readonly layers: readonly Uint8Array[];
}

/** A layer's location. */
export interface RootLayer {
  readonly folder: string;
  readonly files: string;
}

export interface BuiltRoot {
  readonly ids: readonly string[];
  /** By chainID. */
  readonly layers: ReadonlyMap<string, RootLayer>;
}

/** Takes a tar apart: writes the files' contents below `folder`, and returns the gzipped metadata. */
export async function takeApart(tar: Uint8Array, folder: string): Promise<Uint8Array> {
  const metadata = await gather(splitTar([tar]));
  mkdirSync(folder, { recursive: true });
  let at = 0;
  const scanner = new SplitScanner({
    segment: (_bytes, start, end) => {
      at += end - start;
    },
    file: (name, sizeBytes) => {
      const parts = Buffer.from(name).toString('latin1').split('/');
      const target = Buffer.from(path.join(folder, ...parts), 'latin1');
      if (sizeBytes > 0) {
        mkdirSync(Buffer.from(path.join(folder, ...parts.slice(0, -1)), 'latin1'), { recursive: true });
        writeFileSync(target, tar.subarray(at, at + sizeBytes));
      }
      at += sizeBytes;
    },
  });
  scanner.push(metadata);
  scanner.end();
  return new Uint8Array(gzipSync(metadata));
}

/** Writes a data root with overlay2. */
export async function writeDockerRoot(root: string, images: readonly RootImage[]): Promise<BuiltRoot> {
  const base = path.join(root, 'image', 'overlay2');
  const content = path.join(base, 'imagedb', 'content', 'sha256');
  mkdirSync(content, { recursive: true });
  const repositories: Record<string, Record<string, string>> = {};
  const layers = new Map<string, RootLayer>();
  const ids: string[] = [];
  for (const { names = [], layers: tars } of images) {
    const config = json(imageConfig(tars));
    const id = digestOf(config);
    ids.push(id);
    writeFileSync(path.join(content, hexOf(config)), config);
    for (const name of names) {
      const repository = name.replace(/[:@][^/]*$/, '');
      repositories[repository] = { ...repositories[repository], [name]: id };
    }
    const chain = chainIds(tars.map(digestOf)) as readonly string[];
    for (const [index, chainId] of chain.entries()) {
      const hex = chainId.slice('sha256:'.length);
      const cacheId = `c${hex.slice(0, 20)}`;
      const folder = path.join(base, 'layerdb', 'sha256', hex);
      const files = path.join(root, 'overlay2', cacheId, 'diff');
      const tar = tars[index] as Uint8Array;
      mkdirSync(folder, { recursive: true });
      writeFileSync(path.join(folder, 'diff'), digestOf(tar));
      writeFileSync(path.join(folder, 'cache-id'), cacheId);
      writeFileSync(path.join(folder, 'size'), String(tar.length));
      if (index > 0) writeFileSync(path.join(folder, 'parent'), chain[index - 1] as string);
      writeFileSync(path.join(folder, 'tar-split.json.gz'), await takeApart(tar, files));
      layers.set(chainId, { folder, files });
    }
  }
  writeFileSync(path.join(base, 'repositories.json'), json({ Repositories: repositories }));
  return { ids, layers };
}
