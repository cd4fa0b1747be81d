// Lays layers out on disk as in a mount. Nothing outside the folder is touched, whatever the names and links, and removing the folder later
// removes nothing else. Compares the folder's surroundings before and after.
import assert from 'node:assert/strict';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { blobInFile } from '#archive';
import { removeTree } from '#disk';
import { LayerTables } from '../../../src/driver/portable/layer-tables.ts';
import { layOutChain } from '../../../src/driver/portable/mount-chain.ts';
import { directory, file, hardlink, symlink, tar } from '../../support/tar-builder.ts';
import { expectCleanText, expectRefusal } from '../engine/finding.ts';
import { mutateTar, PLACE, TAR_TOKENS, withPlace } from '../engine/mutate-tar.ts';
import { tarSeeds } from '../engine/seeds.ts';
import type { Session, Target } from '../engine/target.ts';
import { joinLayers, mutateLayers, splitLayers } from './layers-in-one.ts';

const IN_MEMORY = '/dev/shm';
const MOST_LAYER_BYTES = 60_000;
const CODES = ['BAD_TAR', 'TRUNCATED', 'DAMAGED', 'TOO_LARGE', 'NAME_REFUSED', 'PATH_ESCAPE', 'PERMISSION', 'UNSUPPORTED'];

/** Returns everything below a folder by path, with times, modes, inodes and content, except below `except`. */
function snapshot(folder: string, except: readonly string[], found: Record<string, string> = {}): Record<string, string> {
  for (const name of readdirSync(folder).sort()) {
    const at = path.join(folder, name);
    if (except.includes(at)) continue;
    const { mode, uid, gid, size, ino, nlink, mtimeMs, ctimeMs } = lstatSync(at);
    const isFolder = (mode & 0o170000) === 0o040000;
    const isLink = (mode & 0o170000) === 0o120000;
    const content = isFolder ? '' : isLink ? readlinkSync(at) : readFileSync(at, 'latin1');
    found[at] = [mode, uid, gid, size, ino, nlink, mtimeMs, ctimeMs, content].join(' ');
    if (isFolder) snapshot(at, except, found);
  }
  return found;
}

/** Makes nested folders, with files at every level that a layer might damage. Returns the innermost folder, where layers are laid out. */
function layCanaries(base: string): string {
  let at = base;
  for (const name of ['outer', 'middle', 'inner', '']) {
    mkdirSync(path.join(at, 'canary', 'folder'), { recursive: true });
    writeFileSync(path.join(at, 'canary', 'file'), 'untouched');
    symlinkSync('file', path.join(at, 'canary', 'link'));
    symlinkSync('canary', path.join(at, 'link'));
    if (name === '') break;
    at = path.join(at, name);
    mkdirSync(at);
  }
  return at;
}

async function layOut(root: string, work: string, layers: readonly Uint8Array[]): Promise<void> {
  const fileOf = (digest: string): string => path.join(work, digest.slice('sha256:'.length));
  const records = layers.map((bytes, index) => {
    const blob = { digest: `sha256:${index}`, size: bytes.length, mediaType: '', diffId: null, fileBytes: null };
    writeFileSync(fileOf(blob.digest), bytes);
    return { version: 1, parent: null, readWrite: false, blob } as const;
  });
  const blob = (digest: string) => blobInFile(fileOf(digest), digest);
  const tables = new LayerTables({ folder: path.join(work, 'tables'), temporary: work, cacheFolder: null, blob });
  const onFinding = ({ message }: { readonly message: string }): void => expectCleanText(message);
  await layOutChain(root, records, { tables, readWhole: async (digest) => blob(digest) }, { onFinding });
}

/** Returns the error thrown, or null. */
function thrownBy(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => null,
    (error: unknown) => error,
  );
}

/** A folder with canaries around the place where layers are laid out. */
class Sandbox {
  // In memory if possible, because folders are created and removed all the time.
  readonly #base = mkdtempSync(path.join(existsSync(IN_MEMORY) ? IN_MEMORY : tmpdir(), 'lsf-'));
  readonly #inner = layCanaries(this.#base);
  readonly #root = path.join(this.#inner, 'root');
  readonly #work = path.join(this.#inner, 'work');
  readonly #before: Record<string, string>;

  constructor() {
    mkdirSync(this.#work);
    this.#before = this.#look();
  }

  /** Takes a snapshot, without the inner folder itself, whose times change when layers are laid out and removed. */
  #look(): Record<string, string> {
    const found = snapshot(this.#base, [this.#root, this.#work]);
    delete found[this.#inner];
    return found;
  }

  async try(input: Uint8Array): Promise<void> {
    const place = this.#base.length <= PLACE.length ? this.#base : null;
    const layers = splitLayers(place === null ? input : withPlace(input, place)).slice(0, 4);
    if (layers.some((layer) => layer.length > MOST_LAYER_BYTES)) return;
    mkdirSync(this.#root);
    const error = await thrownBy(layOut(this.#root, this.#work, layers));
    assert.deepEqual(this.#look(), this.#before, 'something outside was touched');
    if (error !== null) expectRefusal(error, CODES);
    const left = await thrownBy(removeTree(this.#root));
    assert.deepEqual(this.#look(), this.#before, 'the removal touched something outside');
    if (left !== null) throw left;
    assert.ok(!existsSync(this.#root), 'something is left behind');
    rmSync(this.#work, { recursive: true });
    mkdirSync(this.#work);
  }

  remove(): void {
    rmSync(this.#base, { recursive: true, force: true });
  }
}

function open(): Session {
  let sandbox = new Sandbox();
  return {
    async run(input) {
      try {
        await sandbox.try(input);
      } catch (error) {
        // Leftovers must not affect the next input.
        sandbox.remove();
        sandbox = new Sandbox();
        throw error;
      }
    },
    async [Symbol.asyncDispose]() {
      sandbox.remove();
    },
  };
}

const THROUGH_LINKS = [
  joinLayers([tar(symlink('link', '../canary'), file('link/new', 'x'), symlink('dir', `${PLACE}/canary`), file('dir/file', 'x'))]),
  joinLayers([tar(symlink('link', '..')), tar(directory('link/'), file('link/canary/file', 'x'))]),
  joinLayers([
    tar(hardlink('hard', '../canary/file'), hardlink('other', `${PLACE}/canary/file`)),
    tar(file('hard', 'x'), file('other', 'y')),
  ]),
  joinLayers([tar(directory('a/'), file('a/b', 'x')), tar(symlink('a', '../../canary')), tar(file('a/.wh.file'), file('a/.wh..wh..opq'))]),
  joinLayers([tar(file('../canary/file', 'x'), file('a/../../canary/new', 'x'), file('/canary/x', 'y')), tar(file('../.wh.canary'))]),
];

export const target: Target = {
  name: 'apply',
  // Excludes the seed with hundreds of nested folders, which takes half a second.
  seeds: () => [
    ...THROUGH_LINKS,
    ...tarSeeds().filter((bytes) => !Buffer.from(bytes).includes('long/long/')),
    joinLayers(tarSeeds().slice(0, 3)),
  ],
  tokens: TAR_TOKENS,
  mutate: (bytes, random, other) => mutateLayers(bytes, random, other, mutateTar),
  batch: 4,
  asOrdinaryUser: true,
  open,
};
