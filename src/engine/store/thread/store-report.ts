// A store's report: its images and layers, their states and sizes.
import type { StoredImageReport, StoredLayerReport, StoreReport } from '#contract';
import type { GraphDriver, LayerInfo, Mount, StoredImage } from '#driver';
import { asLayerscopeError, displayText } from '#model';

/** A store's report without the fields that the list of stores adds. */
export type ServiceReport = Omit<StoreReport, 'storeId' | 'driver' | 'home' | 'isOwn' | 'checked'>;

/** An open store: its driver, and whether it can be changed. */
export interface Opened {
  readonly driver: GraphDriver;
  /** Why the store can't be changed; null if it is writable. */
  readonly readOnlyReason: string | null;
  readonly elevation: StoreReport['elevation'];
}

/** Reports a store; `mounts` are the folders mounted by this process, by layer. */
export async function reportStore(
  { driver, readOnlyReason, elevation }: Opened,
  mounts: ReadonlyMap<string, Mount>,
): Promise<ServiceReport> {
  const images = (await driver.images?.list()) ?? [];
  const layers = await driver.list();
  return {
    elevation,
    readOnlyReason: readOnlyReason === null ? null : displayText(readOnlyReason),
    images: images.map(imageReport),
    layers: layers.map((layer) => layerReport(layer, mounts.get(layer.id))),
    sizeBytes: sizeOf(images, layers),
    problem: null,
  };
}

function layerReport(layer: LayerInfo, mount: Mount | undefined): StoredLayerReport {
  return {
    id: layer.id,
    parent: layer.parent,
    below: layer.chain.length,
    state: mount === undefined ? layer.state : 'mounted',
    problem: layer.problem === null ? null : displayText(layer.problem),
    sizeBytes: layer.sizeBytes ?? null,
    isReadWrite: layer.readWrite === true,
    ofImage: (layer.images?.length ?? 0) > 0,
    mountPath: mount === undefined ? null : displayText(mount.path),
  };
}

/** Reports a store that can't be read, with the reason. Rethrows INTERNAL errors. */
export function problemReport(error: unknown): ServiceReport {
  const { code, message } = asLayerscopeError(error);
  if (code === 'INTERNAL') throw error;
  return { elevation: 'none', readOnlyReason: null, images: [], layers: [], sizeBytes: 0, problem: displayText(message) };
}

/** The name that opens and removes an image. */
export function nameOf({ names, manifestDigest }: StoredImage): string {
  return names[0] ?? manifestDigest;
}

function imageReport(image: StoredImage): StoredImageReport {
  const sizes = new Map(image.root.blobs.map(({ digest, source }) => [digest, source.length]));
  return {
    name: nameOf(image),
    names: image.names.map(displayText),
    platform: displayText(image.platform),
    layers: image.image.layers.map(({ digest }, index) => ({ id: image.layers[index] ?? '', sizeBytes: sizes.get(digest ?? '') ?? 0 })),
    sizeBytes: image.sizeBytes,
    problem: image.problem === null ? null : displayText(image.problem),
  };
}

/** Returns the total size of a store: blobs shared by images count once, plus layers that don't belong to an image. */
function sizeOf(images: readonly StoredImage[], layers: readonly LayerInfo[]): number {
  const sizes = new Map(images.flatMap(({ root }) => root.blobs.map(({ digest, source }) => [digest, source.length] as const)));
  let sum = 0;
  for (const bytes of sizes.values()) sum += bytes;
  for (const { sizeBytes = 0, images: of = [] } of layers) if (of.length === 0) sum += sizeBytes;
  return sum;
}
