// Windows Server 2016 Technical Preview 4 and before: layers are moved as the transport folder itself, in a plain tar. Docker 1.11 is
// the last that did so. Follows its driver (Apache-2.0; see NOTICE).
import { type ByteSource, encodeWtf8, FILE_ATTRIBUTE, filetimeToTarTime, TarWriter, tarNameOf, toByteString } from '#format/windows-tar';
import { throwIfCancelled } from '#model';
import type { ApplyOptions, CallOptions } from '../driver.ts';
import { Held } from './held.ts';
import { bytesFrom, walk } from './layer-reader.ts';
import type { LayerPlace } from './layer-writer.ts';
import { ACCESS, type Native } from './native.ts';
import { twice } from './twice.ts';
import { unpackPlain } from './unpack-plain.ts';

/** Told by an export that came later. */
export function isTp4(native: Native): boolean {
  return !native.layers.has('HNSCall');
}

/** The transport folder as a plain tar. Nothing is left of the folder when the reader is done, or stops. */
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

/** The layer of such a tar. Nothing is handed to ImportLayer where the tar is wrong. */
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
