// The rooms: what each is, where it may run, and what it may import. `npm run rooms` checks every import against this table, and prints
// it into ARCHITECTURE.md with `-- --write`.

type Runs = 'anywhere' | 'Node' | 'Electron' | 'browser' | '';

/** A folder whose files may import one another freely, and of the rest only what is listed. */
export interface Room {
  readonly folder: string;
  readonly runs: Runs;
  readonly what: string;
  /** Other rooms, by folder without `src/`. */
  readonly may: readonly string[];
  /** Rooms of which only types may be imported. */
  readonly types?: readonly string[];
  /** npm packages; `node:` modules go with `runs`. */
  readonly packages?: readonly string[];
  /** Not held to `may`, and free to enter rooms other than through their doors. */
  readonly isFree?: boolean;
}

/**
 * Folders inside a room, lowest first: each may import the ones before it, and whatever `around` allows. Adding a folder takes one line;
 * files that lie in the room itself need it in their own row's `may`.
 */
function inOrder(
  around: Omit<Room, 'folder' | 'what' | 'may'> & { readonly may: readonly string[] },
  folders: readonly [string, string][],
): Room[] {
  return folders.map(([folder, what], index) => ({
    ...around,
    folder,
    what,
    may: [...folders.slice(0, index).map(([lower]) => roomName(lower)), ...around.may],
  }));
}

/** A room as `may` names it. */
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
    what: 'opens archives, indexes layers on workers, index cache, spools, bodies, raw lists; writes archives',
    may: ['format/compression', 'format/image', 'format/layer', 'format/tar', 'model'],
    packages: ['tar-stream'],
  },
  {
    folder: 'src/disk',
    runs: 'Node',
    what: 'a view laid out in a folder, for mounts and exports: the plan, every kind of entry, facts, times, removal',
    may: ['changes', 'format/layer', 'model'],
    types: ['archive', 'format/path'],
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
    what: 'what a user can do, one file a verb; jobs; the library of open archives; a store’s verbs; the window’s stores and their thread',
    may: [
      'archive',
      'changes',
      'disk',
      'driver',
      'format/image',
      'format/layer',
      'format/path',
      'format/security-descriptor',
      'format/tar',
      'format/windows-tar',
      'format/zip',
      'model',
    ],
    types: ['contract'],
    packages: ['yaml'],
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
