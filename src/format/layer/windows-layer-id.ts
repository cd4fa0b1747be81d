import { refuseName } from '#format/path';
import { decodeUtf8, displayText, encodeUtf8, LayerscopeError } from '#model';

/**
 * File in a layer's folder whose whole content is the name of another folder that holds the layer: how base images are adopted.
 * Docker writes `layerId` and reads `layerID`, the same to Windows.
 */
export const LAYER_ID_FILE = 'layerID';

const INIT_SUFFIX = '-init';
const REMOVING_SUFFIX = '-removing';
/** UTF-16 units of a folder's name on NTFS, less what is put behind it. */
const MAX_ID_LENGTH = 255 - REMOVING_SUFFIX.length;

declare const idBrand: unique symbol;
/** Id of a layer in a Windows store: the name of its folder. */
export type WindowsLayerId = string & { readonly [idBrand]: true };

/** Throws NAME_REFUSED where `text` can't be one folder's name on Windows: empty, too long, a path, a drive, a device. */
export function parseWindowsLayerId(text: string): WindowsLayerId {
  if (text.length > MAX_ID_LENGTH) throw new LayerscopeError('NAME_REFUSED', `not a layer id: ${text.length} characters`);
  const refused = refuseName(encodeUtf8(text), 'windows');
  if (refused !== null)
    throw new LayerscopeError('NAME_REFUSED', `not a layer id: ${displayText(text.slice(0, 100))}: it ${refused.reason}`);
  return text as WindowsLayerId;
}

/** The id that a layerID file names. Nothing is trimmed, as nothing was when it was written. Throws NAME_REFUSED. */
export function parseLayerIdFile(bytes: Uint8Array): WindowsLayerId {
  const text = decodeUtf8(bytes);
  if (text === null) throw new LayerscopeError('NAME_REFUSED', `${LAYER_ID_FILE} is not UTF-8`);
  return parseWindowsLayerId(text);
}

/** The layer under a container's read-write layer, made for what the engine puts in every container: itself read-write. */
export function isInitLayerId(id: string): boolean {
  return id.endsWith(INIT_SUFFIX);
}

/** Name that a layer's folder gets before it is destroyed: what is left under it is a leftover. */
export function removingNameOf(id: WindowsLayerId): string {
  return id + REMOVING_SUFFIX;
}

/** The id whose removal this folder is left of; null for others. */
export function idOfRemovingName(folder: string): string | null {
  return folder.endsWith(REMOVING_SUFFIX) && folder.length > REMOVING_SUFFIX.length ? folder.slice(0, -REMOVING_SUFFIX.length) : null;
}
