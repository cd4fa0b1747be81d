// Windows up to 2016 kept base images in a store of its own, listed by vmcompute.dll's GetBaseImages as one JSON object:
//
//   {"Images":[{"Name":"WindowsServerCore","Version":"10.0.10586.0","Path":"C:\\…\\CN=Microsoft_…","Size":9697000000,
//    "CreatedTime":"2015-11-18T22:13:12.2310000Z"}]}
//
// Docker made an id of 64 hex digits of the folder's name. Members match in any case, as in Go; others are ignored.
import { displayText, encodeUtf8, LayerscopeError, toHex } from '#model';
import { folderOfPath } from './layer-chain.ts';

const ID_BYTES = 32;

/** An image that the system shares. */
export interface BaseImage {
  readonly name: string;
  readonly version: string;
  /** Of the image's folder. */
  readonly path: string;
  readonly sizeBytes: number;
  /** RFC 3339, as it stood; '' where there's none. */
  readonly created: string;
}

/**
 * A base image's id: the first 32 bytes of SHA-384 of its folder's name, in lower-case hex. `sha384` gives the digest's 48 bytes,
 * as this room has no hash of its own.
 */
export function baseImageId(folder: string, sha384: (bytes: Uint8Array) => Uint8Array): string {
  return toHex(sha384(encodeUtf8(folder)).subarray(0, ID_BYTES));
}

/** {@link baseImageId} of the last part of a path. */
export function baseImageIdOfPath(path: string, sha384: (bytes: Uint8Array) => Uint8Array): string {
  return baseImageId(folderOfPath(path), sha384);
}

function member(object: object, name: string): unknown {
  const entries = Object.entries(object).filter(([key]) => key.toLowerCase() === name);
  return entries.at(-1)?.[1];
}

function malformed(what: string): LayerscopeError {
  return new LayerscopeError('BAD_MANIFEST', `the list of base images: ${displayText(what)}`);
}

function text(image: object, name: string): string {
  const value = member(image, name) ?? '';
  if (typeof value !== 'string') throw malformed(`${name} is no text`);
  return value;
}

/** Reads what GetBaseImages says. Throws BAD_MANIFEST where it is no such list. */
export function parseBaseImages(json: string): BaseImage[] {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new LayerscopeError('BAD_MANIFEST', 'the list of base images is no JSON', { cause: error });
  }
  if (value === null) return [];
  const images = typeof value === 'object' && !Array.isArray(value) ? (member(value, 'images') ?? []) : undefined;
  if (!Array.isArray(images)) throw malformed('no list');
  return images.map((image: unknown) => {
    if (typeof image !== 'object' || image === null) throw malformed('an image that is no object');
    const size = member(image, 'size') ?? 0;
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) throw malformed('size is no number of bytes');
    const created = text(image, 'createdtime');
    if (created !== '' && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(created)) throw malformed(`a time: ${created}`);
    const path = text(image, 'path');
    if (folderOfPath(path) === '') throw malformed('an image without a path');
    return { name: text(image, 'name'), version: text(image, 'version'), path, sizeBytes: size, created };
  });
}
