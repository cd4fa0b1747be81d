import { createHash } from 'node:crypto';
import { concat, file, tar } from './tar-builder.ts';

/** An image to write: its layers' tars, bottom first. */
export interface ImageFixture {
  readonly name: string;
  readonly os?: string;
  readonly architecture?: string;
  readonly layers: readonly Uint8Array[];
  /** Config fields that replace the usual ones. */
  readonly config?: Readonly<Record<string, unknown>>;
}

function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Makes a docker-archive as saved by Docker 1.10 to 24: manifest.json first, plain layers, one config for each image. */
export function dockerArchive(...images: readonly ImageFixture[]): Uint8Array {
  const members = new Map<string, Uint8Array | string>();
  const manifest = images.map(({ name, os = 'linux', architecture = 'amd64', layers, config: own = {} }) => {
    const diffIds = layers.map((layer) => `sha256:${sha256(layer)}`);
    const history = layers.map((_, index) => ({ created_by: `RUN step ${index}` }));
    const config = JSON.stringify({ os, architecture, rootfs: { type: 'layers', diff_ids: diffIds }, history, ...own });
    const configName = `${sha256(config)}.json`;
    members.set(configName, config);
    const names = layers.map((layer) => `${sha256(layer)}/layer.tar`);
    for (const [index, layerName] of names.entries()) members.set(layerName, layers[index] as Uint8Array);
    return { Config: configName, RepoTags: [name], Layers: names };
  });
  const files = [...members].map(([name, body]) => file(name, body));
  return tar(file('manifest.json', JSON.stringify(manifest)), concat(...files));
}
