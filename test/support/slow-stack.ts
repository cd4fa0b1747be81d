// The semantics of layers as in cli.md, implemented the slow way with maps of paths, to check src/changes. The two share no code. Paths are
// latin-1 (one character per byte). For case-insensitive layers, the caller folds them first.

import type { EntryFixture, MemberFixture } from './layer-fixture.ts';

export interface SlowBody {
  readonly layer: number;
  readonly size: number;
}

export interface SlowEntry {
  readonly type: string;
  readonly size: number;
  readonly meta: string;
  readonly implied: boolean;
  readonly layer: number;
  readonly link: string | undefined;
  body: SlowBody | null;
  /** Whether this is a hard link to a symlink, a device or a pipe. */
  isOther?: boolean;
}

export interface SlowChange {
  readonly kind: 'added' | 'modified' | 'removed';
  readonly path: string;
  readonly type: string;
  readonly reason?: string;
  readonly entries?: number;
  readonly bytes?: number;
}

export type SlowView = Map<string, SlowEntry>;

function above(path: string): string[] {
  const found: string[] = [];
  for (let slash = path.lastIndexOf('/'); slash >= 0; slash = path.lastIndexOf('/', slash - 1)) {
    found.push(path.slice(0, slash));
    if (slash === 0) break;
  }
  return path === '' ? found : [...found, ''];
}

/** Returns the path's normal form; null if the path points outside. */
function normal(path: string): string | null {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  return parts.includes('..') ? null : parts.join('/');
}

export interface SlowLayer {
  readonly view: SlowView;
  readonly changes: SlowChange[];
  readonly fileBytes: number;
  readonly entries: number;
}

/** Applies one layer. Doesn't modify the view below. */
export function applySlowly(
  below: SlowView,
  members: readonly MemberFixture[],
  layer: number,
  pathOf: (path: string) => string,
): SlowLayer {
  const entries: SlowView = new Map();
  const whiteouts = new Set<string>();
  const opaques = new Set<string>();
  let fileBytes = 0;
  for (const member of members) {
    if ('raw' in member) continue;
    if ('whiteout' in member) whiteouts.add(pathOf(member.whiteout));
    else if ('opaque' in member) opaques.add(pathOf(member.opaque));
    else {
      const entry = slowEntry(member, layer);
      fileBytes += entry.size;
      const path = pathOf(member.path as string);
      if (path !== '') entries.set(path, entry);
    }
  }
  const implied = new Set<string>();
  // An opaque marker is inside its folder, a whiteout next to the path that it hides. Like entries, both imply their folders.
  for (const path of [...entries.keys(), ...whiteouts, ...[...opaques].map((folder) => `${folder}/`)]) {
    for (const folder of above(path)) if (folder !== '' && !entries.has(folder)) implied.add(folder);
  }
  const replaced = new Set<string>();
  for (const [path, entry] of entries) if (below.get(path)?.type === 'directory' && entry.type !== 'directory') replaced.add(path);

  const hidden = new Map<string, string>();
  for (const path of below.keys()) {
    if (whiteouts.has(path)) hidden.set(path, 'whiteout');
    for (const folder of above(path)) {
      if (hidden.has(path)) break;
      if (whiteouts.has(folder)) hidden.set(path, 'whiteout');
      else if (opaques.has(folder)) hidden.set(path, 'opaque');
      else if (replaced.has(folder)) hidden.set(path, 'replaced');
    }
  }

  const view: SlowView = new Map([...below].filter(([path]) => !hidden.has(path)));
  for (const path of implied) {
    if (view.get(path)?.type !== 'directory') {
      view.set(path, { type: 'directory', size: 0, meta: '755 0 0 null', implied: true, layer, link: undefined, body: null });
    }
  }
  for (const [path, entry] of entries) view.set(path, entry);
  for (const [path, entry] of entries) if (entry.type === 'hardlink') entry.body = bodyOf(path, entry, entries, below, pathOf);
  return {
    view,
    changes: changesBetween(below, view, layer, (path) => hidden.get(path)),
    fileBytes,
    entries: members.filter((member) => !('raw' in member && member.raw === 'global')).length,
  };
}

/** Returns the changes made by the layer `from` and those above: the difference between the view below these layers and their own view. */
export function changesBetween(
  below: SlowView,
  view: SlowView,
  from: number,
  reasonOf: (path: string) => string | undefined,
): SlowChange[] {
  const changes: SlowChange[] = [];
  const gone = [...below.keys()].filter((path) => !view.has(path));
  const swallows = (path: string): boolean =>
    below.has(path) && (!view.has(path) || (below.get(path)?.type === 'directory' && view.get(path)?.type !== 'directory'));
  const sums = new Map<string, { entries: number; bytes: number }>();
  for (const path of gone) {
    const top = above(path).filter(swallows).at(-1);
    if (top === undefined) continue;
    const sum = sums.get(top) ?? { entries: 0, bytes: 0 };
    sums.set(top, { entries: sum.entries + 1, bytes: sum.bytes + (below.get(path)?.size ?? 0) });
  }
  for (const path of gone) {
    if (above(path).some(swallows)) continue;
    const type = below.get(path)?.type ?? '';
    const reason = reasonOf(path);
    const sum = type === 'directory' ? (sums.get(path) ?? { entries: 0, bytes: 0 }) : {};
    changes.push({ kind: 'removed', path, type, ...(reason === undefined ? {} : { reason }), ...sum });
  }
  for (const [path, entry] of view) {
    if (entry.layer < from) continue;
    const was = below.get(path);
    if (entry.implied) {
      if (was !== undefined && was.type !== 'directory') changes.push({ kind: 'modified', path, type: entry.type });
      continue;
    }
    if (was === undefined) changes.push({ kind: 'added', path, type: entry.type });
    else if (entry.type !== 'directory' || was.type !== 'directory' || was.implied || was.meta !== entry.meta) {
      const sum = was.type === 'directory' && entry.type !== 'directory' ? (sums.get(path) ?? { entries: 0, bytes: 0 }) : {};
      changes.push({ kind: 'modified', path, type: entry.type, ...sum });
    }
  }
  return changes.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function slowEntry(member: EntryFixture, layer: number): SlowEntry {
  const { type = 'file', mode = 0o644, uid = 0, gid = 0, attributes = null, link } = member;
  const size = type === 'file' ? (member.size ?? 0) : 0;
  const meta = `${(mode & 0o7777).toString(8)} ${uid} ${gid} ${JSON.stringify(attributes)}`;
  return { type, size, meta, implied: false, layer, link, body: type === 'file' ? { layer, size } : null };
}

function bodyOf(path: string, link: SlowEntry, entries: SlowView, below: SlowView, pathOf: (path: string) => string): SlowBody | null {
  const seen = new Set([path]);
  for (let at: SlowEntry | undefined = link; at?.link !== undefined; ) {
    const name = normal(at.link);
    const target = name === null ? null : pathOf(name);
    if (target === null || seen.has(target)) return null;
    seen.add(target);
    at = entries.get(target) ?? below.get(target);
    if (at?.body) return at.body;
    if (at?.isOther || (at !== undefined && !['hardlink', 'file', 'directory'].includes(at.type))) {
      link.isOther = true;
      return null;
    }
    if (at?.type !== 'hardlink') return null;
  }
  return null;
}

export interface SlowStack {
  readonly layers: readonly SlowLayer[];
  readonly totals: { files: number; fileBytes: number; finalBytes: number };
}

/** Stacks layers. `pathOf` folds paths that are compared case-insensitively. */
export function stackSlowly(layers: readonly (readonly MemberFixture[])[], pathOf: (path: string) => string = (path) => path): SlowStack {
  let view: SlowView = new Map();
  const done: SlowLayer[] = [];
  layers.forEach((members, layer) => {
    const applied = applySlowly(view, members, layer, pathOf);
    done.push(applied);
    view = applied.view;
  });
  const shown = [...view.values()].filter(({ type, body }) => (type === 'file' || type === 'hardlink') && body !== null);
  const finalBytes = [...new Set(shown.map(({ body }) => body))].reduce((sum, body) => sum + (body?.size ?? 0), 0);
  return { layers: done, totals: { files: shown.length, fileBytes: done.reduce((sum, { fileBytes }) => sum + fileBytes, 0), finalBytes } };
}
