// Reads a layer's files by their names in its tar. Docker's DiffGetter.
import type { LayerFiles } from '../driver.ts';
import { parseLayerName } from './layer-name.ts';
import { bytesFrom } from './layer-reader.ts';
import { ACCESS, type RootFolder } from './native.ts';
import { keptCopyOf } from './utility-vm.ts';

/** Takes ownership of the root. Needs SeBackup. */
export function openLayerFiles(root: RootFolder): LayerFiles {
  return {
    async *open(name) {
      const { path } = parseLayerName(name);
      // Windows has changed the boot files in place, so their backups are read instead.
      const kept = keptCopyOf(path);
      const read = kept !== null && (await root.facts(kept)) !== null ? kept : path;
      await using file = await root.open(read, { access: ACCESS.read, create: 'existing' });
      yield* bytesFrom(file, 0);
    },
    [Symbol.asyncDispose]: () => root[Symbol.asyncDispose](),
  };
}
