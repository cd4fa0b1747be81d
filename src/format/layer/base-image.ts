// Windows up to 2016 keeps base images in a shared store; vmcompute.dll's GetBaseImages lists them as a JSON object:
//
//   {"Images":[{"Name":"WindowsServerCore","Version":"10.0.10586.0","Path":"C:\\…\\CN=Microsoft_…","Size":9697000000,
//    "CreatedTime":"2015-11-18T22:13:12.2310000Z"}]}
//
// Docker derives an id of 64 hex digits from the folder's name. As in Go, keys are case-insensitive and unknown keys are ignored.
import { displayText, encodeUtf8, LayerscopeError, toHex } from '#model';
import { folderOfPath } from './layer-chain.ts';

const ID_BYTES = 32;

/** A base image that the system shares. */
export interface BaseImage {
  readonly name: string;
  readonly version: string;
  /** Path of the image's folder. */
  readonly path: string;
  readonly sizeBytes: number;
  /** RFC 3339, unchanged; '' if unknown. */
  readonly created: string;
}

/**
 * Computes a base image's id: the first 32 bytes of the SHA-384 of its folder's name, in lower-case hex. `sha384` returns the digest's 48
 * bytes; the caller provides it, because this pure code can't import node:crypto.
 */
export function baseImageId(folder: string, sha384: (bytes: Uint8Array) => Uint8Array): string {
  return toHex(sha384(encodeUtf8(folder)).subarray(0, ID_BYTES));
}

/** Returns the {@link baseImageId} of the last part of a path. */
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
  if (typeof value !== 'string') throw malformed(`${name} is not a string`);
  return value;
}

/** Parses the result of GetBaseImages. Throws BAD_MANIFEST if it is malformed. */
export function parseBaseImages(json: string): BaseImage[] {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new LayerscopeError('BAD_MANIFEST', 'the list of base images is not JSON', { cause: error });
  }
  if (value === null) return [];
  const images = typeof value === 'object' && !Array.isArray(value) ? (member(value, 'images') ?? []) : undefined;
  if (!Array.isArray(images)) throw malformed('not a list');
  return images.map((image: unknown) => {
    if (typeof image !== 'object' || image === null) throw malformed('an image that is not an object');
    const size = member(image, 'size') ?? 0;
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) throw malformed('size is not a number of bytes');
    const created = text(image, 'createdtime');
    if (created !== '' && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(created))
      throw malformed(`not a time: ${created}`);
    const path = text(image, 'path');
    if (folderOfPath(path) === '') throw malformed('an image without a path');
    return { name: text(image, 'name'), version: text(image, 'version'), path, sizeBytes: size, created };
  });
}
