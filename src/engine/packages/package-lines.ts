import { jsonText } from '#model';
import type { ImagePackages } from './packages-of.ts';

/**
 * Yields the lines of `packages --json`, each with its line feed. With `view`, lists the installed packages instead of each layer's
 * changes.
 */
export function* packageLines({ layers, installed }: ImagePackages, { view }: { readonly view: boolean }): Generator<string> {
  if (view) {
    for (const { largest: _, ...each } of installed()) yield line({ kind: 'installed', ...each });
    return;
  }
  for (const { changes, ...layer } of layers) {
    yield line({ kind: 'layer', ...layer });
    for (const { kind, previous, largest: _, ...entry } of changes) {
      yield line({ kind, layer: layer.layer, ...entry, ...(previous === undefined ? {} : { previous }) });
    }
  }
}

function line(value: object): string {
  return `${jsonText(value)}\n`;
}
