// Requests and replies. Using this table, the server checks every request before acting on it, and the client checks every reply.
//
// A request is `{ method, input, isCancelled }`; its frame's call number is higher than all earlier ones. `isCancelled`: the caller's
// signal was already aborted, which the driver must know from the start. A reply or an error is the last frame of a call. Before that, the
// client may cancel, the server may send events, and each side may send data within its credit. Nothing in a request is a path: layers are
// named by id, mounts and open files by numbers that the server assigned.
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

/** Maximum length of an id in UTF-16 units: the longest file name that file systems on Windows and Linux allow. */
const MAX_ID_LENGTH = 255;
/** Longest name of a file in a layer, in UTF-16 units. */
const MAX_NAME_LENGTH = 65_536;
const MAX_MESSAGE_LENGTH = 8_192;

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are refused
const NOT_A_NAME = /[/\\:\u0000-\u001f\u007f]/;

/**
 * The name of a folder in the home. The driver decides which folders are layers, and a leftover's name needn't be a valid id. Throws
 * NAME_REFUSED for anything that could lead elsewhere.
 */
const id: Check<string> = (value, where) => {
  const known = text(Number.MAX_SAFE_INTEGER)(value, where);
  if (known === '' || known === '.' || known === '..' || known.length > MAX_ID_LENGTH || NOT_A_NAME.test(known)) {
    throw new LayerscopeError('NAME_REFUSED', `not a layer id: ${displayText(known.slice(0, 100))}`);
  }
  return known;
};

const ofLayer = shape({ id });
const newLayer = { id, parent: orNull(id) };

/** The input of each method. */
const INPUTS = {
  about: shape({}),
  status: shape({}),
  list: shape({}),
  exists: ofLayer,
  create: shape(newLayer),
  createReadWrite: shape({ ...newLayer, sizeBytes: orNull(count) }),
  remove: ofLayer,
  mount: ofLayer,
  /** Releases a layer's mounts left by another process. */
  releaseLeft: ofLayer,
  diff: ofLayer,
  changes: ofLayer,
  applyDiff: ofLayer,
  diffSize: ofLayer,
  chain: ofLayer,
  metadata: ofLayer,
  files: ofLayer,
  /** Opens a file, by its name in the layer's tar, in a layer that was opened with `files`. */
  openFile: shape({ handle: count, name: text(MAX_NAME_LENGTH) }),
  /** Releases a mount, or a layer's files. */
  release: shape({ handle: count }),
  baseImages: shape({}),
  adoptBaseImage: ofLayer,
  cleanup: shape({}),
  /** Stops all other calls, releases everything and ends the connection. */
  goodbye: shape({}),
} as const;

export type Method = keyof typeof INPUTS;
export type InputOf<M extends Method> = Checked<(typeof INPUTS)[M]>;
export type Request = { [M in Method]: { readonly method: M; readonly input: InputOf<M>; readonly isCancelled: boolean } }[Method];

/** Whether a method returns data or items, so that its reply only marks the end. */
export function sendsData(method: Method): boolean {
  return method === 'diff' || method === 'openFile' || Object.hasOwn(ITEMS, method);
}

export function takesData(method: Method): boolean {
  return method === 'applyDiff';
}

const envelope = shape({ method: text(100), input: anything, isCancelled: flag });

/** Checks a request. Throws BAD_REQUEST with the fault, NAME_REFUSED for an invalid id. */
export function parseRequest(value: unknown): Request {
  const { method, input, isCancelled } = envelope(value, 'request');
  if (!Object.hasOwn(INPUTS, method)) throw new LayerscopeError('BAD_REQUEST', 'unknown method');
  const known = method as Method;
  return { method: known, input: INPUTS[known](input, known), isCancelled } as Request;
}

const anyText = text(Number.MAX_SAFE_INTEGER);

const statusLine: Check<readonly [string, string]> = (value, where) => {
  const [label, said, ...more] = listOf(anyText)(value, where);
  if (label === undefined || said === undefined || more.length > 0) throw new LayerscopeError('BAD_REQUEST', `${where} is not a pair`);
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
const driverChange: Check<DriverChange> = shapeWith(
  { kind: oneOf(['added', 'modified', 'removed']), path: anyText },
  { file: shape({ sizeBytes: count, times: anyText }) },
);
const baseImage: Check<SharedBaseImage> = shape({
  id: anyText,
  name: anyText,
  version: anyText,
  path: anyText,
  sizeBytes: count,
  created: anyText,
  adopted: flag,
});

/** The check for each method's reply. */
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
  /** For methods that return nothing, or send their result as data. */
  done: nothing,
} as const;

/** The check for the items of each method that returns a list. */
export const ITEMS = { list: layerInfo, changes: driverChange, chain: anyText, baseImages: baseImage, cleanup: anyText } as const;

const FINDING_CODES = Object.keys(FINDING_SEVERITY) as (keyof typeof FINDING_SEVERITY)[];

const wireFinding = shapeWith(
  { code: oneOf(FINDING_CODES), message: anyText, severity: anyText },
  { image: count, layer: count, path: anyText, offset: count },
);

export type CallEvent = { readonly finding: Finding } | { readonly progress: number };

const anyEvent = shapeWith({}, { finding: wireFinding, progress: count });

/** Checks an event. Throws BAD_REQUEST. */
export function parseEvent(value: unknown): CallEvent {
  const { finding: found, progress } = anyEvent(value, 'event');
  if (found !== undefined && progress === undefined) {
    const { code, message, severity: _, ...where } = found;
    return { finding: finding(code, message, where) };
  }
  if (progress !== undefined && found === undefined) return { progress };
  throw new LayerscopeError('BAD_REQUEST', 'an event must be either a finding or progress');
}

/** Returns an error in the form in which it is sent: one line, without stack or cause. */
export function wireError(error: LayerscopeError): unknown {
  const message = error.message.split('\n', 1)[0]?.slice(0, MAX_MESSAGE_LENGTH) ?? '';
  return { code: error.code, message, ...(error.offset === undefined ? {} : { offset: error.offset }) };
}

const errorShape = shapeWith({ code: oneOf(ERROR_CODES), message: anyText }, { offset: count });

/** Checks a received error and returns it without control characters. Throws BAD_REQUEST if it is malformed. */
export function parseError(value: unknown): LayerscopeError {
  const { code, message, offset } = errorShape(value, 'error');
  return new LayerscopeError(code, displayText(message), offset === undefined ? {} : { offset });
}
