import { type KeyboardEvent, useEffect, useState, useSyncExternalStore } from 'react';
import type { ArchiveSummary, ImageSummary } from '#contract';
import { IconButton } from '../components/button.tsx';
import { Icon } from '../components/icons.tsx';
import { MenuButton } from '../components/menu.tsx';
import { Segmented } from '../components/segmented.tsx';
import { useApp } from '../features/use-app.ts';
import { dispatchChanges, setLayout } from '../state/app-state.ts';
import { chooseMode, moveLayer, showImage, toggleTreemap } from '../state/choosing.ts';
import { runCommand, setOverlay } from '../state/commands.ts';
import { canGoBack, canGoForward, watchHistory } from '../state/history-steps.ts';
import { keysOfId } from '../state/key-names.ts';
import type { LayoutState } from '../state/layout.ts';
import { imageTitle } from '../state/library.ts';
import { WORDS } from '../state/words.ts';
import styles from './title-bar.module.css';
import type { Width } from './width.ts';

const MODES = [
  { value: 'layer', label: 'Layer' },
  { value: 'stacked', label: 'Filesystem' },
  { value: 'compare', label: 'Compare' },
] as const;

const VIEWS = [
  { value: 'tree', label: 'Tree' },
  { value: 'treemap', label: 'Treemap' },
] as const;

const NEXT_THEME: Record<LayoutState['theme'], LayoutState['theme']> = { auto: 'light', light: 'dark', dark: 'auto' };
const THEME_WORDS: Record<LayoutState['theme'], string> = { auto: 'system', light: 'light', dark: 'dark' };

/** The image, the way it is shown, and the filter. */
export function TitleBar({
  found,
  width,
  onLeaveFilter,
}: {
  found: { archive: ArchiveSummary; image: ImageSummary } | null;
  width: Width;
  onLeaveFilter: () => void;
}) {
  const selection = useApp((app) => app.selection);
  const layout = useApp((app) => app.layout);
  const hasBack = useSyncExternalStore(watchHistory, canGoBack);
  const hasForward = useSyncExternalStore(watchHistory, canGoForward);
  const top = (found?.image.layers.length ?? 1) - 1;
  return (
    <header className={styles.bar}>
      {found === null && width !== 'narrow' ? null : <LibraryButton width={width} layout={layout} />}
      {found === null ? <h1 className={styles.product}>Layerscope</h1> : <ImageSwitch archive={found.archive} image={found.image} />}
      {found === null ? null : (
        <>
          {width === 'narrow' ? null : (
            <span className={styles.steps}>
              <IconButton label="Back" keys={keysOfId('back')} icon="back" disabled={!hasBack} onPress={() => runCommand('back')} />
              <IconButton
                label="Forward"
                keys={keysOfId('forward')}
                icon="forward"
                disabled={!hasForward}
                onPress={() => runCommand('forward')}
              />
            </span>
          )}
          <span className={styles.steps}>
            <IconButton label="Older layer" keys="[" icon="older" disabled={selection.from === 0} onPress={() => moveLayer(-1, false)} />
            <IconButton label="Newer layer" keys="]" icon="newer" disabled={selection.to >= top} onPress={() => moveLayer(1, false)} />
          </span>
          <Segmented label="View" value={selection.mode} options={MODES} onChange={chooseMode} />
          <Segmented label="Layout" value={selection.view ?? 'tree'} options={VIEWS} onChange={toggleTreemap} />
        </>
      )}
      <span className={styles.space} />
      {found?.image.loaded ? <Filter onLeave={onLeaveFilter} /> : null}
      <IconButton label={WORDS.shortcuts} keys="?" icon="help" onPress={() => setOverlay('help')} />
      <IconButton
        label={`Theme: ${THEME_WORDS[layout.theme]}`}
        icon={layout.theme}
        onPress={() => setLayout({ theme: NEXT_THEME[layout.theme] })}
      />
    </header>
  );
}

function ImageSwitch({ archive, image }: { archive: ArchiveSummary; image: ImageSummary }) {
  const title = imageTitle(archive, image);
  const name = (
    <>
      <span className={styles.imageName} title={title}>
        {title}
      </span>
      {image.platform === 'unknown' ? null : <span className={styles.platform}>{image.platform}</span>}
    </>
  );
  if (archive.images.length < 2) {
    return <h1 className={styles.only}>{name}</h1>;
  }
  return (
    <>
      <h1 className="visually-hidden">{title}</h1>
      <MenuButton
        label={`Image: ${title}, ${image.platform}`}
        selected={String(image.index)}
        choices={archive.images.map((each) => ({
          id: String(each.index),
          label: imageTitle(archive, each),
          detail: each.platform === 'unknown' ? undefined : each.platform,
        }))}
        onChoose={(id) => showImage(archive.archiveId, Number(id))}
      >
        {name}
      </MenuButton>
    </>
  );
}

/** Toggles the pane in a wide window, the drawer in a narrower one. */
function LibraryButton({ width, layout }: { width: Width; layout: LayoutState }) {
  const open = width === 'wide' ? layout.libraryOpen : layout.drawer === 'library';
  const toggle = () => setLayout(width === 'wide' ? { libraryOpen: !open } : { drawer: open ? 'none' : 'library' });
  return <IconButton label={open ? 'Hide library' : 'Show library'} icon="sidebar" pressed={open} onPress={toggle} />;
}

/** The filter visits every row, so it waits for a pause in the typing. */
function Filter({ onLeave }: { onLeave: () => void }) {
  const filter = useApp((app) => app.changes.filter);
  const [text, setText] = useState(filter.text);
  useEffect(() => setText(filter.text), [filter.text]);
  useEffect(() => {
    if (text === filter.text) return;
    const timer = setTimeout(() => dispatchChanges({ type: 'filtered', filter: { ...filter, text } }), 80);
    return () => clearTimeout(timer);
  }, [text, filter]);

  function onKeyDown(event: KeyboardEvent) {
    if (event.key === 'Escape') {
      if (text === '') onLeave();
      else {
        setText('');
        dispatchChanges({ type: 'filtered', filter: { ...filter, text: '' } });
      }
    } else if (event.key === 'Enter' || event.key === 'ArrowDown') {
      if (text !== filter.text) dispatchChanges({ type: 'filtered', filter: { ...filter, text } });
      requestAnimationFrame(onLeave);
    } else return;
    event.preventDefault();
  }

  return (
    <label className={styles.filter}>
      <Icon name="search" size={14} className={styles.searchIcon ?? ''} />
      <span className="visually-hidden">Filter by path</span>
      <input
        className={styles.input}
        data-filter=""
        type="search"
        spellCheck={false}
        autoComplete="off"
        placeholder="Filter: name, *.so, /regex/"
        value={text}
        onChange={({ currentTarget }) => setText(currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <span className={styles.key} aria-hidden="true">
        /
      </span>
    </label>
  );
}
