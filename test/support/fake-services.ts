import type { ArchiveSummary } from '#contract';
import { createJobs, type EntryOf, type Library, type OpenRequest } from '#engine';
import { createHost, type HostServices } from '#host';
import { LayerscopeError } from '#model';
import { numberedRows } from './row-tables.ts';

/** Creates a library that opens nothing and records its calls, for tests of hosts. The only archive is `a1`. */
export function fakeLibrary(): Library & {
  readonly opened: OpenRequest[];
  readonly asked: unknown[];
  /** Returns the number of internal errors thrown on purpose, by operations that host tests don't need. */
  readonly defects: () => number;
  change(archives: ArchiveSummary[]): void;
} {
  const opened: OpenRequest[] = [];
  const asked: unknown[] = [];
  const listeners = new Set<(archives: readonly ArchiveSummary[]) => void>();
  let archives: readonly ArchiveSummary[] = [];
  const know = (archiveId: string): void => {
    if (archiveId !== 'a1') throw new LayerscopeError('NOT_FOUND', 'no such archive is open');
  };
  let defects = 0;
  const unused = async (entry: EntryOf): Promise<never> => {
    know(entry.archiveId);
    asked.push(entry);
    defects += 1;
    throw new Error('a defect with a /secret/path');
  };
  return {
    opened,
    asked,
    defects: () => defects,
    change(state) {
      archives = state;
      for (const listener of listeners) listener(state);
    },
    open(request) {
      opened.push(request);
      return `j${opened.length}`;
    },
    async close(archiveId) {
      know(archiveId);
    },
    summary(archiveId) {
      know(archiveId);
      throw new LayerscopeError('NOT_FOUND', 'no such folder');
    },
    list: () => archives,
    subscribe(listener) {
      listeners.add(listener);
      listener(archives);
      return () => listeners.delete(listener);
    },
    config({ archiveId }) {
      know(archiveId);
      return { json: null, complete: true };
    },
    load({ archiveId }) {
      know(archiveId);
      return 'j1';
    },
    verify({ archiveId }) {
      know(archiveId);
      return 'j1';
    },
    scan({ archiveId }) {
      know(archiveId);
      return 'j1';
    },
    async changes(ref, range) {
      know(ref.archiveId);
      asked.push(range);
      return numberedRows(5_000);
    },
    async view(ref) {
      know(ref.archiveId);
      return numberedRows(10);
    },
    async whole(ref) {
      know(ref.archiveId);
      return numberedRows(10);
    },
    async breakdown(ref) {
      know(ref.archiveId);
      throw new LayerscopeError('NOT_FOUND', 'no such folder');
    },
    async configs(a, b) {
      know(a.archiveId);
      know(b.archiveId);
      return { compared: true, total: 0, differences: [] };
    },
    async compare(a, b) {
      know(a.archiveId);
      know(b.archiveId);
      asked.push({ a, b });
      return numberedRows(3);
    },
    findRewritten({ archiveId }) {
      know(archiveId);
      return 'j1';
    },
    weigh({ archiveId }) {
      know(archiveId);
      return 'j1';
    },
    async waste(ref) {
      know(ref.archiveId);
      return { wastedBytes: 0, files: [], groups: [], byLayer: [], rewritten: null, kinds: [], whatIf: [] };
    },
    async comparePackages(a, b, wanted) {
      know(a.archiveId);
      know(b.archiveId);
      asked.push({ a, b, wanted });
      return { packagesA: 0, packagesB: 0, added: 0, modified: 0, removed: 0, total: 0, rows: [], problems: 0 };
    },
    async packages(ref, wanted) {
      know(ref.archiveId);
      asked.push(wanted);
      return { layers: [], total: 0, rows: [], problems: 0 };
    },
    async search(ref, wanted) {
      know(ref.archiveId);
      asked.push(wanted);
      return { total: 0, bytes: 0, matches: [], problem: null };
    },
    registryChanges: unused,
    compareRegistries: unused,
    registryHives: unused,
    registryKey: unused,
    registrySearch: unused,
    async origin(ref) {
      know(ref.archiveId);
      throw new LayerscopeError('NOT_FOUND', 'no layer has it');
    },
    async stated({ archiveId }) {
      know(archiveId);
      return [];
    },
    artifactFiles(archiveId) {
      know(archiveId);
      return [];
    },
    async artifactContent({ archiveId, offset }) {
      know(archiveId);
      return { offset, totalBytes: 0, bytes: new Uint8Array(0) };
    },
    details: unused,
    folder: unused,
    raw: unused,
    async content(entry, { offset, length }) {
      know(entry.archiveId);
      asked.push(entry);
      return { offset, totalBytes: 100, bytes: new Uint8Array(length) };
    },
    async withArchive(archiveId) {
      know(archiveId);
      throw new LayerscopeError('NOT_FOUND', 'no such folder');
    },
    async listing(entry) {
      know(entry.archiveId);
      return null;
    },
    exported(wanted) {
      know(wanted.what === 'comparison' ? wanted.b.archiveId : wanted.what === 'entry' ? wanted.entry.archiveId : wanted.archiveId);
      asked.push(wanted);
      const body = new TextEncoder().encode('exported');
      return {
        name: "a 'name'.tar",
        totalBytes: wanted.what === 'entry' ? body.length : null,
        leftOut: 0,
        async *bytes() {
          if (wanted.what === 'report') throw new LayerscopeError('DAMAGED', 'the layer is damaged');
          yield body.subarray(0, 3);
          if (wanted.what === 'comparison') throw new LayerscopeError('DAMAGED', 'the layer is damaged');
          yield body.subarray(3);
        },
      };
    },
    save(wanted, target) {
      asked.push({ wanted, target });
      return 'j9';
    },
    async [Symbol.asyncDispose]() {
      listeners.clear();
    },
  };
}

/** Creates a host over a fake library, with its log. */
export function fakeHost(services: Partial<HostServices> = {}) {
  const library = fakeLibrary();
  const jobs = createJobs();
  const logged: string[] = [];
  const host = createHost({
    appInfo: { version: '1.2.3', host: 'web', system: 'linux', elevated: false },
    sample: { path: '/somewhere/sample.tar', name: 'sample.tar' },
    library,
    jobs,
    log: (text) => logged.push(text),
    ...services,
  });
  return { host, library, jobs, logged };
}
