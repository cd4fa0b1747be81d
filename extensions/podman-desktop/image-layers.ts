import type { ImageFilesProvider, ImageFilesystemLayer, ImageFilesystemLayers, ImageInfo } from '@podman-desktop/api';

export interface Surroundings {
  /** Runs `layerscope` and returns what it prints. Rejects if it fails. */
  run(args: readonly string[]): Promise<string>;
  /** Podman Desktop’s helper, which adds entries to a layer. */
  readonly provider: ImageFilesProvider;
}

/** As `layerscope inspect --json` prints it. */
interface Inspected {
  readonly images: readonly {
    readonly layers: readonly {
      readonly index: number;
      readonly digest: string | null;
      readonly diffId: string | null;
      readonly createdBy: string | null;
    }[];
  }[];
}

/** As `layerscope raw --json` prints it. */
interface Entry {
  readonly layer: number;
  readonly name: string;
  readonly type: string;
  readonly size: number;
  readonly mode: string;
  readonly linkname?: string;
  readonly whiteout?: 'file' | 'opaque';
}

/** Reads the layers of an image, the bottom one first. A layer that isn’t in the engine has no files. */
export async function readImageLayers(
  image: Pick<ImageInfo, 'engineType' | 'Id'>,
  { run, provider }: Surroundings,
): Promise<ImageFilesystemLayers> {
  const reference = `${image.engineType}:${image.Id.replace(/^sha256:/, '')}`;
  const { images } = JSON.parse(await run(['inspect', reference, '--json'])) as Inspected;
  const stated = images[0]?.layers ?? [];
  const layers = stated.map(({ index, diffId, digest, createdBy }): ImageFilesystemLayer => {
    const id = diffId ?? digest ?? String(index);
    return createdBy === null ? { id } : { id, createdBy };
  });
  for (const line of (await run(['raw', reference, '--layer', 'all', '--json'])).split('\n')) {
    if (line === '') continue;
    const entry = JSON.parse(line) as Entry;
    const layer = layers[entry.layer];
    if (layer !== undefined) addEntry(provider, layer, entry);
  }
  return { layers };
}

const WHITEOUT = '.wh.';

/** Adds an entry from a layer’s tar. Podman Desktop doesn’t show devices and pipes. */
function addEntry(provider: ImageFilesProvider, layer: ImageFilesystemLayer, entry: Entry): void {
  const path = entry.name.replace(/^(?:\.?\/)+/, '').replace(/\/+$/, '');
  if (path === '' || path === '.') return;
  const cut = path.lastIndexOf('/') + 1;
  const [folder, name] = [path.slice(0, cut), path.slice(cut)];
  if (entry.whiteout === 'opaque') {
    provider.addOpaqueWhiteout(layer, folder.slice(0, -1));
    return;
  }
  if (entry.whiteout === 'file') {
    provider.addWhiteout(layer, `${folder}${name.slice(WHITEOUT.length)}`);
    return;
  }
  const mode = Number.parseInt(entry.mode, 8);
  if (entry.type === 'directory') provider.addDirectory(layer, { path, mode });
  else if (entry.type === 'symlink') provider.addSymlink(layer, { path, mode, linkPath: entry.linkname ?? '' });
  // A hard link adds no bytes.
  else if (entry.type === 'hardlink') provider.addFile(layer, { path, mode, size: 0 });
  else if (entry.type === 'file') provider.addFile(layer, { path, mode, size: entry.size });
}
