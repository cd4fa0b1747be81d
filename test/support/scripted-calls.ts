// ntdll and kernel32 on a tree in memory, for tests of files below a root. Tests can set which entries are reparse points, how the system
// handles reparse points within a path, and what fails.
import { FILE_ATTRIBUTE } from '#format/windows-tar';
import { Calls } from '../../src/driver/windows/ffi/calls.ts';
import type { FunctionName } from '../../src/driver/windows/ffi/prototypes.ts';

export interface ScriptedFile {
  attributes: number;
  readonly reparseTag?: number;
  readonly sizeBytes?: number;
  readonly children?: Map<string, ScriptedFile>;
}

/** Creates a folder or, with a tag, one that is also a reparse point. */
export function folder(children: Readonly<Record<string, ScriptedFile>>, reparseTag?: number): ScriptedFile {
  const point = reparseTag === undefined ? 0 : FILE_ATTRIBUTE.reparsePoint;
  const attributes = FILE_ATTRIBUTE.directory | point;
  return { attributes, children: new Map(Object.entries(children)), ...(reparseTag === undefined ? {} : { reparseTag }) };
}

export function plainFile(attributes: number = FILE_ATTRIBUTE.archive, reparseTag?: number): ScriptedFile {
  const point = reparseTag === undefined ? 0 : FILE_ATTRIBUTE.reparsePoint;
  return { attributes: attributes | point, sizeBytes: 5, ...(reparseTag === undefined ? {} : { reparseTag }) };
}

interface ObjectAttributes {
  readonly Length: number;
  readonly RootDirectory: unknown;
  readonly ObjectName: { readonly Length: number; readonly Buffer: string };
  readonly Attributes: number;
}

const STATUS: Readonly<Record<string, readonly [status: number, win32: number]>> = {
  notFound: [0xc0000034 | 0, 2],
  collision: [0xc0000035 | 0, 183],
  reparse: [0xc000050b | 0, 4395],
};

export class ScriptedCalls extends Calls {
  readonly top: ScriptedFile;
  readonly #handles = new Map<bigint, { readonly file: ScriptedFile; readonly parent: ScriptedFile | null; readonly name: string }>();
  #next = 0x100n;
  #lastError = 0;
  readonly #listed = new Map<bigint, number>();
  /** Whether to stop at every reparse point in a path, not only at links. */
  stopsAtAll = false;
  /** The error code with which listings end after their first entries. */
  listingEnds = 18;
  /** Arguments of every open: the root's handle, name, attributes, access, share, disposition, options. */
  readonly opened: { readonly root: unknown; readonly name: string; readonly attributes: number; readonly how: readonly number[] }[] = [];
  /** Names that were linked, with the folder's handle. */
  readonly linked: string[] = [];

  constructor(top: ScriptedFile) {
    super();
    this.top = top;
  }

  get open(): number {
    return this.#handles.size;
  }

  override now(name: FunctionName, ...parameters: unknown[]): unknown {
    switch (name) {
      case 'CreateFileW':
        return this.#handle(this.top, null, '');
      case 'NtCreateFile':
        return this.#create(parameters);
      case 'CloseHandle':
        return this.#handles.delete(parameters[0] as bigint) ? 1 : 0;
      case 'GetLastError':
        return this.#lastError;
      case 'RtlNtStatusToDosError':
        return Object.values(STATUS).find(([status]) => status >>> 0 === parameters[0])?.[1] ?? 317;
      case 'GetFileInformationByHandleEx':
        return this.#ask(parameters[0] as bigint, parameters[1] as number, parameters[2] as Buffer);
      case 'SetFileInformationByHandle':
        return this.#set(parameters[0] as bigint, parameters[1] as number, parameters[2] as Buffer);
      case 'NtSetInformationFile': {
        const info = parameters[2] as Buffer;
        this.linked.push(`${info.toString('utf16le', 20, 20 + info.readUInt32LE(16))} in ${this.#file(info.readBigUInt64LE(8)).name}`);
        return 0;
      }
      default:
        throw new Error(`the test did not expect ${name}`);
    }
  }

  #handle(file: ScriptedFile, parent: ScriptedFile | null, name: string): bigint {
    const handle = this.#next++;
    this.#handles.set(handle, { file, parent, name });
    return handle;
  }

  #file(handle: unknown) {
    const found = this.#handles.get(handle as bigint);
    if (found === undefined) throw new Error('a handle that is not open');
    return found;
  }

  #create([out, access, object, , , , share, disposition, options]: readonly unknown[]): number {
    const { Length, RootDirectory, ObjectName, Attributes } = object as ObjectAttributes;
    if (Length !== 48 || ObjectName.Length !== ObjectName.Buffer.length * 2) throw new Error('a malformed OBJECT_ATTRIBUTES');
    const name = ObjectName.Buffer;
    const how = [access, share, disposition, options] as number[];
    this.opened.push({ root: RootDirectory, name, attributes: Attributes, how });
    let { file, parent } = this.#file(RootDirectory);
    const parts = name === '' ? [] : name.split('\\');
    for (const [index, part] of parts.entries()) {
      const isStop = index > 0 && file.reparseTag !== undefined && (this.stopsAtAll || (file.reparseTag & 0x2000_0000) !== 0);
      if (isStop) return STATUS.reparse?.[0] ?? 0;
      const below = [...(file.children ?? [])].find(([known]) => known.toLowerCase() === part.toLowerCase())?.[1];
      if (below === undefined) {
        if (disposition !== 2 || index < parts.length - 1) return STATUS.notFound?.[0] ?? 0;
        const made = ((options as number) & 1) !== 0 ? folder({}) : plainFile();
        file.children?.set(part, made);
        (out as [unknown])[0] = this.#handle(made, file, part);
        return 0;
      }
      [parent, file] = [file, below];
    }
    if (disposition === 2) return STATUS.collision?.[0] ?? 0;
    (out as [unknown])[0] = this.#handle(file, parent, parts.at(-1) ?? '');
    return 0;
  }

  #ask(handle: bigint, kind: number, buffer: Buffer): number {
    const { file } = this.#file(handle);
    buffer.fill(0);
    if (kind === 9) {
      buffer.writeUInt32LE(file.attributes, 0);
      buffer.writeUInt32LE(file.reparseTag ?? 0, 4);
    } else if (kind === 1) buffer.writeBigInt64LE(BigInt(file.sizeBytes ?? 0), 8);
    else if (kind === 0) buffer.writeUInt32LE(file.attributes, 32);
    else return this.#list(handle, file, kind === 11, buffer);
    return 1;
  }

  /** Returns one entry per call. */
  #list(handle: bigint, file: ScriptedFile, restart: boolean, buffer: Buffer): number {
    const at = restart ? 0 : (this.#listed.get(handle) ?? 0);
    const entries: [string, ScriptedFile][] = [['.', file], ['..', file], ...(file.children ?? [])];
    this.#listed.set(handle, at + 1);
    const [name, entry] = entries[at] ?? [null, null];
    if (name === null || entry === null || (this.listingEnds !== 18 && at > 2)) {
      this.#lastError = this.listingEnds;
      return 0;
    }
    buffer.writeBigInt64LE(BigInt(entry.sizeBytes ?? 0), 40);
    buffer.writeUInt32LE(entry.attributes, 56);
    buffer.writeUInt32LE(name.length * 2, 60);
    buffer.writeUInt32LE(entry.reparseTag ?? 0, 64);
    buffer.write(name, 104, 'utf16le');
    return 1;
  }

  #set(handle: bigint, kind: number, buffer: Buffer): number {
    const { file, parent, name } = this.#file(handle);
    if (kind === 0) {
      file.attributes = buffer.readUInt32LE(32);
      return 1;
    }
    this.#lastError =
      (file.attributes & FILE_ATTRIBUTE.readOnly) !== 0 ? 5 : (file.children?.size ?? 0) > 0 && file.reparseTag === undefined ? 145 : 0;
    if (this.#lastError !== 0) return 0;
    const known = [...(parent?.children?.keys() ?? [])].find((one) => one.toLowerCase() === name.toLowerCase());
    if (known !== undefined) parent?.children?.delete(known);
    return 1;
  }
}
