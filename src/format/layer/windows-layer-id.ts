import { refuseName } from '#format/path';
import { decodeUtf8, displayText, encodeUtf8, foldWindowsCase, LayerscopeError } from '#model';

/**
 * A file in a layer's folder that contains the name of another folder, in which the layer's actual content is. Base images are adopted by
 * adding such a file. Docker writes `layerId` and reads `layerID`, which are the same name on Windows.
 */
export const LAYER_ID_FILE = 'layerID';

const INIT_SUFFIX = '-init';
const REMOVING_SUFFIX = '-removing';
/** Maximum length of an id in UTF-16 units: NTFS's limit for a folder's name, minus the suffix. */
const MAX_ID_LENGTH = 255 - REMOVING_SUFFIX.length;

declare const idBrand: unique symbol;
/** A layer's id in a Windows store: the name of its folder. */
export type WindowsLayerId = string & { readonly [idBrand]: true };

/**
 * Checks a layer id. Throws NAME_REFUSED if the id is empty, too long, a path, a drive or a device, because Windows doesn't allow a folder
 * with such a name.
 */
export function parseWindowsLayerId(text: string): WindowsLayerId {
  if (text.length > MAX_ID_LENGTH) throw new LayerscopeError('NAME_REFUSED', `not a layer id: ${text.length} characters`);
  const refused = refuseName(encodeUtf8(text), 'windows');
  if (refused !== null)
    throw new LayerscopeError('NAME_REFUSED', `not a layer id: ${displayText(text.slice(0, 100))}: it ${refused.reason}`);
  return text as WindowsLayerId;
}

/** Parses a layerID file. Nothing is trimmed; Docker doesn't trim either. Throws NAME_REFUSED. */
export function parseLayerIdFile(bytes: Uint8Array): WindowsLayerId {
  const text = decodeUtf8(bytes);
  if (text === null) throw new LayerscopeError('NAME_REFUSED', `${LAYER_ID_FILE} is not UTF-8`);
  return parseWindowsLayerId(text);
}

/**
 * Whether this is an init layer: the read-write layer between the image and a container's own layer, which the engine uses to prepare the
 * container.
 */
export function isInitLayerId(id: string): boolean {
  return id.endsWith(INIT_SUFFIX);
}

/**
 * Returns the name to which a layer's folder is renamed before it is destroyed, so that an interrupted removal is recognized as a leftover.
 */
export function removingNameOf(id: WindowsLayerId): string {
  return id + REMOVING_SUFFIX;
}

/** Returns the id of the layer whose interrupted removal left this folder; null for other folders. Case is ignored, as on NTFS. */
export function idOfRemovingName(folder: string): string | null {
  const id = folder.slice(0, -REMOVING_SUFFIX.length);
  return id !== '' && foldWindowsCase(folder.slice(id.length)) === REMOVING_SUFFIX ? id : null;
}
