// Windows Server 2016 Technical Preview 4 and earlier: a layer's diff is its transport folder in an ordinary tar. Docker 1.11 was the last
// version to do so. Follows its driver (Apache-2.0; see NOTICE).
import { type ByteSource, encodeWtf8, FILE_ATTRIBUTE, filetimeToTarTime, TarWriter, tarNameOf, toByteString } from '#format/windows-tar';
import { throwIfCancelled } from '#model';
import type { ApplyOptions, CallOptions } from '../driver.ts';
import { Held } from './held.ts';
import { bytesFrom, walk } from './layer-reader.ts';
import type { LayerPlace } from './layer-writer.ts';
import { ACCESS, type Native } from './native.ts';
import { twice } from './twice.ts';
import { unpackPlain } from './unpack-plain.ts';

/** Whether this is TP4 or earlier, which lacks HNSCall. */
export function isTp4(native: Native): boolean {
  return !native.layers.has('HNSCall');
}

/** Exports the transport folder as a tar. The folder is removed at the end, or when the consumer stops reading. */
export async function* exportTp4(native: Native, place: LayerPlace, { signal }: CallOptions): AsyncGenerator<Uint8Array, void, undefined> {
  await using held = new Held();
  const folder = await native.files.makeTemporaryFolder();
  held.defer(() => twice(() => native.files.removeFolder(folder)));
  await native.layers.exportLayer(place.driver, place.layer, folder, place.parents);
  const root = held.use(await native.files.openRoot(folder));
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

/** Imports a layer from such a tar. A faulty tar never reaches ImportLayer. */
export async function importTp4(
  native: Native,
  place: LayerPlace,
  tar: ByteSource,
  options: ApplyOptions,
): Promise<{ readonly sizeBytes: number }> {
  await using held = new Held();
  const folder = await native.files.makeTemporaryFolder();
  held.defer(() => twice(() => native.files.removeFolder(folder)));
  const root = held.use(await native.files.openRoot(folder));
  const result = await unpackPlain(root, tar, options);
  throwIfCancelled(options.signal);
  await native.layers.importLayer(place.driver, place.layer, folder, place.parents);
  return result;
}
