// Chains laid out in folders of the store: one a mount, gone at its release, and one that stays for each read-write layer.
import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { removeTree } from '#disk';
import type { MountOptions } from '../driver.ts';
import { onDisk, readJson, statsOf } from './durable.ts';
import type { LayerRecord } from './layer-record.ts';
import type { LayerTables } from './layer-tables.ts';
import { layOutChain } from './mount-chain.ts';
import { type SnapshotEntry, walkTree } from './tree-diff.ts';
import { isThere, thisProcess } from './writer-lock.ts';

export class MountFolders {
  readonly #home: string;
  readonly #tables: LayerTables;
  /** What goes at the release, by layer. */
  readonly #held = new Map<string, string>();

  constructor(home: string, tables: LayerTables) {
    this.#home = home;
    this.#tables = tables;
  }

  /** A read-write layer's files, whether they were laid out yet or not. */
  writtenRoot(id: string): string {
    return path.join(this.#home, 'written', id, 'root');
  }

  /** The first of these layers that a process which is there has mounted, this one too. */
  async mountedOf(ids: ReadonlySet<string>): Promise<string | null> {
    for (const name of await readdir(path.join(this.#home, 'mounts')).catch(() => [])) {
      const owner = (await this.#ownerOf(name)) as { id?: unknown } | undefined;
      if (typeof owner?.id === 'string' && ids.has(owner.id) && (await isThere(owner))) return owner.id;
    }
    return null;
  }

  /** Layers, the lowest first, laid out for a mount. Returns the root. Nothing is left of a failure. */
  async mount(id: string, layers: readonly LayerRecord[], options: MountOptions): Promise<string> {
    const folder = await this.#newFolder(id);
    const root = path.join(folder, 'root');
    try {
      await onDisk(() => mkdir(root));
      await layOutChain(root, layers, this.#tables, options);
    } catch (error) {
      await removeTree(folder);
      throw error;
    }
    this.#held.set(id, folder);
    return root;
  }

  /** A read-write layer's folder stays from mount to mount; it is laid out, with its snapshot, at the first. */
  async mountWritten(id: string, below: readonly LayerRecord[], options: MountOptions): Promise<string> {
    const mark = await this.#newFolder(id);
    const folder = path.join(this.#home, 'written', id);
    try {
      if ((await statsOf(folder)) === null) {
        const unfinished = path.join(mark, 'unfinished');
        const root = path.join(unfinished, 'root');
        await onDisk(() => mkdir(unfinished, { mode: 0o700 }));
        await onDisk(() => mkdir(root));
        await layOutChain(root, below, this.#tables, options);
        await onDisk(async () => {
          {
            await using snapshot = await open(path.join(unfinished, 'snapshot'), 'wx');
            for await (const entry of walkTree(root, options.signal)) await snapshot.writeFile(`${JSON.stringify(entry)}\n`);
          }
          await mkdir(path.dirname(folder), { recursive: true });
          await rename(unfinished, folder);
        });
      }
    } catch (error) {
      await removeTree(mark);
      throw error;
    }
    this.#held.set(id, mark);
    return this.writtenRoot(id);
  }

  async release(id: string): Promise<void> {
    const folder = this.#held.get(id);
    this.#held.delete(id);
    if (folder !== undefined) await onDisk(() => removeTree(folder));
  }

  /** What a read-write layer's folder held at first, by path; null: it was never mounted. */
  async snapshot(id: string): Promise<Map<string, SnapshotEntry> | null> {
    const file = path.join(this.#home, 'written', id, 'snapshot');
    if ((await statsOf(file)) === null) return null;
    const entries = new Map<string, SnapshotEntry>();
    for await (const line of createInterface({ input: createReadStream(file) })) {
      const entry = JSON.parse(line) as SnapshotEntry;
      entries.set(entry.path, entry);
    }
    return entries;
  }

  async removeWritten(id: string): Promise<void> {
    await onDisk(() => removeTree(path.join(this.#home, 'written', id)));
  }

  /** Takes away folders of these layers' mounts that processes left which are gone. */
  async sweepMountsOf(ids: ReadonlySet<string>): Promise<void> {
    for (const name of await readdir(path.join(this.#home, 'mounts')).catch(() => [])) {
      const owner = (await this.#ownerOf(name)) as { id?: unknown } | undefined;
      if (typeof owner?.id === 'string' && ids.has(owner.id) && !(await isThere(owner)))
        await onDisk(() => removeTree(path.join(this.#home, 'mounts', name)));
    }
  }

  /** What processes left that are gone, and folders of layers that are not there, by name. */
  async left(
    isLayer: (id: string) => Promise<boolean>,
  ): Promise<{ readonly mounts: readonly string[]; readonly written: readonly string[] }> {
    const mounts: string[] = [];
    const written: string[] = [];
    for (const name of await readdir(path.join(this.#home, 'mounts')).catch(() => []))
      if (!(await isThere(await this.#ownerOf(name)))) mounts.push(name);
    for (const id of await readdir(path.join(this.#home, 'written')).catch(() => [])) if (!(await isLayer(id))) written.push(id);
    return { mounts, written };
  }

  /** Takes those away. Returns their names. */
  async sweep(isLayer: (id: string) => Promise<boolean>): Promise<string[]> {
    const { mounts, written } = await this.left(isLayer);
    for (const name of mounts) await onDisk(() => removeTree(path.join(this.#home, 'mounts', name)));
    for (const id of written) await this.removeWritten(id);
    return [...mounts, ...written];
  }

  #ownerOf(name: string): Promise<unknown> {
    return readJson(path.join(this.#home, 'mounts', name, 'owner')).catch(() => undefined);
  }

  async #newFolder(id: string): Promise<string> {
    const folder = path.join(this.#home, 'mounts', `${id}-${randomBytes(6).toString('hex')}`);
    await onDisk(async () => {
      await mkdir(path.dirname(folder), { recursive: true });
      // What a layer may hold, set-id programs and folders that anyone may write, is no other user's to enter, least of all half-made.
      await mkdir(folder, { mode: 0o700 });
      await writeFile(path.join(folder, 'owner'), JSON.stringify({ ...(await thisProcess()), id }));
    });
    return folder;
  }
}
