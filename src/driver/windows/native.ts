// Everything that the Windows drivers need from Windows. On Windows `ffi/` implements it: the layer calls with vmcompute.dll, the file
// calls with kernel32, advapi32 and ntdll. Tests implement the layer calls and the Backup* calls with a stand-in.
//
// Error codes of all calls, by Win32 code, which may be wrapped in an HRESULT:
//   NOT_FOUND      2 file, 3 path, 53 network path; no such layer or file
//   EXISTS         80, 145 (folder not empty), 183
//   PERMISSION     5, 1300, 1314 (a privilege that isn't held)
//   PATH_ESCAPE    a name that leads outside its root, or a link or mount point on the way to it
//   NAME_REFUSED   a name with a colon or U+0000, or one that the file system refuses
//   UNSUPPORTED    an export or DLL that this system doesn't have
//   IO             anything else
// Each is a NativeError (./native-error.ts), which keeps the call, the code and the system's message.
import { type ByteSource, FILE_ATTRIBUTE, type FileBasicInfo } from '#format/windows-tar';

/** 0: windowsdiff (differencing disks), 1: windowsfilter. Source: hcsshim, DriverInfo. */
type Flavour = 0 | 1;

/** The platform driver that a layer call addresses, and where its layers are. */
export interface DriverInfo {
  readonly flavour: Flavour;
  /** Folder that the platform joins with the id; '' if ids are absolute paths, as in today's hcsshim. */
  readonly home: string;
}

/** The exports of vmcompute.dll in use. */
export type LayerExport =
  | 'ActivateLayer'
  | 'DeactivateLayer'
  | 'PrepareLayer'
  | 'UnprepareLayer'
  | 'CreateLayer'
  | 'CreateSandboxLayer'
  | 'ExpandSandboxSize'
  | 'DestroyLayer'
  | 'ExportLayer'
  | 'ImportLayer'
  | 'GetLayerMountPath'
  | 'GetBaseImages'
  | 'LayerExists'
  | 'NameToGuid'
  | 'ProcessBaseImage'
  | 'ProcessUtilityImage'
  /** Only looked up, never called: Windows Server 2016 TP4 and earlier are recognized by its absence. */
  | 'HNSCall';

/**
 * The layer calls, one method per export. `id` is the layer's absolute path (or its folder's name, with a home). `parents` are absolute
 * paths, nearest first, without a trailing separator; each call turns them into the array of WC_LAYER_DESCRIPTOR that the platform takes,
 * with ids from NameToGuid. Strings with U+0000 are refused before the call.
 */
export interface LayerCalls {
  /** Whether this system has the export. Loads the DLL but calls nothing. Never throws. */
  has(name: LayerExport): boolean;
  /** Mounts a read-write layer's disk as a volume. Paired with {@link deactivateLayer}. */
  activateLayer(driver: DriverInfo, id: string): Promise<void>;
  deactivateLayer(driver: DriverInfo, id: string): Promise<void>;
  /**
   * Mounts the chain on top of an activated layer. Paired with {@link unprepareLayer}. Call one at a time per process, or Windows times
   * out.
   */
  prepareLayer(driver: DriverInfo, id: string, parents: readonly string[]): Promise<void>;
  unprepareLayer(driver: DriverInfo, id: string): Promise<void>;
  /** Makes an empty read-only layer's folder. `parent`: an id, or ''. */
  createLayer(driver: DriverInfo, id: string, parent: string): Promise<void>;
  /** Makes a read-write (scratch) layer: a folder with sandbox.vhdx. */
  createSandboxLayer(driver: DriverInfo, id: string, parents: readonly string[]): Promise<void>;
  /** Grows a read-write layer's disk to at least this size. */
  expandSandboxSize(driver: DriverInfo, id: string, sizeBytes: bigint): Promise<void>;
  /** Deletes the layer's folder, including protected files. A missing folder is not an error. */
  destroyLayer(driver: DriverInfo, id: string): Promise<void>;
  /** Writes the layer's transport folder into an existing, empty folder. */
  exportLayer(driver: DriverInfo, id: string, folder: string, parents: readonly string[]): Promise<void>;
  /** Makes the layer from a transport folder. */
  importLayer(driver: DriverInfo, id: string, folder: string, parents: readonly string[]): Promise<void>;
  /** Returns the volume's path for an activated layer, otherwise the folder's; '' if the platform returns none. */
  layerMountPath(driver: DriverInfo, id: string): Promise<string>;
  /** Returns the JSON text that GetBaseImages returns. */
  baseImages(): Promise<string>;
  layerExists(driver: DriverInfo, id: string): Promise<boolean>;
  /** Returns the GUID of a name: 16 bytes as in memory, with Data1 to Data3 little-endian. */
  nameToGuid(name: string): Promise<Uint8Array>;
  /** Makes a base layer from `<path>\Files`. */
  processBaseImage(path: string): Promise<void>;
  /** Makes a utility VM from `<path>\Files`. */
  processUtilityImage(path: string): Promise<void>;
}

/** Access rights to request when opening a file. Source: [MS-SMB2] 2.2.13.1. */
export const ACCESS = {
  read: 0x8000_0000,
  write: 0x4000_0000,
  delete: 0x0001_0000,
  writeDacl: 0x0004_0000,
  writeOwner: 0x0008_0000,
  systemSecurity: 0x0100_0000,
  /**
   * For folders only. Request this right to make a folder's share mode effective: a share mode restricts other processes only if a right to
   * read, write or delete was requested; attribute rights don't suffice.
   */
  listFolder: 0x1,
  readAttributes: 0x80,
  writeAttributes: 0x100,
} as const;

export interface OpenOptions {
  /** Bits of {@link ACCESS}. */
  readonly access: number;
  /** `new`: throws EXISTS if the name is taken. */
  readonly create: 'existing' | 'new';
  /** With `new`: creates and opens a folder. */
  readonly folder?: boolean;
}

/** Facts about a name from a folder listing. */
export interface FileFacts {
  /** Bits of FILE_ATTRIBUTE. */
  readonly attributes: number;
  readonly sizeBytes: number;
  /** Tag of a reparse point, if the file calls can read it. */
  readonly reparseTag?: number;
}

/** The bit of a reparse tag for files that stand for another name. Source: winnt.h, IsReparseTagNameSurrogate. */
const NAME_SURROGATE = 0x2000_0000;

/**
 * Whether the file is a symbolic link or junction. Other reparse points, such as an imported layer's own folders and files (WCI) or
 * deduplicated and compressed files, are not links. A reparse point with an unknown tag is treated as a link.
 */
export function isLink({ attributes, reparseTag }: FileFacts): boolean {
  if ((attributes & FILE_ATTRIBUTE.reparsePoint) === 0) return false;
  return reparseTag === undefined || (reparseTag & NAME_SURROGATE) !== 0;
}

/** Whether the file is a folder that can be walked into without leaving the tree. */
export function isRealFolder(facts: FileFacts): boolean {
  return (facts.attributes & FILE_ATTRIBUTE.directory) !== 0 && !isLink(facts);
}

export interface ListedFile extends FileFacts {
  /** The last part of the path. */
  readonly name: string;
}

/** A file's hard links: two names with the same `fileId` in a root are the same file. */
export interface FileLinks {
  readonly count: number;
  /** 16 bytes in hexadecimal. */
  readonly fileId: string;
}

/** Restores a backup stream from pieces of any size. Must be disposed, which ends the BackupWrite context and leaves the file open. */
export interface BackupSink extends AsyncDisposable {
  write(bytes: Uint8Array): Promise<void>;
}

/** An open file or folder. A link is opened itself, not its target. Allows one call at a time. Disposing closes it. */
export interface OpenFile extends AsyncDisposable {
  basicInfo(): Promise<FileBasicInfo>;
  /** Sets times and attributes; values of 0 leave the current ones. */
  setBasicInfo(info: FileBasicInfo): Promise<void>;
  facts(): Promise<FileFacts>;
  links(): Promise<FileLinks>;
  /** Reads content from `offset` into `buffer`. Returns the number of bytes read, 0 at the end. */
  read(buffer: Uint8Array, offset: number): Promise<number>;
  /** Writes all bytes, after those already written. */
  write(bytes: Uint8Array): Promise<void>;
  /** Reads the file as a backup stream (BackupRead). `security`: with its security descriptor. A piece is valid until the next one. */
  backup(options: { readonly security: boolean }): ByteSource;
  /** Restores the file from a backup stream (BackupWrite). */
  backupSink(options: { readonly security: boolean }): BackupSink;
}

/**
 * A folder that confines file access: names are relative and normalized (`.`, `..`, / or \), a name that leads outside is refused, and no
 * link or mount point on the path is followed. `''` is the folder itself. Names are compared as the file system compares them. Disposing
 * closes it.
 */
export interface RootFolder extends AsyncDisposable {
  /** The folder's absolute path, without a trailing separator. */
  readonly path: string;
  open(name: string, options: OpenOptions): Promise<OpenFile>;
  /** Describes a link itself, not its target. Null if the name doesn't exist. */
  facts(name: string): Promise<FileFacts | null>;
  /** Lists a folder, sorted by the names' UTF-8 bytes. */
  list(name: string): Promise<readonly ListedFile[]>;
  makeFolder(name: string): Promise<void>;
  /** Removes one file, link or empty folder, even a read-only one. Throws NOT_FOUND if the name doesn't exist. */
  remove(name: string): Promise<void>;
  /** Removes a file or folder with its contents; links are removed, not followed. A missing name is not an error. */
  removeAll(name: string): Promise<void>;
  /** Makes `name` a hard link to the file `target` below `targetRoot`. */
  link(name: string, targetRoot: RootFolder, target: string): Promise<void>;
}

/** File calls. Paths are absolute, with backslashes, and may have any length. */
export interface FileCalls {
  /** Opens a folder. Throws NOT_FOUND if the path doesn't exist or isn't a folder. */
  openRoot(path: string): Promise<RootFolder>;
  /** Creates an empty folder that only administrators and the system can access, in one call. Throws EXISTS. */
  makePrivateFolder(path: string): Promise<void>;
  /** Removes a folder with its contents, or a file; links are removed, not followed. A missing path is not an error. */
  removeAll(path: string): Promise<void>;
  makeFolder(path: string): Promise<void>;
  /** Describes a file; null if the path doesn't exist. */
  facts(path: string): Promise<FileFacts | null>;
  list(path: string): Promise<readonly ListedFile[]>;
  /**
   * Renames within a volume. Throws EXISTS if `to` is taken, PERMISSION (5) or IO (32) if `from` is a folder and something in it is in use.
   */
  rename(from: string, to: string): Promise<void>;
  /** Reads a complete file. Throws TOO_LARGE over 16 MiB. */
  readFile(path: string): Promise<Uint8Array>;
  /** Replaces a file atomically: writes and flushes a temporary file next to it, then renames that. */
  writeFile(path: string, bytes: Uint8Array): Promise<void>;
}

/** Volumes and the disks that hold them. Folders are absolute; a volume is `\\?\Volume{…}\`, with the separator at its end. */
export interface VolumeCalls {
  /** Returns the file system of the volume that a path is on: `NTFS`, `ReFS`. */
  fileSystemOf(path: string): Promise<string>;
  /** Detaches a virtual disk, whichever process attached it. */
  detachDisk(file: string): Promise<void>;
  /** Mounts a volume at an empty folder. */
  mountAt(folder: string, volume: string): Promise<void>;
  /** Unmounts a volume from all folders that it is mounted at. */
  unmountEverywhere(volume: string): Promise<void>;
}

/** The privileges that the drivers enable. */
export const PRIVILEGES = ['SeBackupPrivilege', 'SeRestorePrivilege', 'SeSecurityPrivilege'] as const;
export type Privilege = (typeof PRIVILEGES)[number];

export interface Native {
  readonly layers: LayerCalls;
  readonly files: FileCalls;
  readonly volumes: VolumeCalls;
  /** Path functions of this system: with `\` on Windows, `/` in tests elsewhere. */
  readonly paths: {
    join(...parts: string[]): string;
    basename(path: string): string;
    dirname(path: string): string;
    isAbsolute(path: string): boolean;
    /** Returns the \\?\ form of an absolute path, which has no 260-unit limit; on other systems, the path itself. */
    toNamespacedPath(path: string): string;
  };
  /** Returns the build number of this Windows: 14393 for Windows Server 2016. */
  windowsBuild(): number;
  /** Enables privileges for the whole process, once. Throws PERMISSION (1300), naming a privilege that isn't held. */
  enablePrivileges(names: readonly Privilege[]): void;
}
