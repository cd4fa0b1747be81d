import { type Ref, useImperativeHandle, useRef } from 'react';
import type { TreeGridHandle } from '../../components/tree-grid.tsx';
import type { Selection, Side } from '../../state/selection.ts';
import { words } from '../../words/index.ts';
import { useApp } from '../use-app.ts';
import { useOwnFilter } from '../use-own-filter.ts';
import styles from './registry.module.css';
import { RegistryChanges } from './registry-changes.tsx';
import { RegistryTree } from './registry-tree.tsx';

/** The registry: what the selected layers changed in it, how it differs between the sides, or all of it as seen at the layer. */
export function RegistryView({
  selection,
  sides,
  handle,
}: {
  selection: Selection;
  /** The sides of a comparison. */
  sides: { readonly a: Side; readonly b: Side } | null;
  handle: Ref<TreeGridHandle>;
}) {
  useOwnFilter();
  const text = useApp((app) => app.changes.filter.text);
  const view = useRef<HTMLElement>(null);
  useImperativeHandle(handle, () => ({
    focus: () => view.current?.querySelector<HTMLElement>('[role="row"][tabindex="0"], button')?.focus(),
  }));
  const { archiveId, image, from, to, mode } = selection;
  const ref = { archiveId: archiveId ?? '', image };
  const key = `${archiveId}/${image}/${from}/${to}/${mode}`;
  return (
    <section className={styles.view} ref={view} aria-label={words.registry.title}>
      {sides !== null ? (
        <RegistryChanges key={JSON.stringify([sides, text])} of={{ ...sides, text }} />
      ) : mode === 'layer' ? (
        <RegistryChanges key={`${key}/${text}`} of={{ ...ref, from, to, text }} />
      ) : (
        <RegistryTree key={key} of={{ ...ref, layer: to }} text={text} isWhole={mode === 'image'} />
      )}
    </section>
  );
}
