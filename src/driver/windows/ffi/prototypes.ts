// The signature of every Windows function that is called, in one list. vmcompute.dll has no public header, so its signatures come from
// hcsshim (internal/wclayer). Its int32 results are HRESULTs.
import type { TypeObject } from 'koffi';
import { koffi, type LibraryName } from './load.ts';

export interface Prototype {
  readonly library: LibraryName;
  readonly result: string;
  /** koffi's type names; {@link recordTypes} defines those of structs. */
  readonly parameters: readonly string[];
}

const LAYER = ['DriverInfo*', 'str16'] as const;
const CHAIN = ['WC_LAYER_DESCRIPTOR*', 'size_t'] as const;

function layer(...parameters: string[]): Prototype {
  return { library: 'vmcompute', result: 'int32', parameters };
}

export const PROTOTYPES = {
  // vmcompute.dll (hcsshim, internal/wclayer/zsyscall_windows.go)
  ActivateLayer: layer(...LAYER),
  DeactivateLayer: layer(...LAYER),
  PrepareLayer: layer(...LAYER, ...CHAIN),
  UnprepareLayer: layer(...LAYER),
  CreateLayer: layer(...LAYER, 'str16'),
  // The chain contains the parent; the parent's own argument is null.
  CreateSandboxLayer: layer(...LAYER, 'void*', ...CHAIN),
  ExpandSandboxSize: layer(...LAYER, 'uint64'),
  DestroyLayer: layer(...LAYER),
  ExportLayer: layer(...LAYER, 'str16', ...CHAIN),
  ImportLayer: layer(...LAYER, 'str16', ...CHAIN),
  GetLayerMountPath: layer(...LAYER, '_Inout_ size_t*', 'void*'),
  GetBaseImages: layer('_Out_ void**'),
  LayerExists: layer(...LAYER, '_Out_ uint32*'),
  NameToGuid: layer('str16', 'void*'),
  ProcessBaseImage: layer('str16'),
  ProcessUtilityImage: layer('str16'),
  // Only looked up, never called.
  HNSCall: layer('str16', 'str16', 'str16', '_Out_ void**'),
  // combaseapi.h
  CoTaskMemFree: { library: 'ole32', result: 'void', parameters: ['void*'] },
  // fileapi.h, winbase.h
  CreateFileW: { library: 'kernel32', result: 'void*', parameters: ['str16', 'uint32', 'uint32', 'void*', 'uint32', 'uint32', 'void*'] },
  CloseHandle: { library: 'kernel32', result: 'int32', parameters: ['void*'] },
  ReadFile: { library: 'kernel32', result: 'int32', parameters: ['void*', 'void*', 'uint32', '_Out_ uint32*', 'void*'] },
  WriteFile: { library: 'kernel32', result: 'int32', parameters: ['void*', 'void*', 'uint32', '_Out_ uint32*', 'void*'] },
  GetFileInformationByHandleEx: { library: 'kernel32', result: 'int32', parameters: ['void*', 'int32', 'void*', 'uint32'] },
  SetFileInformationByHandle: { library: 'kernel32', result: 'int32', parameters: ['void*', 'int32', 'void*', 'uint32'] },
  CreateDirectoryW: { library: 'kernel32', result: 'int32', parameters: ['str16', 'SECURITY_ATTRIBUTES*'] },
  MoveFileExW: { library: 'kernel32', result: 'int32', parameters: ['str16', 'str16', 'uint32'] },
  FlushFileBuffers: { library: 'kernel32', result: 'int32', parameters: ['void*'] },
  FindFirstFileW: { library: 'kernel32', result: 'void*', parameters: ['str16', 'void*'] },
  FindNextFileW: { library: 'kernel32', result: 'int32', parameters: ['void*', 'void*'] },
  GetVolumePathNameW: { library: 'kernel32', result: 'int32', parameters: ['str16', 'void*', 'uint32'] },
  GetVolumeInformationW: {
    library: 'kernel32',
    result: 'int32',
    parameters: ['str16', 'void*', 'uint32', 'void*', 'void*', 'void*', 'void*', 'uint32'],
  },
  SetVolumeMountPointW: { library: 'kernel32', result: 'int32', parameters: ['str16', 'str16'] },
  DeleteVolumeMountPointW: { library: 'kernel32', result: 'int32', parameters: ['str16'] },
  GetVolumePathNamesForVolumeNameW: { library: 'kernel32', result: 'int32', parameters: ['str16', 'void*', 'uint32', '_Out_ uint32*'] },
  GetDriveTypeW: { library: 'kernel32', result: 'uint32', parameters: ['str16'] },
  FindClose: { library: 'kernel32', result: 'int32', parameters: ['void*'] },
  GetLastError: { library: 'kernel32', result: 'uint32', parameters: [] },
  GetCurrentProcess: { library: 'kernel32', result: 'void*', parameters: [] },
  FormatMessageW: {
    library: 'kernel32',
    result: 'uint32',
    parameters: ['uint32', 'void*', 'uint32', 'uint32', 'void*', 'uint32', 'void*'],
  },
  BackupRead: {
    library: 'backup',
    result: 'int32',
    parameters: ['void*', 'void*', 'uint32', '_Out_ uint32*', 'int32', 'int32', '_Inout_ void**'],
  },
  BackupWrite: {
    library: 'backup',
    result: 'int32',
    parameters: ['void*', 'void*', 'uint32', '_Out_ uint32*', 'int32', 'int32', '_Inout_ void**'],
  },
  // winternl.h, wdm.h; results of Nt and Rtl functions are NTSTATUS
  NtCreateFile: {
    library: 'ntdll',
    result: 'int32',
    parameters: [
      '_Out_ void**',
      'uint32',
      'OBJECT_ATTRIBUTES*',
      'void*',
      'void*',
      'uint32',
      'uint32',
      'uint32',
      'uint32',
      'void*',
      'uint32',
    ],
  },
  NtSetInformationFile: { library: 'ntdll', result: 'int32', parameters: ['void*', 'void*', 'void*', 'uint32', 'int32'] },
  RtlNtStatusToDosError: { library: 'ntdll', result: 'uint32', parameters: ['uint32'] },
  RtlGetVersion: { library: 'ntdll', result: 'int32', parameters: ['void*'] },
  // virtdisk.h; results are Win32 codes
  OpenVirtualDisk: { library: 'virtdisk', result: 'uint32', parameters: ['void*', 'str16', 'uint32', 'uint32', 'void*', '_Out_ void**'] },
  DetachVirtualDisk: { library: 'virtdisk', result: 'uint32', parameters: ['void*', 'uint32', 'uint32'] },
  // processthreadsapi.h, securitybaseapi.h, winbase.h
  OpenProcessToken: { library: 'advapi32', result: 'int32', parameters: ['void*', 'uint32', '_Out_ void**'] },
  LookupPrivilegeValueW: { library: 'advapi32', result: 'int32', parameters: ['str16', 'str16', 'void*'] },
  AdjustTokenPrivileges: { library: 'advapi32', result: 'int32', parameters: ['void*', 'int32', 'void*', 'uint32', 'void*', 'void*'] },
  GetTokenInformation: { library: 'advapi32', result: 'int32', parameters: ['void*', 'int32', 'void*', 'uint32', '_Out_ uint32*'] },
  GetKernelObjectSecurity: {
    library: 'advapi32',
    result: 'int32',
    parameters: ['void*', 'uint32', 'void*', 'uint32', '_Out_ uint32*'],
  },
  OpenProcess: { library: 'kernel32', result: 'void*', parameters: ['uint32', 'int32', 'uint32'] },
  GetProcessId: { library: 'kernel32', result: 'uint32', parameters: ['void*'] },
  GetExitCodeProcess: { library: 'kernel32', result: 'int32', parameters: ['void*', '_Out_ uint32*'] },
  WaitForSingleObject: { library: 'kernel32', result: 'uint32', parameters: ['void*', 'uint32'] },
  QueryFullProcessImageNameW: { library: 'kernel32', result: 'int32', parameters: ['void*', 'uint32', 'void*', '_Inout_ uint32*'] },
  // shellapi.h
  ShellExecuteExW: { library: 'shell32', result: 'int32', parameters: ['_Inout_ SHELLEXECUTEINFOW*'] },
  // namedpipeapi.h, ioapiset.h, winbase.h, sddl.h
  CreateNamedPipeW: {
    library: 'kernel32',
    result: 'void*',
    parameters: ['str16', 'uint32', 'uint32', 'uint32', 'uint32', 'uint32', 'uint32', 'SECURITY_ATTRIBUTES*'],
  },
  ConnectNamedPipe: { library: 'kernel32', result: 'int32', parameters: ['void*', 'void*'] },
  GetOverlappedResult: { library: 'kernel32', result: 'int32', parameters: ['void*', 'void*', '_Out_ uint32*', 'int32'] },
  CancelIoEx: { library: 'kernel32', result: 'int32', parameters: ['void*', 'void*'] },
  GetNamedPipeClientProcessId: { library: 'kernel32', result: 'int32', parameters: ['void*', '_Out_ uint32*'] },
  GetNamedPipeServerProcessId: { library: 'kernel32', result: 'int32', parameters: ['void*', '_Out_ uint32*'] },
  ConvertStringSecurityDescriptorToSecurityDescriptorW: {
    library: 'advapi32',
    result: 'int32',
    parameters: ['str16', 'uint32', '_Out_ void**', 'void*'],
  },
  LocalFree: { library: 'kernel32', result: 'void*', parameters: ['void*'] },
  // libuv, uv.h: turns a handle into a file descriptor of Node's own C runtime.
  uv_open_osfhandle: { library: 'runtime', result: 'int32', parameters: ['void*'] },
  // winsvc.h
  OpenSCManagerW: { library: 'advapi32', result: 'void*', parameters: ['str16', 'str16', 'uint32'] },
  OpenServiceW: { library: 'advapi32', result: 'void*', parameters: ['void*', 'str16', 'uint32'] },
  QueryServiceStatusEx: { library: 'advapi32', result: 'int32', parameters: ['void*', 'int32', 'void*', 'uint32', '_Out_ uint32*'] },
  CloseServiceHandle: { library: 'advapi32', result: 'int32', parameters: ['void*'] },
} as const satisfies Record<string, Prototype>;

export type FunctionName = keyof typeof PROTOTYPES;

/**
 * Pointers to structs. Bytes on 64-bit systems: DriverInfo 16, WC_LAYER_DESCRIPTOR 32, SECURITY_ATTRIBUTES 24, SHELLEXECUTEINFOW 112,
 * OBJECT_ATTRIBUTES 48, UNICODE_STRING 16. Created once, because koffi's type names are global.
 */
let records: Readonly<Record<string, TypeObject>> | null = null;

export function recordTypes(): Readonly<Record<string, TypeObject>> {
  if (records === null) {
    const { struct, pointer, array } = koffi();
    const info = struct('DriverInfo', { flavour: 'int32', reserved: 'int32', home: 'str16' });
    const descriptor = struct('WC_LAYER_DESCRIPTOR', { id: array('uint8', 16), flags: 'uint32', reserved: 'uint32', path: 'str16' });
    const security = struct('SECURITY_ATTRIBUTES', { nLength: 'uint32', lpSecurityDescriptor: 'void*', bInheritHandle: 'int32' });
    const name = struct('UNICODE_STRING', { Length: 'uint16', MaximumLength: 'uint16', Buffer: 'str16' });
    const object = struct('OBJECT_ATTRIBUTES', {
      Length: 'uint32',
      RootDirectory: 'void*',
      ObjectName: pointer(name),
      Attributes: 'uint32',
      SecurityDescriptor: 'void*',
      SecurityQualityOfService: 'void*',
    });
    // Referred to by name, because its parameter needs `_Inout_`.
    struct('SHELLEXECUTEINFOW', {
      cbSize: 'uint32',
      fMask: 'uint32',
      hwnd: 'void*',
      lpVerb: 'str16',
      lpFile: 'str16',
      lpParameters: 'str16',
      lpDirectory: 'str16',
      nShow: 'int32',
      hInstApp: 'void*',
      lpIDList: 'void*',
      lpClass: 'str16',
      hkeyClass: 'void*',
      dwHotKey: 'uint32',
      hIcon: 'void*',
      hProcess: 'void*',
    });
    records = {
      'DriverInfo*': pointer(info),
      'WC_LAYER_DESCRIPTOR*': pointer(descriptor),
      'SECURITY_ATTRIBUTES*': pointer(security),
      'OBJECT_ATTRIBUTES*': pointer(object),
    };
  }
  return records;
}
