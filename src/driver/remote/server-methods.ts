// What the server does for each method: the driver's own, and nothing that was not checked reaches it.
import { type Finding, LayerscopeError } from '#model';
import type { GraphDriver, LayerFiles, Mount, TarSource } from '../driver.ts';
import type { Outflow } from './flow.ts';
import { encodeItems } from './items.ts';
import type { CallEvent, Request } from './protocol.ts';

/** Mounts and layers' files of one connection. */
const MAX_HELD = 1_024;

type Held = { readonly what: 'mount'; readonly held: Mount } | { readonly what: 'files'; readonly held: LayerFiles };

/** What a connection holds of the driver, by the numbers that it was given. */
export class HeldThings {
  readonly #held = new Map<number, Held>();
  #last = 0;

  get size(): number {
    return this.#held.size;
  }

  /** TOO_LARGE, before anything is made: it holds too much. */
  refuseFull(): void {
    if (this.#held.size >= MAX_HELD)
      throw new LayerscopeError('TOO_LARGE', `a connection holds ${MAX_HELD} mounts and layers' files at most`);
  }

  add(held: Held): number {
    this.#held.set(++this.#last, held);
    return this.#last;
  }

  /** NOT_FOUND. */
  files(handle: number): LayerFiles {
    const held = this.#held.get(handle);
    if (held?.what !== 'files') throw new LayerscopeError('NOT_FOUND', "no layer's files are held by that number");
    return held.held;
  }

  /** NOT_FOUND. What fails while it is let go of is thrown, and it is held no more. */
  async release(handle: number): Promise<void> {
    const held = this.#held.get(handle);
    if (held === undefined) throw new LayerscopeError('NOT_FOUND', 'nothing is held by that number');
    this.#held.delete(handle);
    await held.held[Symbol.asyncDispose]();
  }

  /** Lets go of everything, whatever fails; the first error is thrown. */
  async releaseAll(): Promise<void> {
    const results = await Promise.allSettled([...this.#held.keys()].map((handle) => this.release(handle)));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }
}

/** What a method sees of its call. */
export interface MethodCall {
  readonly signal: AbortSignal;
  /** Data to the client. */
  readonly out: Outflow;
  /** Data from the client: the tar that it sends. */
  readonly tar: TarSource;
  tell(event: CallEvent): void;
}

/** Does what was asked and gives the reply's value. Throws what the driver throws. `goodbye` is the session's own. */
export async function perform(driver: GraphDriver, held: HeldThings, call: MethodCall, request: Request): Promise<unknown> {
  const { signal } = call;
  const onFinding = (finding: Finding): void => call.tell({ finding });
  const { method, input } = request;
  switch (method) {
    case 'about':
      return { name: driver.name, home: driver.home };
    case 'status':
      return driver.status();
    case 'list':
      return sendItems(call, await driver.list());
    case 'exists':
      return driver.exists(input.id);
    case 'create':
      await driver.create(input.id, input.parent, { signal });
      return null;
    case 'createReadWrite': {
      const { sizeBytes } = input;
      await driver.createReadWrite(input.id, input.parent, sizeBytes === null ? { signal } : { signal, sizeBytes });
      return null;
    }
    case 'remove':
      await driver.remove(input.id, { signal });
      return null;
    case 'mount': {
      held.refuseFull();
      const mount = await driver.mount(input.id, { signal, onFinding });
      return { handle: held.add({ what: 'mount', held: mount }), id: mount.id, path: mount.path };
    }
    case 'diff':
      return sendBytes(call, driver.diff(input.id, { signal }));
    case 'changes':
      return sendItems(call, driver.changes(input.id, { signal }));
    case 'applyDiff': {
      const onProgress = (progress: number): void => call.tell({ progress });
      const { sizeBytes } = await driver.applyDiff(input.id, call.tar, { signal, onFinding, onProgress });
      return { sizeBytes };
    }
    case 'diffSize':
      return driver.diffSize(input.id, { signal });
    case 'chain':
      return sendItems(call, await driver.chain(input.id));
    case 'metadata':
      return driver.metadata(input.id);
    case 'files': {
      held.refuseFull();
      return { handle: held.add({ what: 'files', held: await driver.files(input.id) }) };
    }
    case 'openFile':
      return sendBytes(call, held.files(input.handle).open(input.name));
    case 'release':
      await held.release(input.handle);
      return null;
    case 'baseImages':
      return sendItems(call, await driver.baseImages());
    case 'adoptBaseImage':
      return driver.adoptBaseImage(input.id, { signal });
    case 'cleanup':
      return sendItems(call, await driver.cleanup({ signal }));
    case 'goodbye':
      throw new LayerscopeError('INTERNAL', 'the end of a connection is no call of the driver');
  }
}

/** Stops where the call is cancelled: the source is let go of then, and what fails on that is thrown instead of CANCELLED. */
async function sendBytes(call: MethodCall, source: AsyncIterable<Uint8Array>): Promise<null> {
  let isStopped = false;
  for await (const bytes of source) {
    isStopped = !(await call.out.send(bytes));
    if (isStopped) break;
  }
  if (isStopped) throw new LayerscopeError('CANCELLED', 'cancelled');
  return null;
}

function sendItems(call: MethodCall, items: AsyncIterable<unknown> | Iterable<unknown>): Promise<null> {
  return sendBytes(call, encodeItems(items));
}
