// Exports a layer as a tar. Follows writeTarFromLayer of Docker's driver and, for hard links, hcsshim's ociwclayer.
import { isMarkerPath } from '#format/layer';
import { basicInfoHeader, encodeWtf8, TarWriter, tarFromBackupStream, tarNameOf, toByteString, whiteoutHeader } from '#format/windows-tar';
import { displayText, LayerscopeError, throwIfCancelled } from '#model';
import { type LayerEntry, type LayerFile, readLayerEntries } from './layer-reader.ts';
import type { LayerPlace } from './layer-writer.ts';
import type { Native } from './native.ts';

/** Mode in a hard link's header, as ociwclayer writes it. */
const LINK_MODE = 0o644;

/** Writes entries as a tar. Each piece is valid until the next is requested. Throws what {@link tarFromBackupStream} throws. */
async function* tarOfEntries(entries: AsyncIterable<LayerEntry>, signal?: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  const writer = new TarWriter();
  const firstNames = new Map<string, string>();
  for await (const { path, file } of entries) {
    throwIfCancelled(signal, 'the export was cancelled');
    // Refused, although Docker's driver writes such a file, because the file would be lost when the tar is applied.
    if (isMarkerPath(tarNameOf(path)))
      throw new LayerscopeError('NAME_REFUSED', `${displayText(path)}: in a tar it would be a whiteout or inside one`);
    const first = file === null ? undefined : firstNames.get(file.links.fileId);
    if (file === null) yield writer.header(whiteoutHeader(path));
    else if (first !== undefined) yield linkMember(writer, path, file, first);
    else {
      if (file.links.count > 1) firstNames.set(file.links.fileId, path);
      yield* tarFromBackupStream(writer, {
        name: path,
        sizeBytes: file.sizeBytes,
        info: file.info,
        open: () => file.backup(),
        readTwice: file.readTwice,
      });
    }
  }
  yield writer.end();
}

function linkMember(writer: TarWriter, path: string, { info }: LayerFile, target: string): Uint8Array {
  const linkname = toByteString(encodeWtf8(tarNameOf(target)));
  return writer.header({ ...basicInfoHeader(path, 0, info), typeflag: '1', mode: LINK_MODE, linkname });
}

/**
 * Yields the layer's tar. Needs SeBackup. Temporary files are closed and removed after the last piece, or when the consumer stops reading.
 * Throws what {@link readLayerEntries} throws, and CANCELLED.
 */
export async function* exportLayer(
  native: Native,
  place: LayerPlace,
  options: { readonly signal?: AbortSignal } = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  yield* tarOfEntries(readLayerEntries(native, place), options.signal);
}
