// What is asked and what is answered. The server checks every request by this table before anything is done, the client every answer.
//
// A request is `{ method, input, isCancelled }`, its frame's call a number higher than any before. `isCancelled`: the caller's signal came
// before the call, which the driver is to see from the beginning. The answer is a reply or an error, the last frame of the call. In
// between the client may cancel, the server send events, and whoever was granted credit send data. Nothing in a request is a path: a layer
// is named by its id, what is held by a number that the server gave.
import { displayText, ERROR_CODES, FINDING_SEVERITY, type Finding, finding, LayerscopeError } from '#model';
import type { DriverChange, LayerInfo, LayerMetadata, SharedBaseImage } from '../driver.ts';
import {
  anything,
  type Check,
  type Checked,
  count,
  flag,
  isTrue,
  listOf,
  nothing,
  oneOf,
  orNull,
  shape,
  shapeWith,
  text,
} from './checks.ts';

/** UTF-16 units of one name in a folder: no file system here takes more. */
const MAX_ID_LENGTH = 255;
/** UTF-16 units of a name in a tar. */
const MAX_NAME_LENGTH = 65_536;
const MAX_MESSAGE_LENGTH = 8_192;

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused.
const NO_ONE_NAME = /[/\\:\u0000-\u001f\u007f]/;

/**
 * The name of one thing in a folder: the driver says which are layers' ids, and a leftover may have a name that no layer has. NAME_REFUSED:
 * whatever could lead elsewhere.
 */
const id: Check<string> = (value, where) => {
  const known = text(Number.MAX_SAFE_INTEGER)(value, where);
  if (known === '' || known === '.' || known === '..' || known.length > MAX_ID_LENGTH || NO_ONE_NAME.test(known)) {
    throw new LayerscopeError('NAME_REFUSED', `not a layer id: ${displayText(known.slice(0, 100))}`);
  }
  return known;
};

const ofLayer = shape({ id });
const newLayer = { id, parent: orNull(id) };

/** By method: what its input is. */
const INPUTS = {
  about: shape({}),
  status: shape({}),
  list: shape({}),
  exists: ofLayer,
  create: shape(newLayer),
  createReadWrite: shape({ ...newLayer, sizeBytes: orNull(count) }),
  remove: ofLayer,
  mount: ofLayer,
  diff: ofLayer,
  changes: ofLayer,
  applyDiff: ofLayer,
  diffSize: ofLayer,
  chain: ofLayer,
  metadata: ofLayer,
  files: ofLayer,
  /** A file of a layer whose files are held, by its name in the layer's tar. */
  openFile: shape({ handle: count, name: text(MAX_NAME_LENGTH) }),
  /** Lets go of a mount, or of a layer's files. */
  release: shape({ handle: count }),
  baseImages: shape({}),
  adoptBaseImage: ofLayer,
  cleanup: shape({}),
  /** Stops all other calls, lets go of everything and ends the connection. */
  goodbye: shape({}),
} as const;

export type Method = keyof typeof INPUTS;
export type InputOf<M extends Method> = Checked<(typeof INPUTS)[M]>;
export type Request = { [M in Method]: { readonly method: M; readonly input: InputOf<M>; readonly isCancelled: boolean } }[Method];

/** Methods whose answer is data, or items, and whose reply says only that all of it was sent. */
const SENDS: ReadonlySet<Method> = new Set<Method>(['list', 'diff', 'changes', 'chain', 'openFile', 'baseImages', 'cleanup']);

export function sendsData(method: Method): boolean {
  return SENDS.has(method);
}

export function takesData(method: Method): boolean {
  return method === 'applyDiff';
}

const envelope = shape({ method: text(100), input: anything, isCancelled: flag });

/** BAD_REQUEST with what is wrong; NAME_REFUSED for an id that is none. */
export function parseRequest(value: unknown): Request {
  const { method, input, isCancelled } = envelope(value, 'request');
  if (!Object.hasOwn(INPUTS, method)) throw new LayerscopeError('BAD_REQUEST', 'no such method of a driver');
  const known = method as Method;
  return { method: known, input: INPUTS[known](input, known), isCancelled } as Request;
}

const anyText = text(Number.MAX_SAFE_INTEGER);

const statusLine: Check<readonly [string, string]> = (value, where) => {
  const [label, said, ...more] = listOf(anyText)(value, where);
  if (label === undefined || said === undefined || more.length > 0) throw new LayerscopeError('BAD_REQUEST', `${where} is no pair`);
  return [label, said];
};

const layerInfo: Check<LayerInfo> = shapeWith(
  { id: anyText, parent: orNull(anyText), chain: listOf(anyText), state: oneOf(['ready', 'broken', 'leftover']), problem: orNull(anyText) },
  { images: listOf(anyText), readWrite: isTrue, sizeBytes: count },
);
const layerMetadata: Check<LayerMetadata> = shapeWith(
  { dir: anyText },
  { digest: anyText, diffId: anyText, sizeBytes: count, mediaType: anyText, file: anyText },
);
const driverChange: Check<DriverChange> = shape({ kind: oneOf(['added', 'modified', 'removed']), path: anyText });
const baseImage: Check<SharedBaseImage> = shape({
  id: anyText,
  name: anyText,
  version: anyText,
  path: anyText,
  sizeBytes: count,
  created: anyText,
  adopted: flag,
});

/** What the reply to a method holds. */
export const REPLIES = {
  about: shape({ name: oneOf(['portable', 'windowsfilter', 'windowsdiff']), home: anyText }),
  status: listOf(statusLine),
  exists: flag,
  mount: shape({ handle: count, id: anyText, path: anyText }),
  applyDiff: shape({ sizeBytes: count }),
  diffSize: count,
  metadata: layerMetadata,
  files: shape({ handle: count }),
  adoptBaseImage: anyText,
  /** Of methods that only do something, and of those whose answer came as data. */
  done: nothing,
} as const;

/** What each item of a list is. */
export const ITEMS = { list: layerInfo, changes: driverChange, chain: anyText, baseImages: baseImage, cleanup: anyText } as const;

const FINDING_CODES = Object.keys(FINDING_SEVERITY) as (keyof typeof FINDING_SEVERITY)[];

const toldFinding = shapeWith(
  { code: oneOf(FINDING_CODES), message: anyText, severity: anyText },
  { image: count, layer: count, path: anyText, offset: count },
);

export type CallEvent = { readonly finding: Finding } | { readonly progress: number };

const anyEvent = shapeWith({}, { finding: toldFinding, progress: count });

/** BAD_REQUEST: no event. */
export function parseEvent(value: unknown): CallEvent {
  const { finding: told, progress } = anyEvent(value, 'event');
  if (told !== undefined && progress === undefined) {
    const { code, message, severity: _, ...where } = told;
    return { finding: finding(code, message, where) };
  }
  if (progress !== undefined && told === undefined) return { progress };
  throw new LayerscopeError('BAD_REQUEST', 'event is none');
}

/** An error as it is sent: no stack, no cause, one line. */
export function wireError(error: LayerscopeError): unknown {
  const message = error.message.split('\n', 1)[0]?.slice(0, MAX_MESSAGE_LENGTH) ?? '';
  return { code: error.code, message, ...(error.offset === undefined ? {} : { offset: error.offset }) };
}

const toldError = shapeWith({ code: oneOf(ERROR_CODES), message: anyText }, { offset: count });

/** BAD_REQUEST, thrown: it is none. */
export function parseError(value: unknown): LayerscopeError {
  const { code, message, offset } = toldError(value, 'error');
  return new LayerscopeError(code, message, offset === undefined ? {} : { offset });
}
