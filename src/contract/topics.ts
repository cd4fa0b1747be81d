import type { CatalogSummary } from './catalog-reports.ts';
import type { ArchiveSummary, FileGrant, Job } from './reports.ts';

/**
 * Topics and their states. A subscription starts with the current state; each change sends the complete state again, at most ten times a
 * second.
 */
export interface Topics {
  jobs: { readonly jobs: readonly Job[] };
  library: { readonly archives: readonly ArchiveSummary[] };
  catalogs: { readonly catalogs: readonly CatalogSummary[] };
  /** Files that the system or the command line asks this window to open. */
  requests: { readonly open: readonly FileGrant[] };
}

export type TopicName = keyof Topics;

const TOPICS: { readonly [T in TopicName]: true } = { jobs: true, library: true, catalogs: true, requests: true };

export const TOPIC_NAMES = Object.keys(TOPICS) as readonly TopicName[];
