import type { CatalogList } from '#catalog/browse';
import type { AppInfo, FileGrant, InputOf, OperationName, OutputOf } from '#contract';
import type { ElevatedLaunch, Jobs, Library, NamedImages, StoreList } from '#engine';
import type { GrantedFile, Grants } from './grants.ts';
import type { Sender } from './sender.ts';

/** Recently opened files. */
export interface RecentFiles {
  /** Lists the files, latest first. */
  list(): readonly GrantedFile[];
  opened(file: GrantedFile): void;
  forget(): void;
}

/** Names of recently opened images. */
export interface RecentNames {
  /** Lists the names, latest first. */
  list(): readonly string[];
  opened(reference: string): void;
  forget(): void;
}

/** What the host serves, and capabilities that only some doors have. */
export interface HostServices {
  readonly appInfo: Omit<AppInfo, 'sample' | 'opensNames'>;
  /** Lines about the system for bug reports, without names of files or users. Defaults to the versions of Node and the system. */
  readonly diagnostics?: () => readonly string[];
  /** The sample image; null if it isn't installed. */
  readonly sample: GrantedFile | null;
  readonly library: Library;
  readonly jobs: Jobs;
  /** If absent, operations on images by name throw FORBIDDEN. */
  readonly names?: NamedImages;
  /** Defaults to a list that is lost when the program ends. */
  readonly recentNames?: RecentNames;
  /** If absent, operations on catalogs throw FORBIDDEN, and a catalog opens like any folder. */
  readonly catalogs?: CatalogList;
  /** If absent, operations on stores throw FORBIDDEN. */
  readonly store?: StoreList;
  /** Grants shared with the door; defaults to the host's own. */
  readonly grants?: Grants;
  /** Shows the system's dialog; returns an empty list if the user cancels. If absent, the operation throws FORBIDDEN. */
  readonly chooseFiles?: (sender: Sender, what: 'files' | 'folder') => Promise<readonly GrantedFile[]>;
  /**
   * Shows the system's dialog for a new file; returns null if the user cancels. If absent, exports are downloaded through
   * {@link Host.download}.
   */
  readonly chooseTarget?: (sender: Sender, name: string) => Promise<string | null>;
  /** Shows the system's dialog for a store's folder; returns null if the user cancels. If absent, the operation throws FORBIDDEN. */
  readonly chooseHome?: (sender: Sender) => Promise<string | null>;
  /** Describes how to start an elevated copy of this program, and for which window. If absent, the operation throws FORBIDDEN. */
  readonly elevation?: (sender: Sender) => ElevatedLaunch;
  /** Opens a folder in the system's file manager. If absent, the operation throws FORBIDDEN. */
  readonly revealFolder?: (folder: string) => Promise<void>;
  /** If absent, the list of recent files is empty. */
  readonly recentFiles?: RecentFiles;
  /** Reserves a grant for an upload. If absent, the operation throws FORBIDDEN. */
  readonly expectUpload?: (sender: Sender, file: { readonly name: string; readonly sizeBytes: number }) => Promise<FileGrant>;
  /** Receives the text of each internal error: a line and the stack. Defaults to standard error. */
  readonly log?: (text: string) => void;
}

/** One handler per operation. Inputs are already checked; a handler checks a grant by using it up. */
export type Handlers = { readonly [N in OperationName]: (sender: Sender, input: InputOf<N>, signal: AbortSignal) => Promise<OutputOf<N>> };
