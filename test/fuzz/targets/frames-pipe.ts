// The protocol of a remote driver, at both ends: a violation ends the connection with a clear error and leaves nothing running. The first
// byte of an input selects the peer (0: one without the secret, 1: a client with it, 2: a server with it); the rest is what the peer sends.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { duplexPair } from 'node:stream';
import { finding, type LayerscopeError } from '#model';
import type { GraphDriver } from '../../../src/driver/driver.ts';
import { encodeCount, encodeFrame, encodeJson, FRAME, type Frame, FrameReader } from '../../../src/driver/remote/frames.ts';
import { connectDriver, serveDriver } from '../../../src/driver/remote/index.ts';
import { RawPeer } from '../../support/raw-peer.ts';
import { scriptedDriver } from '../../support/scripted-driver.ts';
import { expectRefusal } from '../engine/finding.ts';
import { joined, mutateBytes, textTokens } from '../engine/mutate.ts';
import { mutateJson } from '../engine/mutate-json.ts';
import type { Random } from '../engine/random.ts';
import { expectSame } from '../engine/same.ts';
import { session, type Target } from '../engine/target.ts';

const secret = randomBytes(32);
const ENDS = ['BAD_REQUEST', 'IO', 'FORBIDDEN', 'UNSUPPORTED', 'NAME_REFUSED', 'CANCELLED', 'TOO_LARGE', 'NOT_FOUND'];
/** Limit on the memory that reading frames may take. It is more than any input's payload, so only a false length could lead to more. */
const MOST_KEPT_BYTES = 64 * 1024 * 1024;

/** Returns a driver that quickly does everything asked of it and reads all data it is given. */
function willing(running: { count: number }): GraphDriver {
  const counted = async <T>(work: () => Promise<T>): Promise<T> => {
    running.count++;
    try {
      return await work();
    } finally {
      running.count--;
    }
  };
  const mount = (id: string) => ({ id, path: '/mounted', [Symbol.asyncDispose]: async () => void running.count-- });
  return scriptedDriver({
    status: () => counted(async () => [['a', 'b']]),
    list: async () => [{ id: 'a', parent: null, chain: [], state: 'ready', problem: null }],
    exists: async () => true,
    create: async () => {},
    createReadWrite: async () => {},
    remove: async () => {},
    mount: async (id, { onFinding } = {}) => {
      onFinding?.(finding('odd-name', 'x'));
      running.count++;
      return mount(id) as Awaited<ReturnType<GraphDriver['mount']>>;
    },
    diff: async function* () {
      for (let i = 0; i < 4; i++) yield new Uint8Array(100_000);
    },
    applyDiff: (_id, tar) =>
      counted(async () => {
        let sizeBytes = 0;
        for await (const bytes of tar) sizeBytes += bytes.length;
        return { sizeBytes };
      }),
    diffSize: async () => 5,
    metadata: async () => ({ dir: '/layer' }),
  });
}

function pair(): { ours: Socket; theirs: Socket } {
  const [ours, theirs] = duplexPair();
  return { ours: ours as Socket, theirs: theirs as Socket };
}

function checkEnd(error: LayerscopeError | null): void {
  if (error !== null) expectRefusal(error, ENDS);
}

/** Waits long enough for everything sent to be processed. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 12; turn++) await new Promise((resolve) => setImmediate(resolve));
}

async function attackServer(sent: Uint8Array, knows: boolean): Promise<void> {
  const running = { count: 0 };
  const { ours, theirs } = pair();
  const served = serveDriver(willing(running), ours, { secret });
  const peer = new RawPeer(theirs);
  if (knows) await peer.shake(secret);
  theirs.write(sent);
  await settled();
  theirs.destroy();
  await served[Symbol.asyncDispose]();
  checkEnd(await served.ended);
  assert.equal(running.count, 0, 'calls or mounts are left over');
}

async function attackClient(sent: Uint8Array): Promise<void> {
  const { ours, theirs } = pair();
  const peer = new RawPeer(theirs);
  const connected = connectDriver(ours, { secret });
  connected.catch(() => {});
  await peer.shake(secret, { role: 'server' });
  peer.send(FRAME.reply, (await peer.frame(FRAME.request)).call, encodeJson({ name: 'windowsfilter', home: '/home' }));
  const driver = await connected;
  const read = async (pieces: AsyncIterable<unknown>): Promise<void> => {
    for await (const _ of pieces);
  };
  const calls = [
    driver.status(),
    read(driver.diff('a')),
    driver.list(),
    driver.mount('a'),
    driver.applyDiff('a', [new Uint8Array(100)] as never),
  ];
  const settledCalls = Promise.allSettled(calls);
  await settled();
  theirs.write(sent);
  await settled();
  theirs.destroy();
  for (const result of await settledCalls)
    if (result.status === 'rejected')
      expectRefusal(result.reason, [
        ...ENDS,
        'INTERNAL',
        'EXISTS',
        'PERMISSION',
        'DAMAGED',
        'TRUNCATED',
        'BAD_TAR',
        'PATH_ESCAPE',
        'DIGEST_MISMATCH',
        'BLOB_MISSING',
        'BAD_MANIFEST',
        'NOT_AN_IMAGE',
        'USAGE',
      ]);
  await driver[Symbol.asyncDispose]();
}

/** Returns the frames read from the bytes in pieces of `size`, and whether reading ended in an error. */
function framesOf(sent: Uint8Array, size: number): { frames: Frame[]; error: boolean } {
  const reader = new FrameReader();
  const frames: Frame[] = [];
  const before = process.memoryUsage().arrayBuffers;
  try {
    for (let at = 0; at < sent.length; at += size)
      reader.push(sent.slice(at, at + size), (frame) => frames.push({ ...frame, payload: new Uint8Array(frame.payload) }));
  } catch (error) {
    expectRefusal(error, ['BAD_REQUEST']);
    return { frames, error: true };
  }
  assert.ok(process.memoryUsage().arrayBuffers - before < MOST_KEPT_BYTES, 'a length alone made the reader allocate memory');
  return { frames, error: false };
}

async function run(input: Uint8Array): Promise<void> {
  const sent = input.slice(1);
  expectSame(framesOf(sent, 1 + (sent.length % 23)), framesOf(sent, Math.max(1, sent.length)));
  if (input[0] === 2) await attackClient(sent);
  else await attackServer(sent, input[0] === 1);
}

const REQUESTS: readonly (readonly [string, unknown])[] = [
  ['status', {}],
  ['list', {}],
  ['exists', { id: 'a' }],
  ['create', { id: 'a', parent: null }],
  ['createReadWrite', { id: 'a', parent: 'b', sizeBytes: 5 }],
  ['mount', { id: 'a' }],
  ['diff', { id: 'a' }],
  ['applyDiff', { id: 'a' }],
  ['release', { handle: 1 }],
  ['openFile', { handle: 1, name: 'x' }],
  ['goodbye', {}],
];

function request(call: number, method: string, input: unknown): Uint8Array {
  return encodeFrame(FRAME.request, call, encodeJson({ method, input, isCancelled: false }));
}

const CLIENT = [...REQUESTS.map(([method, input], index) => request(index + 1, method, input))];
const UPLOAD = joined(request(1, 'applyDiff', { id: 'a' }), encodeFrame(FRAME.data, 1, new Uint8Array(100)), encodeFrame(FRAME.end, 1));
const DOWNLOAD = joined(request(1, 'diff', { id: 'a' }), encodeFrame(FRAME.credit, 1, encodeCount(70_000)), encodeFrame(FRAME.cancel, 1));
const SERVER = [
  encodeFrame(FRAME.reply, 2, encodeJson([['a', 'b']])),
  encodeFrame(FRAME.data, 3, new Uint8Array(10)),
  encodeFrame(FRAME.reply, 3, encodeJson(null)),
  encodeFrame(FRAME.data, 4, encodeJson([{ id: 'a' }])),
  encodeFrame(FRAME.event, 5, encodeJson({ progress: 5 })),
  encodeFrame(FRAME.reply, 5, encodeJson({ handle: 1, id: 'a', path: '/x' })),
  encodeFrame(FRAME.error, 6, encodeJson({ code: 'IO', message: 'x' })),
  encodeFrame(FRAME.credit, 6, encodeCount(5)),
];

function split(bytes: Uint8Array): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = at + 4 <= bytes.length ? new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true) : 0;
    const end = Math.min(bytes.length, at + 4 + Math.min(length, 2 ** 21));
    frames.push(bytes.slice(at, Math.max(end, at + 1)));
    at = Math.max(end, at + 1);
  }
  return frames;
}

function withLength(frame: Uint8Array): Uint8Array {
  if (frame.length < 4) return frame;
  const copy = frame.slice();
  new DataView(copy.buffer).setUint32(0, copy.length - 4, true);
  return copy;
}

function changed(frame: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  const copy = frame.slice();
  switch (random.int(4)) {
    case 0:
      if (copy.length > 4) copy[4] = random.int(12);
      return copy;
    case 1:
      if (copy.length > 5) copy[5] = random.int(14);
      return copy;
    case 2:
      return withLength(joined(copy.subarray(0, 9), mutateJson(copy.slice(9), random, other.slice(10))));
    default:
      return withLength(mutateBytes(copy, random, other));
  }
}

/** Removes, adds, moves or changes one frame. */
function mutate(input: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  const frames = split(input.slice(1));
  const at = random.int(frames.length);
  switch (random.int(5)) {
    case 0:
      frames.splice(at, 1);
      break;
    case 1:
      frames.splice(at, 0, random.pick([...split(other.slice(1)), ...CLIENT, ...SERVER]));
      break;
    case 2:
      frames.push(...frames.splice(at, 1));
      break;
    default:
      frames[at] = changed(frames[at] ?? new Uint8Array(0), random, other);
  }
  return joined(Uint8Array.of(random.chance(0.9) ? (input[0] ?? 0) : random.int(3)), ...frames);
}

const hello = encodeFrame(FRAME.hello, 0, joined(encodeCount(1), new Uint8Array(32)));

export const target: Target = {
  name: 'frames-pipe',
  seeds: () => [
    joined(Uint8Array.of(0), hello, encodeFrame(FRAME.proof, 0, new Uint8Array(32))),
    joined(Uint8Array.of(0), CLIENT[0] ?? hello),
    joined(Uint8Array.of(1), ...CLIENT),
    ...CLIENT.map((frame) => joined(Uint8Array.of(1), frame)),
    joined(Uint8Array.of(1), UPLOAD),
    joined(Uint8Array.of(1), DOWNLOAD),
    joined(Uint8Array.of(2), ...SERVER),
    ...SERVER.map((frame) => joined(Uint8Array.of(2), frame)),
  ],
  tokens: textTokens('\x05\0\0\0', '\xff\xff\xff\xff', '{"method":"', '"isCancelled":true', '"..", "/"', '__proto__'),
  mutate,
  maxBytes: 200_000,
  batch: 8,
  open: () => session(run),
};
