// Builds a stack: makes the tree of all paths, then applies layer after layer to one view and counts what each one does. A stack keeps the
// tree, the maps into it and the bodies of hard links; views are rebuilt on demand, which takes a few milliseconds for 100,000 paths.
//
// 80,000 entries in six layers take about 10 ms. For memory besides the layers' tables, see image-tree.ts.

import { FLAG, type LayerTable, layerFigures, linkName, nodePath } from '#format/layer';
import {
  displayPath,
  escapePath,
  type Finding,
  type FindingCode,
  finding,
  type ImageTotals,
  LayerscopeError,
  NO_LAYER,
  type Rest,
  TYPE,
} from '#model';
import { caseCollisions } from './case-collisions.ts';
import { bodyKey, bodyKeyLayer, bodyKeyMember, HopRoom, type LinkFault, type LinkTable, resolveLinks } from './hard-links.ts';
import { buildTree, type ImageTree } from './image-tree.ts';
import { bodiesInUse } from './shown-bodies.ts';
import type { LayerSummary, Stack } from './types.ts';
import { commitLayer, copyView, createApplier, stageLayer, type View, viewOf } from './view.ts';
import { windowsOddNames } from './windows-names.ts';

const MAX_FINDINGS = 1_000;
/** Maximum number of bytes of a path or link target shown in a finding. */
const MAX_SHOWN_BYTES = 4096;

/** What a stack keeps to build views and row tables. */
export interface StackIndex {
  readonly tree: ImageTree;
  readonly links: readonly (LinkTable | null)[];
  /** The most recently used views, latest first. Showing one path's details needs two. */
  readonly views: { readonly layer: number; readonly view: View }[];
  /** By layer: the topmost nodes that it removes, and the folders that it replaces. */
  readonly removals: readonly Uint32Array[];
}

interface BuiltStack extends Stack {
  readonly index: StackIndex;
}

/** Returns a stack's index. Throws INTERNAL for a stack that {@link buildStack} didn't make. */
export function indexOf(stack: Stack): StackIndex {
  const { index } = stack as BuiltStack;
  if (index === undefined) throw new LayerscopeError('INTERNAL', 'a stack that buildStack did not make');
  return index;
}

/** Returns the view at a layer; an empty view below layer 0. Views are cached: don't modify the result. */
export function viewAtLayer(stack: Stack, layer: number): View {
  const { tree, views } = indexOf(stack);
  const at = Math.min(layer, stack.layers.length - 1);
  const kept = views.findIndex((known) => known.layer === at);
  const known = kept < 0 ? { layer: at, view: viewOf(tree, 0, at) } : (views.splice(kept, 1)[0] as (typeof views)[number]);
  views.unshift(known);
  views.length = Math.min(views.length, 2);
  return known.view;
}

/** Returns a copy of the view at a layer, to apply more layers to. */
export function ownViewAtLayer(stack: Stack, layer: number): View {
  const { tree, views } = indexOf(stack);
  const known = views.find((view) => view.layer === layer);
  return known === undefined ? viewOf(tree, 0, layer) : copyView(known.view);
}

interface StackOptions {
  /** Ignore case in names, as in Windows images. */
  readonly caseInsensitive?: boolean;
}

/**
 * Stacks layers, lowest first; null for a layer that couldn't be read, which is treated as empty. Keeps the tables, which must not change
 * afterwards. Throws TOO_LARGE for more layers than the columns can number.
 */
export function buildStack(layers: readonly (LayerTable | null)[], options: StackOptions = {}): Stack {
  const steps = stackSteps(layers, options);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** Like {@link buildStack}, but lets other work run between layers, of which an image may have thousands. Throws what `rest` throws. */
export async function buildStackInTurns(layers: readonly (LayerTable | null)[], rest: Rest, options: StackOptions = {}): Promise<Stack> {
  const steps = stackSteps(layers, options);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    await rest();
  }
}

function* stackSteps(layers: readonly (LayerTable | null)[], options: StackOptions): Generator<undefined, Stack> {
  if (layers.length >= NO_LAYER) throw new LayerscopeError('TOO_LARGE', `an image of ${layers.length} layers`);
  const caseInsensitive = options.caseInsensitive === true;
  const tree = buildTree(layers, caseInsensitive);
  const applier = createApplier(tree);
  const links: (LinkTable | null)[] = [];
  const hops = new HopRoom();
  const firstNodes = new Uint32Array(caseInsensitive ? tree.count : 0);
  const summaries: LayerSummary[] = [];
  const findings: Finding[] = [];
  const removals = layers.map(() => new Uint32Array(0));
  for (const [layer, table] of layers.entries()) {
    yield;
    const staged = stageLayer(applier, layer);
    if (table === null || staged === null) {
      links.push(null);
      summaries.push({ entries: 0, fileBytes: 0, added: 0, modified: 0, removed: 0 });
      continue;
    }
    const list = new LayerFindings(table, layer);
    for (const member of staged.aimless) {
      const isOpaque = ((table.flags[member] as number) & FLAG.opaque) !== 0;
      const what = isOpaque
        ? 'an opaque marker in a folder that is empty in the layers below'
        : 'a whiteout of a path that the layers below do not have';
      list.add('whiteout-without-target', member, () => what);
    }
    for (const node of staged.lostLinks) {
      list.addNode('symlink-replaced', node, () => 'was a symbolic link; this layer has entries below it, so it becomes a folder');
    }
    links.push(resolveLinks(applier, staged, links, hops, (member, fault) => list.addFault(member, fault)));
    if (caseInsensitive) {
      for (const { node, other } of caseCollisions(tree, layer, firstNodes)) {
        const message = (): string => `differs in case only from ${displayPath(nodePath(table, other).subarray(0, MAX_SHOWN_BYTES))}`;
        list.addNode('case-collision', node, message);
      }
      for (const { node, reason } of windowsOddNames(table)) list.addNode('reserved-name', node, () => reason);
    }
    applier.removals = [];
    const removed = commitLayer(applier, staged);
    if (applier.removals.length > 0) removals[layer] = Uint32Array.from(applier.removals);
    summaries.push({ ...layerFigures(table), added: staged.added, modified: staged.modified, removed });
    list.finish(findings);
  }
  const totals = totalsOf(tree, applier.view, links, summaries);
  const index = { tree, links, views: [{ layer: layers.length - 1, view: applier.view }], removals };
  const stack: BuiltStack = { layers, caseInsensitive, summaries, totals, findings, index };
  return stack;
}

function totalsOf(tree: ImageTree, view: View, links: readonly (LinkTable | null)[], summaries: readonly LayerSummary[]): ImageTotals {
  let files = 0;
  let finalBytes = 0;
  for (let node = 1; node < tree.count; node++) {
    const type = view.type[node] as number;
    if (type !== TYPE.file && type !== TYPE.hardlink) continue;
    const layer = view.layer[node] as number;
    const member = view.member[node] as number;
    if (type === TYPE.file) {
      files++;
      finalBytes += (tree.layers[layer] as LayerTable).size[member] as number;
    } else if (bodyKey(tree, links, layer, member) >= 0) files++;
  }
  for (const key of bodiesInUse(tree, view, links)) {
    finalBytes += (tree.layers[bodyKeyLayer(key)] as LayerTable).size[bodyKeyMember(key)] as number;
  }
  const fileBytes = summaries.reduce((sum, summary) => sum + summary.fileBytes, 0);
  return { files, fileBytes, finalBytes, wastedBytes: fileBytes - finalBytes, efficiency: fileBytes === 0 ? 1 : finalBytes / fileBytes };
}

const FAULTS: Readonly<Record<LinkFault, string>> = {
  missing: 'is not there',
  circle: 'leads back to the link',
  folder: 'is a folder',
  far: 'takes too many steps to find',
};

/** Findings of one layer: at most 1,000 per code. If there are more, the last one listed gives the number of the rest. */
class LayerFindings {
  readonly #table: LayerTable;
  readonly #layer: number;
  readonly #byCode = new Map<FindingCode, { readonly list: Finding[]; count: number }>();

  constructor(table: LayerTable, layer: number) {
    this.#table = table;
    this.#layer = layer;
  }

  add(code: FindingCode, member: number, message: () => string): void {
    this.addNode(code, this.#table.node[member] as number, message);
  }

  addFault(member: number, fault: LinkFault): void {
    this.add('dangling-hardlink', member, () => {
      const target = displayPath((linkName(this.#table, member) ?? new Uint8Array(0)).subarray(0, MAX_SHOWN_BYTES));
      return `a hard link whose target ${FAULTS[fault]}: ${target}`;
    });
  }

  /** `message` is called only if the finding is listed: there may be millions, with long paths. */
  addNode(code: FindingCode, node: number, message: () => string): void {
    let found = this.#byCode.get(code);
    if (found === undefined) {
      found = { list: [], count: 0 };
      this.#byCode.set(code, found);
    }
    found.count++;
    if (found.count > MAX_FINDINGS) return;
    const path = escapePath(nodePath(this.#table, node).subarray(0, MAX_SHOWN_BYTES));
    found.list.push(finding(code, message(), { layer: this.#layer, path }));
  }

  finish(findings: Finding[]): void {
    for (const [code, { list, count }] of this.#byCode) {
      if (count > MAX_FINDINGS) {
        list[MAX_FINDINGS - 1] = finding(code, `${count - MAX_FINDINGS + 1} more of this kind`, { layer: this.#layer });
      }
      for (const entry of list) findings.push(entry);
    }
  }
}
