import { displayText } from '#model';
import { usageError } from './arguments.ts';
import { isThere } from './is-there.ts';

/** A side of `diff`: a file, an image in it, and layers of that image. */
export interface Operand {
  readonly file: string;
  /** Selects the image as `--image` does; undefined: the default. */
  readonly image: string | undefined;
  readonly layer: string | undefined;
  /** The first layer of a range; undefined: all layers up to `layer`. */
  readonly since: string | undefined;
}

type Layers = Pick<Operand, 'layer' | 'since'>;

const NO_LAYERS: Layers = { layer: undefined, since: undefined };

/**
 * Splits an operand: `image.tar#3` is a layer of the file, `image.tar#2-3` a range of layers, `image.tar@app:1` an image in it,
 * `image.tar@app:1#3` a layer of that image. An existing file whose name contains `@` or `#` takes precedence, longest name first. Throws
 * USAGE if nothing follows the `@`.
 */
export function splitOperand(operand: string, exists: (path: string) => boolean = isThere): Operand {
  if (exists(operand)) return { file: operand, image: undefined, ...NO_LAYERS };
  const { rest, layers } = splitLayers(operand);
  if (exists(rest)) return { file: rest, image: undefined, ...layers };
  for (let at = rest.lastIndexOf('@'); at > 0; at = rest.lastIndexOf('@', at - 1)) {
    const file = rest.slice(0, at);
    if (file !== '-' && !exists(file)) continue;
    const image = rest.slice(at + 1);
    if (image === '') throw usageError(`no image name after @: ${displayText(operand)}`);
    return { file, image, ...layers };
  }
  return { file: rest, image: undefined, ...layers };
}

function splitLayers(operand: string): { readonly rest: string; readonly layers: Layers } {
  const range = /^(.+)#(\d{1,9})-(\d{1,9})$/.exec(operand);
  if (range !== null) return { rest: range[1] ?? '', layers: { since: range[2], layer: range[3] } };
  const one = /^(.+)#(\d{1,9}|(?:sha256:|sha512:)?[0-9a-f]{6,128})$/i.exec(operand);
  if (one === null) return { rest: operand, layers: NO_LAYERS };
  return { rest: one[1] ?? '', layers: { since: undefined, layer: one[2] } };
}
