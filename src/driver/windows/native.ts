// What the Windows drivers need of Windows, and no more. `ffi/` fulfils it on Windows: the layer calls with vmcompute.dll, the file
// calls with kernel32, advapi32 and ntdll. Tests fulfil the layer calls and the Backup* calls with a stand-in of their own.
//
// Errors, of every call here, told by what Windows said (a Win32 code, or an HRESULT of which it is made):
//   NOT_FOUND      2 file, 3 path, 53 network path; a layer or file that isn't there
//   EXISTS         80, 145 (folder not empty), 183
//   PERMISSION     5, 1300, 1314 (a privilege that isn't held)
//   PATH_ESCAPE    a name that isn't below its root, or a link or mount point on the way to it
//   NAME_REFUSED   a name with a colon, U+0000, or one that the file system doesn't take
//   UNSUPPORTED    an export or DLL that this system hasn't
//   IO             all else
// Each is a NativeError (./native-error.ts): call, code and the system's own text are kept.
import type { ByteSource, FileBasicInfo } from '#format/windows-tar';

/** 0: windowsdiff (differencing disks), 1: windowsfilter. Source: hcsshim, DriverInfo. */
type Flavour = 0 | 1;

/** Which driver of the platform a layer call speaks to, and where its layers are. */
export interface DriverInfo {
  readonly flavour: Flavour;
  /** Joined with the id by the platform; '' where ids are absolute paths, as today's callers do. */
  readonly home: string;
}

/** Exports of vmcompute.dll that are called by name here. */
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
  /** Never called: where it is missing the platform is Windows Server 2016 TP4. */
  | 'HNSCall';

/**
 * The layer calls, one method an export. `id` is the layer's absolute path (or its folder's name, with a home); `parents` are
 * absolute paths, the nearest first, the base last, without a separator at the end: each call makes of them the array of
 * WC_LAYER_DESCRIPTOR that the platform takes, its ids by NameToGuid. Strings with U+0000 are refused before a call.
 */
export interface LayerCalls {
  /** Whether this system has the export. Loads the DLL, calls nothing. Throws nothing. */
  has(name: LayerExport): boolean;
  /** Mounts a read-write layer's disk as a volume. Paired with {@link deactivateLayer}. */
  activateLayer(driver: DriverInfo, id: string): Promise<void>;
  deactivateLayer(driver: DriverInfo, id: string): Promise<void>;
  /** Lays the chain over an activated layer. Paired with {@link unprepareLayer}. One at a time in the process: Windows times out else. */
  prepareLayer(driver: DriverInfo, id: string, parents: readonly string[]): Promise<void>;
  unprepareLayer(driver: DriverInfo, id: string): Promise<void>;
  /** An empty read-only layer's folder. `parent`: an id, or ''. */
  createLayer(driver: DriverInfo, id: string, parent: string): Promise<void>;
  /** A read-write layer: a folder with sandbox.vhdx. */
  createSandboxLayer(driver: DriverInfo, id: string, parents: readonly string[]): Promise<void>;
  /** Makes a read-write layer's disk at least so big. */
  expandSandboxSize(driver: DriverInfo, id: string, sizeBytes: bigint): Promise<void>;
  /** Deletes the layer's folder, protected files included. No error where there is none. */
  destroyLayer(driver: DriverInfo, id: string): Promise<void>;
  /** Writes the layer's transport folder into an existing, empty folder. */
  exportLayer(driver: DriverInfo, id: string, folder: string, parents: readonly string[]): Promise<void>;
  /** Makes the layer of a transport folder. */
  importLayer(driver: DriverInfo, id: string, folder: string, parents: readonly string[]): Promise<void>;
  /** A volume's path for an activated layer, else the folder's; '' where the platform names none. */
  layerMountPath(driver: DriverInfo, id: string): Promise<string>;
  /** JSON text as GetBaseImages gives it. */
  baseImages(): Promise<string>;
  layerExists(driver: DriverInfo, id: string): Promise<boolean>;
  /** 16 bytes as in memory: Data1 to Data3 little-endian. */
  nameToGuid(name: string): Promise<Uint8Array>;
  /** Makes a base layer of `<path>\Files`. */
  processBaseImage(path: string): Promise<void>;
  /** Makes a utility VM of `<path>\Files`. */
  processUtilityImage(path: string): Promise<void>;
}

/** Access rights that are asked for when a file is opened. Source: [MS-SMB2] 2.2.13.1. */
export const ACCESS = {
  read: 0x8000_0000,
  write: 0x4000_0000,
  delete: 0x0001_0000,
  writeDacl: 0x0004_0000,
  writeOwner: 0x0008_0000,
  systemSecurity: 0x0100_0000,
  /** Of a folder. Names are held against others only by a right that reads, writes or deletes: attributes don't count. */
  listFolder: 0x1,
  readAttributes: 0x80,
  writeAttributes: 0x100,
} as const;

export interface OpenOptions {
  /** Bits of {@link ACCESS}. */
  readonly access: number;
  /** `new`: EXISTS where the name is taken. */
  readonly create: 'existing' | 'new';
  /** With `new`: a folder is made and opened. */
  readonly folder?: boolean;
}

/** What a folder's listing tells of a name. */
export interface FileFacts {
  /** Bits of FILE_ATTRIBUTE. */
  readonly attributes: number;
  readonly sizeBytes: number;
}

export interface ListedFile extends FileFacts {
  /** Last part only. */
  readonly name: string;
}

/** Links of a file: two names with one `fileId` in one root are one file. */
export interface FileLinks {
  readonly count: number;
  /** 16 bytes as hexadecimal digits. */
  readonly fileId: string;
}

/** Takes a backup stream in pieces cut anywhere. Disposing ends the call and leaves the file open; it is never left to the collector. */
export interface BackupSink extends AsyncDisposable {
  write(bytes: Uint8Array): Promise<void>;
}

/** An open file or folder. Links are opened themselves, never what they lead to. One call at a time. Disposing closes it. */
export interface OpenFile extends AsyncDisposable {
  basicInfo(): Promise<FileBasicInfo>;
  /** Times of 0 and attributes of 0 leave what is there. */
  setBasicInfo(info: FileBasicInfo): Promise<void>;
  facts(): Promise<FileFacts>;
  links(): Promise<FileLinks>;
  /** Plain bytes from `offset`, up to `buffer`'s length; the number read, 0 at the end. */
  read(buffer: Uint8Array, offset: number): Promise<number>;
  /** Plain bytes, all of them, behind what was written before. */
  write(bytes: Uint8Array): Promise<void>;
  /** The file as a backup stream (BackupRead). `security`: with its security descriptor. Pieces are valid until the next is asked for. */
  backup(options: { readonly security: boolean }): ByteSource;
  /** Fills the file from a backup stream (BackupWrite). */
  backupSink(options: { readonly security: boolean }): BackupSink;
}

/**
 * A folder below which files are reached by name, and nothing else: a name is cleaned (`.`, `..`, / and \ alike), refused where it
 * isn't relative or leads out, and no link or mount point on the way is followed. `''` is the folder itself. Names are compared as
 * the file system does. Disposing closes it.
 */
export interface RootFolder extends AsyncDisposable {
  /** Absolute, without a separator at the end. */
  readonly path: string;
  open(name: string, options: OpenOptions): Promise<OpenFile>;
  /** Null: nothing is there. A link is told of itself. */
  facts(name: string): Promise<FileFacts | null>;
  /** In the order of the names' UTF-8 bytes. */
  list(name: string): Promise<readonly ListedFile[]>;
  makeFolder(name: string): Promise<void>;
  /** One file, link or empty folder, read-only ones too. NOT_FOUND where there is none. */
  remove(name: string): Promise<void>;
  /** With all below; links are removed, not followed. No error where there is none. */
  removeAll(name: string): Promise<void>;
  /** A hard link `name` to the file `target` below `targetRoot`. */
  link(name: string, targetRoot: RootFolder, target: string): Promise<void>;
}

/** The file calls. Paths are absolute, of any length, with \. */
export interface FileCalls {
  /** NOT_FOUND where it isn't there, and where it is no folder. */
  openRoot(path: string): Promise<RootFolder>;
  /** A new empty folder of ours, that only this user reads; its absolute path in short form (ImportLayer takes no \\?\). */
  makeTemporaryFolder(): Promise<string>;
  /** A folder with all below; links are removed, not followed. No error where there is none. */
  removeFolder(path: string): Promise<void>;
  makeFolder(path: string): Promise<void>;
  /** Null: nothing is there. */
  facts(path: string): Promise<FileFacts | null>;
  list(path: string): Promise<readonly ListedFile[]>;
  rename(from: string, to: string): Promise<void>;
  /** A whole small file. TOO_LARGE over 16 MiB. */
  readFile(path: string): Promise<Uint8Array>;
  /** Written beside, flushed, and renamed over what was there. */
  writeFile(path: string, bytes: Uint8Array): Promise<void>;
}

/** All that {@link Native.enablePrivileges} is asked for. */
export const PRIVILEGES = ['SeBackupPrivilege', 'SeRestorePrivilege', 'SeSecurityPrivilege'] as const;
export type Privilege = (typeof PRIVILEGES)[number];

export interface Native {
  readonly layers: LayerCalls;
  readonly files: FileCalls;
  /** Joins and takes apart this system's absolute paths: `\` on Windows, `/` in tests elsewhere. */
  readonly paths: {
    join(...parts: string[]): string;
    basename(path: string): string;
    dirname(path: string): string;
    isAbsolute(path: string): boolean;
  };
  /** Switches privileges on for the whole process, once; PERMISSION (1300) names the one that isn't held. */
  enablePrivileges(names: readonly Privilege[]): void;
}
