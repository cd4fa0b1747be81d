// Windows Server 2016 Technical Preview 4 and earlier: a layer's diff is its transport folder in an ordinary tar. Docker 1.11 was the last
// version to support this. Follows that version's driver (Apache-2.0; see NOTICE).
import { type ByteSource, encodeWtf8, FILE_ATTRIBUTE, filetimeToTarTime, TarWriter, tarNameOf, toByteString } from '#format/windows-tar';
import { throwIfCancelled } from '#model';
import type { ApplyOptions, CallOptions, LayerFiles } from '../driver.ts';
import { Held } from './held.ts';
import { bytesFrom, walk } from './layer-reader.ts';
import type { LayerPlace } from './layer-writer.ts';
import { ACCESS, type Native } from './native.ts';
import { makeTransportFolder } from './transport-folder.ts';
import { plainPathOf, unpackPlain } from './unpack-plain.ts';

/** The build number of Technical Preview 5, the first with the current diff format. */
const TP5_BUILD = 14_300;

/**
 * Whether this is TP4 or earlier. TP4 lacks HNSCall. A future Windows may lack it too but wouldn't read TP4's diffs, so the build number is
 * checked as well.
 */
export function isTp4(native: Native): boolean {
  return !native.layers.has('HNSCall') && native.windowsBuild() < TP5_BUILD;
}

/**
 * Opens the files of a layer's diff. TP4 doesn't store files in the form of a diff, so the layer is exported first. Disposing the result
 * removes the export.
 */
export async function openTp4Files(native: Native, place: LayerPlace): Promise<LayerFiles> {
  await using held = new Held();
  const folder = held.use(await makeTransportFolder(native, place.layer));
  await native.layers.exportLayer(place.driver, place.layer, folder.path, place.parents);
  const root = held.use(await native.files.openRoot(folder.path));
  const kept = held.move();
  return {
    async *open(name) {
      await using file = await root.open(plainPathOf(name), { access: ACCESS.read, create: 'existing' });
      yield* bytesFrom(file, 0);
    },
    [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose](),
  };
}

/** Exports the transport folder as a tar. The folder is removed at the end, or when the consumer stops reading. */
export async function* exportTp4(native: Native, place: LayerPlace, { signal }: CallOptions): AsyncGenerator<Uint8Array, void, undefined> {
  await using held = new Held();
  const folder = held.use(await makeTransportFolder(native, place.layer));
  await native.layers.exportLayer(place.driver, place.layer, folder.path, place.parents);
  const root = held.use(await native.files.openRoot(folder.path));
  const writer = new TarWriter();
  for await (const { path, attributes } of walk(root, '')) {
    throwIfCancelled(signal);
    await using file = await root.open(path, { access: ACCESS.read, create: 'existing' });
    const isFolder = (attributes & FILE_ATTRIBUTE.directory) !== 0;
    const { sizeBytes } = await file.facts();
    const modTime = { ...filetimeToTarTime((await file.basicInfo()).writeTimeFiletime), nanos: 0 };
    const name = toByteString(encodeWtf8(tarNameOf(path) + (isFolder ? '/' : '')));
    yield writer.header({ name, typeflag: isFolder ? '5' : '0', mode: isFolder ? 0o755 : 0o644, size: isFolder ? 0 : sizeBytes, modTime });
    if (!isFolder) for await (const bytes of bytesFrom(file, 0)) yield writer.body(bytes);
  }
  yield writer.end();
}

/** Imports a layer from the tar of a transport folder. ImportLayer is never called for a faulty tar. */
export async function importTp4(
  native: Native,
  place: LayerPlace,
  tar: ByteSource,
  options: ApplyOptions,
): Promise<{ readonly sizeBytes: number }> {
  await using held = new Held();
  const folder = held.use(await makeTransportFolder(native, place.layer));
  const root = held.use(await native.files.openRoot(folder.path));
  const result = await unpackPlain(root, tar, options);
  throwIfCancelled(options.signal);
  await native.layers.importLayer(place.driver, native.paths.toNamespacedPath(place.layer), folder.path, place.parents);
  return result;
}
