import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { ImageRef } from '#contract';
import { type PlainError, plainError } from '../../state/plain-error.ts';
import { type KeyAt, type KeyNode, type KeyTree, keyId, keyNode, keyTree } from '../../state/registry-keys.ts';
import { useApp } from '../use-app.ts';

/** Number of keys that the host sends at once. */
const PAGE = 500;

const NONE: ReadonlySet<string> = new Set();

/** Keys that are loaded when they are opened. */
export interface Keys {
  readonly tree: KeyTree;
  readonly isOpen: (id: string) => boolean;
  readonly error: PlainError | null;
  toggle(nodes: readonly KeyNode[], open: boolean): void;
  open(keys: readonly KeyAt[]): void;
}

/**
 * Returns the keys of hives as seen at a layer, which must stay the same; for another view, render a new component (with a different React
 * key). `removed`: keys that layers removed, as they were before, by the ids of the keys above them.
 */
export function useKeys(
  { archiveId, image, layer }: ImageRef & { layer: number },
  hives: readonly string[],
  removed: ReadonlyMap<string, readonly KeyNode[]>,
): Keys {
  const client = useApp((app) => app.client);
  const [open, setOpen] = useState(NONE);
  /** The keys below each opened key, as far as they have arrived. */
  const [below, setBelow] = useState<ReadonlyMap<string, readonly KeyNode[]>>(new Map());
  const [error, setError] = useState<PlainError | null>(null);
  const asked = useRef(new Set<string>());
  const control = useRef<AbortController | null>(null);
  useEffect(() => {
    const made = new AbortController();
    control.current = made;
    asked.current.clear();
    return () => made.abort();
  }, []);

  const load = useCallback(
    async (key: KeyAt & Pick<KeyNode, 'removedIn'>) => {
      const id = keyId(key);
      const signal = control.current?.signal;
      if (client === null || signal === undefined || asked.current.has(id)) return;
      asked.current.add(id);
      const keys: KeyNode[] = [];
      const { hive, path: at, removedIn } = key;
      const gone = removedIn === undefined ? {} : { removedIn };
      try {
        for (;;) {
          const of = { archiveId, image, layer: removedIn === undefined ? layer : removedIn - 1, hive, path: at };
          const page = await client.call('registry.key', { ...of, start: keys.length, count: PAGE }, { signal });
          if (signal.aborted) return;
          for (const { name, path, hasSubkeys } of page.subkeys) keys.push({ ...keyNode({ hive, path }, hasSubkeys), name, ...gone });
          const arrived = [...keys];
          setBelow((before) => new Map(before).set(id, arrived));
          if (keys.length >= page.total || page.subkeys.length === 0) return;
        }
      } catch (failure) {
        // When the key is opened again, its subkeys are requested again.
        asked.current.delete(id);
        if (!signal.aborted) setError(plainError(failure));
      }
    },
    [client, archiveId, image, layer],
  );
  const openAll = useCallback(
    (keys: readonly KeyAt[]) => {
      setOpen((before) => new Set([...before, ...keys.map(keyId)]));
      for (const key of keys) void load(key);
    },
    [load],
  );
  const tree = useMemo(() => {
    const childrenOf = (id: string): readonly KeyNode[] => {
      const there = below.get(id) ?? [];
      const gone = (removed.get(id) ?? []).filter((key) => there.every((each) => each.id !== key.id));
      return gone.length === 0 ? there : [...there, ...gone].sort((a, b) => (a.id < b.id ? -1 : 1));
    };
    const linked = (node: KeyNode): KeyNode => ({
      ...node,
      hasSubkeys: node.hasSubkeys || removed.has(node.id),
      children: open.has(node.id) ? childrenOf(node.id).map(linked) : [],
    });
    return keyTree(hives.map((hive) => linked(keyNode({ hive, path: '' }, true))));
  }, [hives, open, below, removed]);
  return {
    tree,
    isOpen: useCallback((id: string) => open.has(id), [open]),
    error,
    toggle(nodes, opens) {
      setError(null);
      if (opens) openAll(nodes);
      else setOpen((before) => new Set([...before].filter((id) => nodes.every((node) => node.id !== id))));
    },
    open: openAll,
  };
}
