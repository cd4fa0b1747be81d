/** The client's side: a driver in another process, used like a local one. */
import type { Duplex } from 'node:stream';
import { LayerscopeError } from '#model';
import type {
  ApplyOptions,
  CallOptions,
  DriverChange,
  DriverName,
  GraphDriver,
  LayerFiles,
  LayerInfo,
  LayerMetadata,
  Mount,
  MountOptions,
  SharedBaseImage,
  TarSource,
} from '../driver.ts';
import { FrameChannel } from './channel.ts';
import { ClientSession } from './client-session.ts';
import { shakeHands } from './handshake.ts';
import { type CallEvent, REPLIES } from './protocol.ts';

export interface ConnectOptions {
  /** 32 random bytes that only the two sides know. */
  readonly secret: Uint8Array;
  /** How long the server may take to prove itself. Default 10 s. */
  readonly handshakeMs?: number;
}

/**
 * Connects to the driver served at the other end of the stream, and takes ownership of the stream. Methods behave and throw as the driver's
 * do, and throw IO if the connection is lost; the other process, if still alive, then undoes whatever was running. Disposing releases what
 * was mounted through this connection and closes the connection, but doesn't dispose of the driver. Throws FORBIDDEN, UNSUPPORTED, IO or
 * BAD_REQUEST, and closes the stream, if the handshake fails.
 */
export async function connectDriver(stream: Duplex, { secret, handshakeMs }: ConnectOptions): Promise<GraphDriver> {
  const channel = new FrameChannel(stream);
  const session = new ClientSession(channel);
  await shakeHands(channel, { role: 'client', secret, handshakeMs, next: (frame) => session.take(frame) });
  try {
    const { name, home } = await session.ask('about', {}, REPLIES.about);
    return new RemoteDriver(session, name, home);
  } catch (error) {
    channel.cut(null);
    throw error;
  }
}

class RemoteDriver implements GraphDriver {
  readonly name: DriverName;
  readonly home: string;
  readonly #session: ClientSession;

  constructor(session: ClientSession, name: DriverName, home: string) {
    this.#session = session;
    this.name = name;
    this.home = home;
  }

  async status(): Promise<readonly (readonly [string, string])[]> {
    return this.#session.ask('status', {}, REPLIES.status);
  }

  async list(): Promise<readonly LayerInfo[]> {
    return collect(this.#session.items('list', {}));
  }

  async exists(id: string): Promise<boolean> {
    try {
      return await this.#session.ask('exists', { id }, REPLIES.exists);
    } catch (error) {
      // No layer has an invalid id.
      if (error instanceof LayerscopeError && error.code === 'NAME_REFUSED') return false;
      throw error;
    }
  }

  async create(id: string, parent: string | null, { signal }: CallOptions = {}): Promise<void> {
    await this.#session.ask('create', { id, parent }, REPLIES.done, { signal });
  }

  async createReadWrite(
    id: string,
    parent: string | null,
    { signal, sizeBytes = null }: CallOptions & { readonly sizeBytes?: number | null } = {},
  ): Promise<void> {
    await this.#session.ask('createReadWrite', { id, parent, sizeBytes }, REPLIES.done, { signal });
  }

  async remove(id: string, { signal }: CallOptions = {}): Promise<void> {
    await this.#session.ask('remove', { id }, REPLIES.done, { signal });
  }

  async mount(id: string, options: MountOptions = {}): Promise<Mount> {
    // The other process has more rights, so it must not mount at a path that only this process chose.
    if (options.at !== undefined) throw new LayerscopeError('UNSUPPORTED', 'a mount at a folder, through another process');
    const plan = { signal: options.signal, onEvent: listener(options) };
    const { handle, ...mount } = await this.#session.ask('mount', { id }, REPLIES.mount, plan);
    return { ...mount, [Symbol.asyncDispose]: this.#releaseOnce(handle) };
  }

  /**
   * Returns a function that releases a handle when first called. After the driver has been disposed of, which releases everything, the
   * function does nothing.
   */
  #releaseOnce(handle: number): () => Promise<void> {
    let isHeld = true;
    return async () => {
      if (!isHeld) return;
      isHeld = false;
      if (!this.#session.isDisposed) await this.#session.ask('release', { handle }, REPLIES.done);
    };
  }

  async releaseLeft(id: string, { signal }: CallOptions = {}): Promise<void> {
    await this.#session.ask('releaseLeft', { id }, REPLIES.done, { signal });
  }

  diff(id: string, { signal }: CallOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
    return this.#session.bytes('diff', { id }, { signal });
  }

  changes(id: string, { signal }: CallOptions = {}): AsyncGenerator<DriverChange, void, undefined> {
    return this.#session.items('changes', { id }, { signal });
  }

  async applyDiff(id: string, tar: TarSource, options: ApplyOptions = {}): Promise<{ readonly sizeBytes: number }> {
    const call = this.#session.begin('applyDiff', { id }, { signal: options.signal, onEvent: listener(options) });
    return REPLIES.applyDiff(await call.sendTar(tar), 'applyDiff');
  }

  async diffSize(id: string, { signal }: CallOptions = {}): Promise<number> {
    return this.#session.ask('diffSize', { id }, REPLIES.diffSize, { signal });
  }

  async chain(id: string): Promise<readonly string[]> {
    return collect(this.#session.items('chain', { id }));
  }

  async metadata(id: string): Promise<LayerMetadata> {
    return this.#session.ask('metadata', { id }, REPLIES.metadata);
  }

  async files(id: string): Promise<LayerFiles> {
    const { handle } = await this.#session.ask('files', { id }, REPLIES.files);
    return {
      open: (name) => this.#session.bytes('openFile', { handle, name }),
      [Symbol.asyncDispose]: this.#releaseOnce(handle),
    };
  }

  async baseImages(): Promise<readonly SharedBaseImage[]> {
    return collect(this.#session.items('baseImages', {}));
  }

  async adoptBaseImage(id: string, { signal }: CallOptions = {}): Promise<string> {
    return this.#session.ask('adoptBaseImage', { id }, REPLIES.adoptBaseImage, { signal });
  }

  async cleanup({ signal }: CallOptions = {}): Promise<readonly string[]> {
    return collect(this.#session.items('cleanup', {}, { signal }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.goodbye();
  }
}

function listener({ onFinding, onProgress }: ApplyOptions): (event: CallEvent) => void {
  return (event) => {
    if ('finding' in event) onFinding?.(event.finding);
    else onProgress?.(event.progress);
  };
}

async function collect<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
