import type { AppInfo, FileGrant, InputOf, OperationName, OutputOf } from '#contract';
import type { ElevatedLaunch, Jobs, Library, StoreList } from '#engine';
import type { GrantedFile, Grants } from './grants.ts';
import type { Sender } from './sender.ts';

/** Files that were opened lately. */
export interface RecentFiles {
  /** The last opened first. */
  list(): readonly GrantedFile[];
  opened(file: GrantedFile): void;
  forget(): void;
}

/** What the host serves, and what only one door can do. */
export interface HostServices {
  readonly appInfo: Omit<AppInfo, 'sample'>;
  /** The sample image; null where it isn't there. */
  readonly sample: GrantedFile | null;
  readonly library: Library;
  readonly jobs: Jobs;
  /** Absent: FORBIDDEN. */
  readonly store?: StoreList;
  /** Made by {@link createGrants}; absent: the host's own. */
  readonly grants?: Grants;
  /** Shows the system's dialog; empty where the user chose nothing. Absent: FORBIDDEN. */
  readonly chooseFiles?: (sender: Sender, what: 'files' | 'folder') => Promise<readonly GrantedFile[]>;
  /**
   * Shows the system's dialog for a new file; null where the user chose none. Absent: what is exported is fetched by the door, once
   * ({@link Host.download}).
   */
  readonly chooseTarget?: (sender: Sender, name: string) => Promise<string | null>;
  /** Shows the system's dialog for the folder of a store; null where the user chose none. Absent: FORBIDDEN. */
  readonly chooseHome?: (sender: Sender) => Promise<string | null>;
  /** How a copy of this program is started for an elevated driver, and for which window. Absent: FORBIDDEN. */
  readonly elevation?: (sender: Sender) => ElevatedLaunch;
  /** Opens a folder in the system's file manager. Absent: FORBIDDEN. */
  readonly revealFolder?: (folder: string) => Promise<void>;
  /** Absent: the door knows no files of the user's, and none are told. */
  readonly recentFiles?: RecentFiles;
  /** A grant that the door takes an upload for. Absent: FORBIDDEN. */
  readonly expectUpload?: (sender: Sender, file: { readonly name: string; readonly sizeBytes: number }) => Promise<FileGrant>;
  /** Gets a line, and the stack, for each defect of the program. Default: standard error. */
  readonly log?: (text: string) => void;
}

/** What is done for each operation. Inputs are checked before; a grant is checked here, by taking it. */
export type Handlers = { readonly [N in OperationName]: (sender: Sender, input: InputOf<N>, signal: AbortSignal) => Promise<OutputOf<N>> };
