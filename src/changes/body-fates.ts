import { TYPE } from '#model';
import { bodyKey, bodyKeyLayer, bodyKeyMember } from './hard-links.ts';
import { mergedNodes } from './merged-bodies.ts';
import { nodeOf } from './shown-bodies.ts';
import { indexOf } from './stack.ts';
import type { EntryAt, Stack } from './types.ts';
import { ABSENT, applyLayer, createApplier } from './view.ts';

/** What becomes of a file's body in the layers above. */
export interface BodyFate {
  /** Whether the top view shows the body under any name, or Windows merges it with bodies of other layers. */
  readonly isVisible: boolean;
  /**
   * The layer that hid the last of the names under which the body was still visible; the file's own layer if that layer replaced the file
   * itself. Null if the body is visible.
   */
  readonly hiddenIn: number | null;
}

interface Name {
  /** Key of the body. */
  readonly body: number;
  readonly node: number;
  readonly layer: number;
  readonly member: number;
}

/**
 * Returns the fates of the bodies of regular files, in the same order. Applies all layers once. A body may have a million names, and an
 * image thousands of layers, so a name that is hidden is dropped, unless a later layer can bring it back.
 */
export function bodyFates(stack: Stack, bodies: readonly EntryAt[]): readonly BodyFate[] {
  const { tree, links } = indexOf(stack);
  const keys = bodies.map(({ layer, member }) => bodyKey(tree, links, layer, member));
  const byLayer = namesByLayer(stack, new Set(keys));
  const lastShown = new Map<number, number>();
  const applier = createApplier(tree);
  const { view } = applier;
  const merged = mergedNodes(tree);
  const isShown = ({ node, layer, member }: Name): boolean =>
    view.type[node] !== ABSENT &&
    ((view.layer[node] === layer && view.member[node] === member) || (merged.has(node) && view.type[node] === TYPE.file));
  // By body: its names in the layers so far that may still be shown.
  const alive = new Map<number, Name[]>();
  const hiddenMerged = new Map<number, Name[]>();
  stack.layers.forEach((_, at) => {
    applyLayer(applier, at);
    for (const name of byLayer.get(at) ?? []) addTo(alive, name.body, name);
    if (hiddenMerged.size > 0) {
      for (const node of tree.maps[at] ?? []) {
        if (view.type[node] !== TYPE.file) continue;
        for (const name of hiddenMerged.get(node) ?? []) addTo(alive, name.body, name);
        hiddenMerged.delete(node);
      }
    }
    for (const [body, names] of alive) {
      for (let last = names.at(-1); last !== undefined && !isShown(last); last = names.at(-1)) {
        names.pop();
        if (merged.has(last.node)) addTo(hiddenMerged, last.node, last);
      }
      if (names.length === 0) alive.delete(body);
      else lastShown.set(body, at);
    }
  });
  const top = stack.layers.length - 1;
  return bodies.map(({ layer }, index) => {
    const last = lastShown.get(keys[index] as number) ?? layer - 1;
    return { isVisible: last === top, hiddenIn: last === top ? null : last + 1 };
  });
}

/**
 * Returns the names of the bodies with the given keys, by the layer that contains each name. A body's names are its own and its hard links.
 */
function namesByLayer(stack: Stack, bodies: ReadonlySet<number>): ReadonlyMap<number, readonly Name[]> {
  const { tree, links } = indexOf(stack);
  const byLayer = new Map<number, Name[]>();
  for (const body of bodies) {
    const [layer, member] = [bodyKeyLayer(body), bodyKeyMember(body)];
    addTo(byLayer, layer, { body, node: nodeOf(tree, layer, member), layer, member });
  }
  links.forEach((table, layer) => {
    for (const member of table?.members ?? []) {
      const body = bodyKey(tree, links, layer, member);
      if (bodies.has(body)) addTo(byLayer, layer, { body, node: nodeOf(tree, layer, member), layer, member });
    }
  });
  return byLayer;
}

function addTo(lists: Map<number, Name[]>, key: number, name: Name): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [name]);
  else list.push(name);
}
