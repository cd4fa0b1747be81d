// Calls the driver's method for each checked request.
import { type Finding, LayerscopeError } from '#model';
import type { GraphDriver, LayerFiles, Mount, TarSource } from '../driver.ts';
import type { Outflow } from './flow.ts';
import { encodeItems } from './items.ts';
import type { CallEvent, Request } from './protocol.ts';

/** Maximum number of mounts and open layers of one connection. */
const MAX_HELD = 1_024;

type Held = { readonly what: 'mount'; readonly held: Mount } | { readonly what: 'files'; readonly held: LayerFiles };

/** The mounts and opened layers that a connection holds, by number. */
export class HeldResources {
  readonly #held = new Map<number, Held>();
  #last = 0;

  get size(): number {
    return this.#held.size;
  }

  /** Throws TOO_LARGE if the connection holds the maximum number of resources. Call this before opening another one. */
  refuseFull(): void {
    if (this.#held.size >= MAX_HELD)
      throw new LayerscopeError('TOO_LARGE', `a connection can hold at most ${MAX_HELD} mounts and open layers`);
  }

  add(held: Held): number {
    this.#held.set(++this.#last, held);
    return this.#last;
  }

  /** Returns the files with a handle. Throws NOT_FOUND. */
  files(handle: number): LayerFiles {
    const held = this.#held.get(handle);
    if (held?.what !== 'files') throw new LayerscopeError('NOT_FOUND', 'no open layer has that number');
    return held.held;
  }

  /** Releases a resource, and forgets it even if the release fails. Throws NOT_FOUND, and the error of releasing it. */
  async release(handle: number): Promise<void> {
    const held = this.#held.get(handle);
    if (held === undefined) throw new LayerscopeError('NOT_FOUND', 'no mount and no open layer has that number');
    this.#held.delete(handle);
    await held.held[Symbol.asyncDispose]();
  }

  /** Releases everything even if some of it fails, then throws the first error. */
  async releaseAll(): Promise<void> {
    const results = await Promise.allSettled([...this.#held.keys()].map((handle) => this.release(handle)));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }
}

/** What a method gets for one call: its signal, its data in both directions, and where to send events. */
export interface MethodCall {
  readonly signal: AbortSignal;
  /** Sends data to the client. */
  readonly out: Outflow;
  /** The tar that the client sends. */
  readonly tar: TarSource;
  emit(event: CallEvent): void;
}

/** Performs a request and returns the value of the reply. Throws what the driver throws. The session itself handles `goodbye`. */
export async function perform(driver: GraphDriver, held: HeldResources, call: MethodCall, request: Request): Promise<unknown> {
  const { signal } = call;
  const onFinding = (finding: Finding): void => call.emit({ finding });
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
    case 'releaseLeft':
      if (driver.releaseLeft === undefined) {
        throw new LayerscopeError('UNSUPPORTED', `${driver.name} has no mounts that outlive their process`);
      }
      await driver.releaseLeft(input.id, { signal });
      return null;
    case 'diff':
      return sendBytes(call, driver.diff(input.id, { signal }));
    case 'changes':
      return sendItems(call, driver.changes(input.id, { signal }));
    case 'applyDiff': {
      const onProgress = (progress: number): void => call.emit({ progress });
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
      throw new LayerscopeError('INTERNAL', 'goodbye is not a call of the driver');
  }
}

/** Sends the bytes of a source. Once the call is cancelled, closes the source and throws CANCELLED, or the error of closing the source. */
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
