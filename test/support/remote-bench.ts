// A bench whose drivers are served over a real socket.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { GraphDriver } from '../../src/driver/driver.ts';
import { connectDriver, type ServedDriver, type ServeOptions, serveDriver } from '../../src/driver/remote/index.ts';
import type { DriverBench } from '../driver/suite.ts';

/** Two ends of one socket. */
export interface Line {
  readonly client: Socket;
  readonly server: Socket;
}

/** Connects pairs of sockets: over a Unix socket in its own folder, or on Windows over a named pipe. */
export class Exchange implements AsyncDisposable {
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'layerscope-remote-'));
  readonly #address = process.platform === 'win32' ? `\\\\.\\pipe\\${path.basename(this.#folder)}` : path.join(this.#folder, 'socket');
  readonly #server: Server;
  readonly #sockets: Socket[] = [];

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(): Promise<Exchange> {
    const exchange = new Exchange(createServer());
    await new Promise<void>((resolve) => exchange.#server.listen(exchange.#address, resolve));
    return exchange;
  }

  async join(): Promise<Line> {
    const accepted = new Promise<Socket>((resolve) => this.#server.once('connection', resolve));
    const client = connect(this.#address);
    const server = await accepted;
    this.#sockets.push(client, server);
    return { client, server };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** A driver served at one end, and its client at the other. */
export interface Served extends AsyncDisposable {
  readonly driver: GraphDriver;
  readonly served: ServedDriver;
  readonly line: Line;
}

export async function serveOver(exchange: Exchange, driver: GraphDriver, options: Partial<ServeOptions> = {}): Promise<Served> {
  const line = await exchange.join();
  const secret = randomBytes(32);
  const served = serveDriver(driver, line.server, { secret, ...options });
  return {
    driver: await connectDriver(line.client, { secret }),
    served,
    line,
    [Symbol.asyncDispose]: () => served[Symbol.asyncDispose](),
  };
}

/** Wraps a driver so that it doesn't release mounts after a simulated crash of its process. */
function mortal(driver: GraphDriver, life: { readonly isOver: boolean }): GraphDriver {
  const mount: GraphDriver['mount'] = async (id, options) => {
    const mounted = await driver.mount(id, options);
    return {
      ...mounted,
      [Symbol.asyncDispose]: async () => {
        if (!life.isOver) await mounted[Symbol.asyncDispose]();
      },
    };
  };
  return new Proxy(driver, {
    get(target, key) {
      const value: unknown = key === 'mount' ? mount : Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

export class RemoteBench implements DriverBench {
  readonly #bench: DriverBench;
  readonly #exchange: Exchange;
  readonly #served: (Served & { readonly life: { isOver: boolean } })[] = [];

  private constructor(bench: DriverBench, exchange: Exchange) {
    this.#bench = bench;
    this.#exchange = exchange;
  }

  static async over(bench: DriverBench): Promise<RemoteBench> {
    return new RemoteBench(bench, await Exchange.open());
  }

  async open(): Promise<GraphDriver> {
    const life = { isOver: false };
    const served = await serveOver(this.#exchange, mortal(await this.#bench.open(), life));
    this.#served.push({ ...served, life });
    return served.driver;
  }

  tar(...args: Parameters<DriverBench['tar']>): ReturnType<DriverBench['tar']> {
    return this.#bench.tar(...args);
  }

  read(...args: Parameters<DriverBench['read']>): ReturnType<DriverBench['read']> {
    return this.#bench.read(...args);
  }

  comparable(tar: Uint8Array): unknown {
    return this.#bench.comparable(tar);
  }

  write(...args: Parameters<DriverBench['write']>): void {
    this.#bench.write(...args);
  }

  shows(...args: Parameters<DriverBench['shows']>): ReturnType<DriverBench['shows']> {
    return this.#bench.shows(...args);
  }

  async fillQuickly(id: string, driver: GraphDriver): Promise<void> {
    await this.#bench.fillQuickly?.(id, driver);
  }

  /** Simulates a crash of the serving process. */
  crash(): void {
    for (const { life, line } of this.#served) {
      life.isOver = true;
      line.server.destroy();
    }
    this.#bench.crash();
  }

  stray(): Promise<readonly string[]> {
    return this.#bench.stray();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const served of this.#served) await served[Symbol.asyncDispose]();
    await this.#exchange[Symbol.asyncDispose]();
    await this.#bench[Symbol.asyncDispose]();
  }
}
