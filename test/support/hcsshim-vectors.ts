// Runs one case of a file like vectors/hcsshim-layers.json: imports a layer's tar on a parent, and compares ImportLayer's input and the
// exported tar with hcsshim's. Ignores times in exported tars, which weren't preserved where the vectors were made.
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type ErrorCode, type Finding, LayerscopeError } from '#model';
import { exportLayer } from '../../src/driver/windows/export-layer.ts';
import { importLayer } from '../../src/driver/windows/import-layer.ts';
import { FOLDER_FILE_SUFFIX, type LayerPlace } from '../../src/driver/windows/layer-writer.ts';
import type { Native } from '../../src/driver/windows/native.ts';
import { NodeFiles } from '../native/node-files.ts';
import { FakeLayers } from './fake-layers.ts';
import { FakeVolumes } from './fake-volumes.ts';

export interface LayerCase {
  readonly case: string;
  readonly tarBase64: string;
  readonly parentTarsBase64: readonly string[];
  /** What hcsshim returned: `import SIZE ERROR`, where ERROR is `<nil>` on success. */
  readonly said: string;
  readonly transport: Readonly<Record<string, { readonly hex?: string }>>;
  readonly calls: readonly string[];
  /** Names in the layer's folder at the end. Folder names end in \. */
  readonly final?: readonly string[];
  readonly exportTombstones?: string;
  readonly exportTarBase64?: string;
}

interface Refusal {
  readonly code: ErrorCode;
  readonly words: RegExp;
}

/** Cases that hcsshim accepts and we refuse on purpose, because hcsshim's result isn't a layer, or not the one that the tar describes. */
const OURS_IS_RIGHT: readonly (Refusal & { readonly what: string; readonly why: string })[] = [
  {
    what: 'bare whiteout',
    code: 'NAME_REFUSED',
    words: /\.wh\.: a whiteout without a name$/,
    why: 'it makes a tombstone for the folder itself, with everything in it',
  },
  {
    what: 'opaque marker',
    code: 'NAME_REFUSED',
    words: /\.wh\.\.wh\.[^:]*: a marker that Windows layers don't have$/,
    why: 'it makes a tombstone for a file named .wh..opq, and the lower files stay',
  },
  {
    what: 'Linux root',
    code: 'UNSUPPORTED',
    words: /not a layer of a Windows image$/,
    why: 'it makes a layer without a Files folder from it',
  },
];

/** Our errors for cases that hcsshim refuses too. hcsshim still passes the partial layer to ImportLayer; we never do. */
const BOTH_REFUSE: Readonly<Record<string, Refusal>> = {
  'parents implied': { code: 'NOT_FOUND', words: /Files\\x\\y\\z\.txt: no entry for its folder Files\\x\\y/ },
  'whiteout under Hives': { code: 'NAME_REFUSED', words: /invalid tombstone Hives\\System_Delta/ },
  'bare whiteout at Files': { code: 'NAME_REFUSED', words: /Files\/\.wh\.: a whiteout without a name/ },
  'utility VM file before its folder': { code: 'NOT_FOUND', words: /UtilityVM/ },
  'something else under UtilityVM': { code: 'UNSUPPORTED', words: /UtilityVM\/other\.txt: a utility VM has nothing but Files/ },
  'hard link to a hive': { code: 'NAME_REFUSED', words: /invalid hard link in layer/ },
  'hard link without a target': { code: 'NOT_FOUND', words: /failed to find link target/ },
  'name that leads out': { code: 'PATH_ESCAPE', words: /Files\/\.\.\/\.\.\/out\.txt/ },
  'absolute name': { code: 'PATH_ESCAPE', words: /\/Windows\/out\.txt/ },
  'name with a colon and no file before it': { code: 'NAME_REFUSED', words: /Files\/lonely:stream/ },
  'same file twice': { code: 'EXISTS', words: /Files\\t\.txt/ },
  'bad base64 descriptor': { code: 'DAMAGED', words: /Files\/b\.txt/ },
  'tar cut in a body': { code: 'TRUNCATED', words: /./ },
};

/**
 * hcsshim keeps the attribute, so Windows mistakes the file for a link without a target (hcsshim#1873). We drop the attribute, and must
 * report that.
 */
const REPARSE_FLAG = 'a reparse attribute without a link: ours drops and reports it; hcsshim keeps it, and the file cannot be opened';

/** hcsshim loses a file that the same layer adds and whites out, in either order, although whiteouts apply to the layers below only. */
const OWN_WHITEOUT = 'a whiteout of what its own layer brings: ours keeps the file; hcsshim removes it';

export function hcsshimExceptions(): readonly string[] {
  return [REPARSE_FLAG, OWN_WHITEOUT, ...OURS_IS_RIGHT.map(({ what, code, why }) => `${what}: ours says ${code}; ${why}`)];
}

function matches(refusal: Refusal, error: LayerscopeError): boolean {
  return error.code === refusal.code && refusal.words.test(error.message);
}

/** Checks that a refused case is expected to be refused, with this error. */
function judgeRefusal(vector: LayerCase, error: LayerscopeError): string[] {
  const said = `${error.code}: ${error.message}`;
  const hcsshimRefuses = !vector.said.endsWith('<nil>');
  const known = BOTH_REFUSE[vector.case];
  if (known !== undefined) return matches(known, error) ? [] : [`expected ${known.code} ${known.words}, found ${said}`];
  if (hcsshimRefuses) return error.code === 'INTERNAL' || error.code === 'IO' ? [`an unspecific refusal: ${said}`] : [];
  return OURS_IS_RIGHT.some((refusal) => matches(refusal, error)) ? [] : [`hcsshim says ${vector.said}, found ${said}`];
}

function listing(folder: string): Record<string, string> {
  const listed: Record<string, string> = {};
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const file = path.join(folder, name);
    const key = name.replaceAll('/', '\\');
    if (lstatSync(file).isDirectory()) listed[`${key}\\`] = '';
    else listed[key] = readFileSync(file).toString('hex');
  }
  return listed;
}

function differ(what: string, expected: unknown, found: unknown): string[] {
  const [a, b] = [JSON.stringify(expected), JSON.stringify(found)];
  return a === b ? [] : [`${what}: expected ${a?.slice(0, 300)}, found ${b?.slice(0, 300)}`];
}

function withoutReparseFlag(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  bytes.writeUInt32LE(bytes.readUInt32LE(0) & ~0x400, 0);
  return bytes.toString('hex');
}

const TIME_RECORDS = new Set(['atime', 'ctime', 'mtime', 'LIBARCHIVE.creationtime']);

/** Returns a tar's members as text for comparison: each block's fields, PAX records and body, without times. */
export function withoutTimes(tar: Uint8Array): { readonly name: string; text: string }[] {
  const bytes = Buffer.from(tar);
  const members: { name: string; text: string }[] = [];
  let at = 0;
  for (; at + 512 <= bytes.length; ) {
    const block = Buffer.from(bytes.subarray(at, at + 512));
    if (block.every((byte) => byte === 0)) break;
    const size = Number.parseInt(block.toString('latin1', 124, 135), 8);
    const type = String.fromCharCode(block[156] as number);
    const body = bytes.subarray(at + 512, at + 512 + (/[0gx]/.test(type) ? size : 0));
    block.fill(0, 136, 156);
    let content = createHash('sha256').update(body).digest('hex');
    if (type === 'x') {
      const records: string[] = [];
      for (let from = 0; from < body.length; ) {
        const space = body.indexOf(0x20, from);
        const length = Number(body.toString('latin1', from, space));
        records.push(body.toString('utf8', space + 1, from + length - 1));
        from += length;
      }
      block.fill(0, 124, 136);
      content = records.filter((record) => !TIME_RECORDS.has(record.split('=', 1)[0] ?? '')).join('; ');
    }
    const name = block.toString('latin1', 0, 100).replace(/\0+$/, '');
    members.push({ name, text: `${type} ${name} ${block.toString('hex')} ${content}` });
    at += 512 + Math.ceil(body.length / 512) * 512;
  }
  members.push({ name: '', text: `${bytes.length - at} bytes of end` });
  return members;
}

/** Returns the differences, one line each. */
export async function checkLayerCase(vector: LayerCase): Promise<string[]> {
  const work = mkdtempSync(path.join(tmpdir(), 'layerscope-vectors-'));
  try {
    return await new CaseRun(work).check(vector);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

class CaseRun {
  readonly #work: string;
  readonly #layers = new FakeLayers();
  readonly #files: NodeFiles;
  readonly #native: Native;

  constructor(work: string) {
    this.#work = work;
    this.#files = new NodeFiles();
    this.#native = {
      layers: this.#layers,
      files: this.#files,
      volumes: new FakeVolumes(),
      paths: path,
      windowsBuild: () => 20_348,
      enablePrivileges: () => {},
    };
  }

  #place(name: string, parents: readonly string[]): LayerPlace {
    const layer = path.join(this.#work, name);
    mkdirSync(path.join(layer), { recursive: true });
    return { driver: { flavour: 1, home: '' }, layer, parents };
  }

  async check(vector: LayerCase): Promise<string[]> {
    const parents: string[] = [];
    for (const [index, tar] of vector.parentTarsBase64.entries()) {
      const place = this.#place(`parent${index}`, parents.toReversed());
      await importLayer(this.#native, place, [Buffer.from(tar, 'base64')]);
      parents.push(place.layer);
    }
    this.#layers.calls.length = 0;
    const handed: { transport: Record<string, string> | null } = { transport: null };
    this.#layers.onImport = (folder) => {
      handed.transport = listing(folder);
    };
    const place = this.#place('layer', parents.toReversed());
    /** Files whose reparse attribute was dropped, by their path in the transport folder. */
    const dropped = new Set<string>();
    const onFinding = ({ message, path: name }: Finding): void => {
      if (/^attributes 0x400 /.test(message)) dropped.add((name ?? '').replaceAll('/', '\\'));
    };
    let said: string;
    let error: LayerscopeError | null = null;
    try {
      const { sizeBytes } = await importLayer(this.#native, place, [Buffer.from(vector.tarBase64, 'base64')], { onFinding });
      said = `import ${sizeBytes} <nil>`;
    } catch (thrown) {
      if (!(thrown instanceof LayerscopeError)) throw thrown;
      error = thrown;
      said = `${thrown.code}: ${thrown.message}`;
    }
    const left = this.#left();
    const differences = differ('left open or behind', [], left);
    if (error !== null) {
      differences.push(...judgeRefusal(vector, error), ...differ('calls after a refusal', [], this.#layers.calls));
      return differences;
    }
    if (!vector.said.endsWith('<nil>')) return [...differences, `hcsshim says ${vector.said}, found ${said}`];
    const expected = Object.fromEntries(
      Object.entries(vector.transport).map(([name, { hex = '' }]) => [name, dropped.has(name) ? withoutReparseFlag(hex) : hex]),
    );
    const sorted = (listed: Record<string, string>) => Object.entries(listed).sort(([a], [b]) => (a < b ? -1 : 1));
    differences.push(...differ('said', vector.said, said));
    differences.push(...differ('transport folder', sorted(expected), sorted(handed.transport ?? {})));
    differences.push(...differ('calls', vector.calls, this.#layers.calls));
    if (vector.final !== undefined) {
      // Files that hcsshim passed to ImportLayer and then removed again.
      const own = Object.keys(vector.transport).filter((name) => !name.endsWith(FOLDER_FILE_SUFFIX) && !vector.final?.includes(name));
      const names = Object.keys(listing(place.layer)).filter((name) => !/^bcd[.\w]*\.bak$/.test(name));
      differences.push(...differ('names in the layer', [...new Set([...vector.final, ...own])].sort(), names.sort()));
    }
    if (vector.exportTarBase64 !== undefined) differences.push(...(await this.#checkExport(vector, place, dropped)));
    return differences;
  }

  /** Returns the paths of files that are still open, and the names of transport folders that still exist. */
  #left(): string[] {
    return [...this.#files.openPaths, ...readdirSync(this.#work).filter((name) => name.startsWith('layerscope-'))];
  }

  async #checkExport(vector: LayerCase, place: LayerPlace, dropped: ReadonlySet<string>): Promise<string[]> {
    this.#layers.tombstones = vector.exportTombstones ?? '';
    const pieces: Uint8Array[] = [];
    for await (const bytes of exportLayer(this.#native, place)) pieces.push(bytes.slice());
    const found = withoutTimes(Buffer.concat(pieces));
    const expected = withoutTimes(Buffer.from(vector.exportTarBase64 ?? '', 'base64'));
    // A file's records are in the preceding member.
    for (const [index, member] of expected.entries()) {
      if (!dropped.has(expected[index + 1]?.name.replaceAll('/', '\\') ?? '')) continue;
      member.text = member.text.replace(/MSWINDOWS\.fileattr=(\d+)/, (_, digits) => `MSWINDOWS.fileattr=${Number(digits) & ~0x400}`);
    }
    const differences = differ('members of the exported tar', expected.length, found.length);
    for (const [index, { text }] of expected.entries())
      differences.push(...differ(`member ${index} of the exported tar`, text, found[index]?.text));
    const left = this.#left();
    return [...differences, ...differ('left open or behind by the export', [], left)];
  }
}
