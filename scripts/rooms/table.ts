// The rooms: what each is, where it may run, and what it may import. `npm run rooms` checks every import against this table; with `--
// --write` it writes the table into ARCHITECTURE.md.

type Runs = 'anywhere' | 'Node' | 'Electron' | 'browser' | '';

/** A folder whose files may import each other freely, and other rooms only as listed. */
export interface Room {
  readonly folder: string;
  readonly runs: Runs;
  readonly what: string;
  /** Other rooms, by folder without `src/`. */
  readonly may: readonly string[];
  /** Rooms from which only types may be imported. */
  readonly types?: readonly string[];
  /** npm packages; `node:` modules depend on `runs`. */
  readonly packages?: readonly string[];
  /** Exempt from `may` and from entering rooms through their doors. */
  readonly isFree?: boolean;
}

/** A room's name in `may`. */
export function roomName(folder: string): string {
  return folder.replace(/^src\//, '');
}

export const ROOMS: readonly Room[] = [
  {
    folder: 'src/model',
    runs: 'anywhere',
    what: 'the words: errors, findings, digests, path text, sizes, `RowTable`, reports',
    may: [],
  },
  {
    folder: 'src/format/tar',
    runs: 'anywhere',
    what: 'the tar reader: a push state machine that reads as Go’s archive/tar does',
    may: ['model'],
  },
  {
    folder: 'src/format/layer',
    runs: 'anywhere',
    what: 'a layer’s tar as columns (`LayerTable`), built from the reader; what Windows layers keep beside their files',
    may: ['format/path', 'model'],
    types: ['format/tar'],
  },
  { folder: 'src/format/image', runs: 'anywhere', what: 'manifests, indexes, configs, legacy images', may: ['model'] },
  {
    folder: 'src/format/path',
    runs: 'anywhere',
    what: 'paths as people type them, glob patterns; names that may become files, and why others may not',
    may: ['model'],
  },
  { folder: 'src/format/backup-stream', runs: 'anywhere', what: 'the streams of `BackupRead` and `BackupWrite`', may: ['model'] },
  { folder: 'src/format/security-descriptor', runs: 'anywhere', what: 'security descriptors, as bytes and in words', may: ['model'] },
  {
    folder: 'src/format/windows-tar',
    runs: 'anywhere',
    what: 'a Windows layer’s tar to backup streams and back, byte for byte as go-winio writes it',
    may: ['format/backup-stream', 'format/security-descriptor', 'format/tar', 'model'],
  },
  {
    folder: 'src/format/tar-split',
    runs: 'anywhere',
    what: 'a tar taken apart into what its files don’t say, and put together again',
    may: ['format/layer', 'format/tar', 'format/windows-tar', 'model'],
  },
  {
    folder: 'src/format/compression',
    runs: 'anywhere',
    what: 'xz and bzip2, unpacked piece by piece: what node:zlib has no decompressor for',
    may: ['model'],
  },
  { folder: 'src/format/zip', runs: 'anywhere', what: 'the list at the end of a ZIP file', may: ['model'] },
  {
    folder: 'src/changes',
    runs: 'anywhere',
    what: 'layers stacked; changes, views, comparison; filter, sort, fold, treemap by row number',
    may: ['format/layer', 'format/path', 'model'],
    packages: ['re2js'],
  },
  {
    folder: 'src/contract',
    runs: 'anywhere',
    what: 'every operation and topic once, row pages, the wire codec, clients; `schemas.ts` checks inputs',
    may: ['model'],
    packages: ['zod'],
  },
  {
    folder: 'src/archive',
    runs: 'Node',
    what: 'opens archives and reads their layers; `ArchiveReader`, its types and the door, with its parts in folders below',
    may: [
      'archive/blob',
      'archive/bodies',
      'archive/cache',
      'archive/files',
      'archive/indexing',
      'archive/members',
      'archive/open',
      'archive/spool',
      'archive/control',
      'archive/write',
      'model',
    ],
    types: ['format/layer'],
  },
  {
    folder: 'src/archive/control',
    runs: 'Node',
    what: 'cancelling and progress',
    may: ['model'],
    types: ['archive'],
  },
  {
    folder: 'src/archive/files',
    runs: 'Node',
    what: 'names beside a target, private folders, room on the disk, and which process made a file',
    may: ['model'],
  },
  {
    folder: 'src/archive/blob',
    runs: 'Node',
    what: 'a blob’s bytes: where they are, digests, compression',
    may: ['archive/control', 'format/compression', 'format/layer', 'model'],
    types: ['archive', 'format/tar'],
  },
  {
    folder: 'src/archive/cache',
    runs: 'Node',
    what: 'the index cache',
    may: ['archive/files'],
    types: ['archive', 'format/layer', 'model'],
  },
  {
    folder: 'src/archive/spool',
    runs: 'Node',
    what: 'decompressed copies, with checksums',
    may: ['archive/blob', 'archive/cache', 'archive/files', 'archive/control', 'model'],
    types: ['archive'],
  },
  {
    folder: 'src/archive/indexing',
    runs: 'Node',
    what: 'from a layer’s tar to a table, on workers',
    may: ['archive/blob', 'archive/cache', 'archive/control', 'format/layer', 'format/tar', 'model'],
    types: ['archive', 'archive/files'],
  },
  {
    folder: 'src/archive/members',
    runs: 'Node',
    what: 'the files of an archive or folder, whatever its kind',
    may: ['archive/blob', 'archive/spool', 'format/image', 'model'],
    types: ['format/tar'],
  },
  {
    folder: 'src/archive/bodies',
    runs: 'Node',
    what: 'contents of files in layers, and raw headers',
    may: ['archive/blob', 'archive/indexing', 'archive/control', 'format/layer', 'format/tar', 'model'],
    types: ['archive', 'archive/spool'],
  },
  {
    folder: 'src/archive/open',
    runs: 'Node',
    what: 'from a file or folder to an `Archive`: manifests, images, artifacts',
    may: ['archive/blob', 'archive/indexing', 'archive/members', 'archive/spool', 'archive/control', 'format/image', 'model'],
    types: ['archive', 'archive/cache', 'archive/files'],
  },
  {
    folder: 'src/archive/write',
    runs: 'Node',
    what: 'archives and layouts written',
    may: ['archive/blob', 'archive/files', 'archive/members', 'format/image', 'model'],
    types: ['archive'],
    packages: ['tar-stream'],
  },
  {
    folder: 'src/disk',
    runs: 'Node',
    what: 'a view laid out in a folder, for mounts and exports: the plan, every kind of entry, facts, times, removal',
    may: ['archive', 'changes', 'format/layer', 'model'],
    types: ['format/path'],
  },
  {
    folder: 'src/driver',
    runs: 'Node',
    what: 'the graph driver’s interface, and `openDriver`, which chooses one',
    may: ['driver/portable', 'driver/remote', 'driver/windows', 'driver/windows/elevated', 'driver/windows/ffi', 'model'],
    types: ['archive'],
  },
  {
    folder: 'src/driver/portable',
    runs: 'Node',
    what: 'a store that is an OCI image layout',
    may: [
      'driver',
      'archive',
      'changes',
      'disk',
      'format/image',
      'format/layer',
      'format/path',
      'format/tar',
      'format/windows-tar',
      'model',
    ],
  },
  { folder: 'src/driver/remote', runs: 'Node', what: 'a driver served at a distance, and its client', may: ['model'], types: ['driver'] },
  {
    folder: 'src/driver/windows',
    runs: 'Node',
    what: 'windowsfilter and windowsdiff over `native.ts`',
    may: ['driver', 'format/layer', 'format/windows-tar', 'model'],
  },
  {
    folder: 'src/driver/windows/elevated',
    runs: 'Node',
    what: 'the process that hosts a driver with an administrator’s rights',
    may: ['driver', 'driver/remote', 'driver/windows', 'driver/windows/ffi', 'format/security-descriptor', 'model'],
  },
  {
    folder: 'src/driver/windows/ffi',
    runs: 'Node',
    what: 'the only importer of koffi',
    may: ['driver/windows', 'driver/windows/elevated', 'format/layer', 'format/windows-tar', 'model'],
    packages: ['koffi'],
  },
  {
    folder: 'src/engine',
    runs: 'Node',
    what: 'the door to what a user can do, one file a verb, in the folders below',
    may: [
      'driver',
      'engine/check',
      'engine/export',
      'engine/image',
      'engine/library',
      'engine/read',
      'engine/store',
      'engine/store/images',
      'engine/store/thread',
      'engine/system',
    ],
  },
  {
    folder: 'src/engine/system',
    runs: 'Node',
    what: 'the cache folder; whether this process is elevated',
    may: ['archive'],
  },
  {
    folder: 'src/engine/image',
    runs: 'Node',
    what: 'an image chosen, and loaded with its layers',
    may: ['changes', 'format/image', 'model'],
    types: ['archive', 'contract'],
  },
  {
    folder: 'src/engine/read',
    runs: 'Node',
    what: 'what is shown of images: lists, changes, comparisons, details, contents, waste, search',
    may: [
      'archive',
      'changes',
      'format/image',
      'format/layer',
      'format/path',
      'format/security-descriptor',
      'format/tar',
      'format/windows-tar',
      'format/zip',
      'model',
    ],
    types: ['contract', 'engine/image'],
  },
  {
    folder: 'src/engine/export',
    runs: 'Node',
    what: 'entries, folders and images saved to files',
    may: ['archive', 'disk', 'engine/read', 'format/layer', 'format/path', 'format/windows-tar', 'model'],
    types: ['engine/image'],
  },
  {
    folder: 'src/engine/check',
    runs: 'Node',
    what: 'the rules of `check`',
    may: ['changes', 'format/path', 'model'],
    types: ['engine/image'],
    packages: ['yaml'],
  },
  {
    folder: 'src/engine/library',
    runs: 'Node',
    what: 'open archives, their topic, and jobs',
    may: ['archive', 'engine/export', 'engine/image', 'engine/read', 'format/path', 'model'],
    types: ['contract'],
  },
  {
    folder: 'src/engine/store/images',
    runs: 'Node',
    what: 'images and layers moved into and out of a store',
    may: ['archive', 'engine/export', 'engine/image', 'model'],
    types: ['driver'],
  },
  {
    folder: 'src/engine/store/thread',
    runs: 'Node',
    what: 'one store’s service on a worker, and the program’s side of it',
    may: ['archive', 'driver', 'engine/store/images', 'engine/system', 'model'],
    types: ['contract'],
  },
  {
    folder: 'src/engine/store',
    runs: 'Node',
    what: 'the list of stores that the window shows',
    may: ['driver', 'engine/store/images', 'engine/store/thread', 'model'],
    types: ['contract', 'engine/library'],
  },
  {
    folder: 'src/host',
    runs: 'Node',
    what: 'dispatch: sender → name → schema → grant → handler → reply',
    may: ['contract', 'engine', 'model'],
  },
  { folder: 'src/web', runs: 'Node', what: 'the loopback host', may: ['archive', 'contract', 'engine', 'host', 'model'] },
  {
    folder: 'src/cli',
    runs: 'Node',
    what: 'the command line, one file a command',
    may: ['archive', 'changes', 'driver', 'engine', 'format/path', 'model', 'web'],
    types: ['format/layer'],
  },
  {
    folder: 'electron',
    runs: 'Electron',
    what: 'main (composition only), generic preload, bridge, `app://`, security',
    may: ['archive', 'contract', 'driver', 'engine', 'host', 'model', 'web'],
    packages: ['electron'],
  },
  {
    folder: 'renderer/components',
    runs: 'browser',
    what: 'buttons, menus, sheets, rows: the only importer of React Aria',
    may: ['model'],
    packages: ['react', 'react-dom', 'react-aria-components'],
  },
  {
    folder: 'renderer/state',
    runs: 'browser',
    what: 'everything the window knows, and what changes it; no React',
    may: ['renderer/components', 'changes', 'contract', 'model'],
    packages: ['highlight.js', 'lowlight', 'zustand'],
  },
  {
    folder: 'renderer/features',
    runs: 'browser',
    what: 'React, one folder a pane',
    may: ['renderer/components', 'renderer/state', 'changes', 'contract', 'model'],
    packages: ['@tanstack/react-virtual', 'react', 'zustand'],
  },
  {
    folder: 'renderer/window',
    runs: 'browser',
    what: 'the frame: title bar, panes, status bar, palette, toasts, drop target, shortcuts',
    may: ['renderer/components', 'renderer/state', 'renderer/features', 'contract', 'model'],
    packages: ['react'],
  },
  {
    folder: 'renderer',
    runs: 'browser',
    what: 'the page: `main.tsx`',
    may: ['renderer/state', 'renderer/window'],
    packages: ['react', 'react-dom'],
  },
  { folder: 'scripts', runs: 'Node', what: 'build, start, test, pack, sample, vectors, and this table', may: [], isFree: true },
  {
    folder: 'test',
    runs: '',
    what: 'mirrors the rooms; `support/`, `ui/` (Playwright), `bench/`, `hostile/`, `shared/` (needs `../shared`)',
    may: [],
    isFree: true,
  },
];
