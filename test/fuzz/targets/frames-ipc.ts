// Messages over Electron's IPC, which carries anything that can be structured-cloned: the host answers each with an envelope, never a
// defect. An input is JSON: a list of messages { sender, name, input, topic }. An object with one key that begins with $ stands for a value
// that JSON lacks.
import assert from 'node:assert/strict';
import type { TopicName } from '#contract';
import { type Envelope, TOPIC_NAMES } from '#contract';
import { OPERATION_NAMES } from '#contract/schemas';
import type { Host, Sender } from '#host';
import { fakeHost, fakeLibrary } from '../../support/fake-services.ts';
import { expectCleanText, expectRefusal } from '../engine/finding.ts';
import { JSON_TOKENS, mutateJson } from '../engine/mutate-json.ts';
import type { Random } from '../engine/random.ts';
import type { Session, Target } from '../engine/target.ts';

/** Values that can be structured-cloned but aren't JSON. */
const BEYOND_JSON: Readonly<Record<string, (value: unknown) => unknown>> = {
  $undefined: () => undefined,
  $bigint: (value) => BigInt(Number.isSafeInteger(value) ? (value as number) : 1),
  $nan: () => Number.NaN,
  $infinity: () => Number.POSITIVE_INFINITY,
  $minusZero: () => -0,
  $date: () => new Date(0),
  $map: (value) => new Map([['a', value]]),
  $set: (value) => new Set([value]),
  $bytes: () => new Uint8Array(3),
  $buffer: () => new ArrayBuffer(3),
  $regexp: () => /x/,
  $error: () => new Error('x'),
  $sparse: () => new Array(3),
  $cycle: () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    return cycle;
  },
};

function restored(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(restored);
  const [key, ...more] = Object.keys(value);
  const make = more.length === 0 && key !== undefined && Object.hasOwn(BEYOND_JSON, key) ? BEYOND_JSON[key] : undefined;
  if (make !== undefined && key !== undefined) return make(restored((value as Record<string, unknown>)[key]));
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, restored(each)]));
}

/** Throws for a response that a host must not send. `expected`: whether the fake library threw an internal error on purpose. */
function checkEnvelope(envelope: Envelope<unknown>, name: unknown, expected: boolean): void {
  structuredClone(envelope);
  if (envelope.ok) return;
  expectCleanText(envelope.error.message);
  assert.ok(envelope.error.code !== 'INTERNAL' || expected, `a defect in ${String(name)}`);
}

async function deliver(host: Host, senders: readonly unknown[], message: unknown, defects: () => number): Promise<void> {
  const { sender, name, input, topic } = (typeof message === 'object' && message !== null ? message : {}) as Record<string, unknown>;
  const from = typeof sender === 'number' && sender >= 0 && sender < senders.length ? senders[sender] : sender;
  if (topic !== undefined) {
    try {
      host.subscribe(from, topic as TopicName, () => {})();
    } catch (error) {
      expectRefusal(error, ['FORBIDDEN', 'BAD_REQUEST']);
    }
    return;
  }
  const before = defects();
  const envelope = await host.handle(from, name, input);
  if (typeof from !== 'object' || from === null || !senders.includes(from as Sender))
    assert.ok(!envelope.ok && envelope.error.code === 'FORBIDDEN', 'a foreign sender got an answer');
  checkEnvelope(envelope, name, defects() > before);
}

async function open(): Promise<Session> {
  const library = fakeLibrary();
  const { host, jobs } = fakeHost({ library, log: () => {} });
  const senders = [host.admit(), host.admit()];
  return {
    async run(input) {
      let messages: unknown;
      try {
        messages = JSON.parse(Buffer.from(input).toString('utf8'));
      } catch {
        return;
      }
      const list = (Array.isArray(messages) ? messages : [messages]).slice(0, 8);
      for (const message of list) await deliver(host, senders, restored(message), library.defects);
      library.asked.length = 0;
      library.opened.length = 0;
    },
    async [Symbol.asyncDispose]() {
      await jobs[Symbol.asyncDispose]();
    },
  };
}

const PAGE = { archiveId: 'a1', image: 0, start: 0, count: 100 };
const SIDE = { archiveId: 'a1', image: 0, layer: 0 };
const INPUTS: Readonly<Record<string, unknown>> = {
  'image.changes': { ...PAGE, from: 0, to: 1 },
  'image.view': { ...PAGE, layer: 1 },
  'image.whole': PAGE,
  'registry.changes': { archiveId: 'a1', image: 0, from: 0, to: 1, text: '', start: 0, count: 100 },
  'registry.compare': {
    a: { archiveId: 'a1', image: 0, layer: 1 },
    b: { archiveId: 'a2', image: 0, layer: 0 },
    text: '',
    start: 0,
    count: 1,
  },
  'registry.hives': { archiveId: 'a1', image: 0, layer: 1 },
  'registry.key': { archiveId: 'a1', image: 0, layer: 1, hive: 'SOFTWARE', path: 'Microsoft\\Windows', start: 0, count: 100 },
  'registry.search': { archiveId: 'a1', image: 0, layer: 1, text: 'run', limit: 10 },
  'image.breakdown': { archiveId: 'a1', image: 0, of: { what: 'view', layer: 1 }, pathHex: '61', limit: 10 },
  'images.compare': { a: SIDE, b: { ...SIDE, since: 1 }, start: 0, count: 10 },
  'images.configs': { a: SIDE, b: SIDE },
  'images.packages': { a: SIDE, b: { ...SIDE, since: 1 }, text: 'x', start: 0, count: 10 },
  'image.packages': { archiveId: 'a1', image: 0, of: { what: 'view', layer: 1 }, text: 'x', start: 0, count: 10 },
  'image.search': { archiveId: 'a1', image: 0, text: 'x', limit: 10 },
  'image.waste': { archiveId: 'a1', image: 0, limit: 10 },
  'entry.content': { ...SIDE, pathHex: '61', offset: 0, length: 100 },
  'entry.details': { ...SIDE, pathHex: '61' },
  'entry.folder': { ...SIDE, pathHex: '61', withHidden: true },
  'entry.listing': { ...SIDE, pathHex: '61', limit: 5 },
  'export.start': { what: 'entry', ...SIDE, pathHex: '61' },
  'archive.open': { grant: 'f'.repeat(32) },
  'archive.close': { archiveId: 'a1' },
  'files.expect': { name: 'x', sizeBytes: 5 },
  'files.again': { index: 0, name: 'x' },
  'store.import': { storeId: 's1', archiveId: 'a1', image: 0, parent: null },
  'store.mount': { storeId: 's1', name: 'x' },
  'jobs.cancel': { jobId: 'j1' },
};

function mutate(bytes: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  const changed = mutateJson(bytes, random, other);
  if (!random.chance(0.3)) return changed;
  const text = Buffer.from(changed).toString('utf8');
  const places = [...text.matchAll(/(?:null|true|false|"[^"]*"|\d+)(?=[,}\]])/g)];
  const place = places[random.int(places.length)];
  if (place === undefined) return changed;
  const put = random.chance(0.2)
    ? JSON.stringify(random.pick([...OPERATION_NAMES, ...TOPIC_NAMES]))
    : `{"${random.pick(Object.keys(BEYOND_JSON))}":1}`;
  return new Uint8Array(Buffer.from(text.slice(0, place.index) + put + text.slice(place.index + place[0].length)));
}

const bytesOf = (value: unknown): Uint8Array => new Uint8Array(Buffer.from(JSON.stringify(value)));

export const target: Target = {
  name: 'frames-ipc',
  seeds: () => [
    ...OPERATION_NAMES.map((name) => bytesOf([{ sender: 0, name, input: INPUTS[name] ?? { archiveId: 'a1', image: 0 } }])),
    ...OPERATION_NAMES.map((name) => bytesOf([{ sender: 1, name, input: {} }])),
    bytesOf(TOPIC_NAMES.map((topic) => ({ sender: 0, topic }))),
    bytesOf([{ sender: { number: 1 }, name: 'app.info', input: {} }]),
  ],
  tokens: JSON_TOKENS,
  mutate,
  maxBytes: 16_384,
  open,
};
