import type { ArchiveLayer } from '#archive';
import { chooseImage, chooseLayer, type LoadedImage, type LoadOptions, loadImage } from '#engine';
import { displayText, LayerscopeError } from '#model';
import type { Arguments } from './arguments.ts';
import type { Context } from './context.ts';
import type { Input } from './open-input.ts';

/** Loads the image that --image and --platform choose, and tells what of it could not be read. */
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

/** Number of the layer that --layer chooses, the top one without it; -1 for an image of no layers. */
export function viewLayer(loaded: LoadedImage, text: string | undefined): number {
  return text === undefined ? loaded.image.layers.length - 1 : chooseLayer(loaded.image, text).index;
}

/** The layer must have been read for what was asked. Throws BLOB_MISSING. */
export function requireLayer(loaded: LoadedImage, { index, status, digest }: ArchiveLayer): void {
  if (loaded.layers[index] !== null) return;
  throw new LayerscopeError(
    'BLOB_MISSING',
    `layer ${index} is ${status}: its blob${digest === null ? '' : ` ${displayText(digest)}`} is not in the archive`,
  );
}

/** Says on standard error which layers up to `layer` are missing or damaged: what is printed is without them. */
export function warnOfGaps(context: Context, loaded: LoadedImage, from: number, layer: number): void {
  for (const report of loaded.report.layers.slice(from, layer + 1)) {
    if (report.status === 'present') continue;
    const reason = loaded.findings.find((found) => found.layer === report.index && found.severity === 'error');
    const why = reason === undefined ? '' : ` (${reason.code}: ${reason.message})`;
    context.warn(`layer ${report.index} is ${report.status}${why}: the rest is shown`);
  }
}
