import { TYPE } from '#model';
import { bodyKey } from './hard-links.ts';
import { mergedNodes } from './merged-bodies.ts';
import { nodeOf } from './shown-bodies.ts';
import { indexOf } from './stack.ts';
import type { EntryAt, Stack } from './types.ts';
import { ABSENT, applyLayer, createApplier } from './view.ts';

/** What becomes of a file's body in the layers above. */
export interface BodyFate {
  /** Whether the top view shows the body under any name, or Windows merges it with those of other layers. */
  readonly isVisible: boolean;
  /** The layer that hid the body's last name; the file's own layer if that layer replaced the file itself. Null if the body is visible. */
  readonly hiddenIn: number | null;
}

interface Name {
  readonly node: number;
  readonly layer: number;
  readonly member: number;
}

/**
 * Returns the fates of the bodies of regular files, in the same order. Applies all layers once, and visits every name of each body in every
 * view.
 */
export function bodyFates(stack: Stack, bodies: readonly EntryAt[]): readonly BodyFate[] {
  const { tree } = indexOf(stack);
  const names = namesOf(stack, bodies);
  const lastShown = new Int32Array(bodies.length).fill(-1);
  const applier = createApplier(tree);
  const { view } = applier;
  const merged = mergedNodes(tree);
  const isShown = ({ node, layer, member }: Name): boolean =>
    view.type[node] !== ABSENT &&
    ((view.layer[node] === layer && view.member[node] === member) || (merged.has(node) && view.type[node] === TYPE.file));
  stack.layers.forEach((_, at) => {
    applyLayer(applier, at);
    names.forEach((ofBody, index) => {
      if (ofBody.some(isShown)) lastShown[index] = at;
    });
  });
  const top = stack.layers.length - 1;
  return bodies.map(({ layer }, index) => {
    const last = lastShown[index] as number;
    return { isVisible: last === top, hiddenIn: last === top ? null : last < 0 ? layer : last + 1 };
  });
}

/** Returns the names of each body: its own, and its hard links. */
function namesOf(stack: Stack, bodies: readonly EntryAt[]): Name[][] {
  const { tree, links } = indexOf(stack);
  const names = bodies.map(({ layer, member }): Name[] => [{ node: nodeOf(tree, layer, member), layer, member }]);
  const byKey = new Map<number, Name[]>();
  bodies.forEach(({ layer, member }, index) => {
    byKey.set(bodyKey(tree, links, layer, member), names[index] as Name[]);
  });
  links.forEach((table, layer) => {
    for (const member of table?.members ?? []) {
      byKey.get(bodyKey(tree, links, layer, member))?.push({ node: nodeOf(tree, layer, member), layer, member });
    }
  });
  return names;
}
