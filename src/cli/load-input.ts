import type { ArchiveLayer } from '#archive';
import { chooseImage, chooseLayer, type LoadedImage, type LoadOptions, loadImage } from '#engine';
import { displayText, LayerscopeError } from '#model';
import type { Arguments } from './arguments.ts';
import type { Context } from './context.ts';
import type { Input } from './open-input.ts';

/** Loads the image selected by --image and --platform. */
export async function loadChosen(
  context: Context,
  args: Arguments,
  { reader, archive }: Input,
  { sums }: Pick<LoadOptions, 'sums'> = {},
): Promise<LoadedImage> {
  const image = chooseImage(archive, { image: args.value('image'), platform: args.value('platform') });
  const { signal, progress } = context;
  const loaded = await loadImage(reader, archive, image.index, { signal, onProgress: progress.update, ...(sums && { sums }) });
  context.progress.clear();
  return loaded;
}

/** Returns the number of the layer selected by --layer, by default the top one; -1 for an image without layers. */
export function viewLayer(loaded: LoadedImage, text: string | undefined): number {
  return text === undefined ? loaded.image.layers.length - 1 : chooseLayer(loaded.image, text).index;
}

/** Checks that a layer was read. Throws BLOB_MISSING if not. */
export function requireLayer(loaded: LoadedImage, { index, status, digest }: ArchiveLayer): void {
  if (loaded.layers[index] !== null) return;
  throw new LayerscopeError(
    'BLOB_MISSING',
    `layer ${index} is ${status}: its blob${digest === null ? '' : ` ${displayText(digest)}`} is not in the archive`,
  );
}

/** Warns about missing and damaged layers from `from` to `layer`; the output leaves them out. */
export function warnOfGaps(context: Context, loaded: LoadedImage, from: number, layer: number): void {
  for (const report of loaded.report.layers.slice(from, layer + 1)) {
    if (report.status === 'present') continue;
    const reason = loaded.findings.find((found) => found.layer === report.index && found.severity === 'error');
    const why = reason === undefined ? '' : ` (${reason.code}: ${reason.message})`;
    context.warn(`layer ${report.index} is ${report.status}${why}: the rest is shown`);
  }
}
