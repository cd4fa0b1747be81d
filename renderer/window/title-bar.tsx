import { type KeyboardEvent, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import type { ArchiveSummary, CatalogSummary, ImageSummary } from '#contract';
import { ActionMenuButton } from '../components/action-menu.tsx';
import { IconButton } from '../components/button.tsx';
import { Icon } from '../components/icons.tsx';
import { MenuButton } from '../components/menu.tsx';
import { MiddleText } from '../components/middle-text.tsx';
import fields from '../components/search-field.module.css';
import { Segmented, type SegmentedOption } from '../components/segmented.tsx';
import { useApp } from '../features/use-app.ts';
import { dispatchChanges, getApp, setLayout } from '../state/app-state.ts';
import { chooseInCatalog } from '../state/catalog/catalog-actions.ts';
import { chooseMode, chooseView, moveLayer } from '../state/choosing.ts';
import { runCommand, setOverlay } from '../state/commands.ts';
import { canGoBack, canGoForward, watchHistory } from '../state/history-steps.ts';
import { keysOfId } from '../state/key-names.ts';
import type { LayoutState } from '../state/layout.ts';
import { imageTitle, lastPart } from '../state/library.ts';
import { imageActions, imageChoices } from '../state/menus/image-menu.ts';
import { CATALOG_VIEWS, type Selection, showsRegistry, type View, viewsOfSelection } from '../state/selection.ts';
import { words } from '../words/index.ts';
import styles from './title-bar.module.css';
import { useRoom, type Width } from './width.ts';

const MODES = (['image', 'layer', 'stacked', 'compare'] as const).map((value) => ({
  value,
  label: words.frame.modes[value],
  keys: keysOfId(value),
}));

const NEXT_THEME: Record<LayoutState['theme'], LayoutState['theme']> = { auto: 'light', light: 'dark', dark: 'auto' };

/** The image, how it is shown, and the filter. */
export function TitleBar({
  found,
  catalog,
  width,
  onLeaveFilter,
}: {
  found: { archive: ArchiveSummary; image: ImageSummary } | null;
  /** Shown in place of an image. */
  catalog: CatalogSummary | null;
  width: Width;
  onLeaveFilter: () => void;
}) {
  const selection = useApp((app) => app.selection);
  const layout = useApp((app) => app.layout);
  const hasBack = useSyncExternalStore(watchHistory, canGoBack);
  const room = useRoom();
  const hasForward = useSyncExternalStore(watchHistory, canGoForward);
  const top = (found?.image.layers.length ?? 1) - 1;
  const archives = useApp((app) => app.archives);
  const views = found === null ? [] : viewsOfSelection(archives ?? [], selection);
  return (
    <header className={styles.bar}>
      {found === null && (width === 'wide' || (width !== 'narrow' && selection.catalog === undefined)) ? null : (
        <LibraryButton width={width} layout={layout} />
      )}
      {found !== null ? (
        <ImageMenu archive={found.archive} image={found.image} />
      ) : catalog !== null ? (
        <h1 className={styles.catalog} title={`${catalog.folder}/${catalog.title}`}>
          {catalog.title}
        </h1>
      ) : (
        <h1 className={styles.product}>{words.product}</h1>
      )}
      {found === null && catalog === null ? null : (
        <span className={styles.steps}>
          <IconButton label={words.frame.back} keys={keysOfId('back')} icon="back" disabled={!hasBack} onPress={() => runCommand('back')} />
          <IconButton
            label={words.frame.forward}
            keys={keysOfId('forward')}
            icon="forward"
            disabled={!hasForward}
            onPress={() => runCommand('forward')}
          />
        </span>
      )}
      {catalog !== null && selection.catalog !== undefined ? (
        <>
          <span className={styles.break} />
          <Choice
            label={words.catalog.view}
            value={selection.catalog.view}
            options={CATALOG_VIEWS.filter((view) => view !== 'problems' || catalog.problems > 0).map((value) => ({
              value,
              label: words.catalog.views[value],
            }))}
            isMenu={room === 'none'}
            onChange={(view) => chooseInCatalog({ view })}
          />
        </>
      ) : null}
      {found === null ? null : (
        <>
          <span className={`${styles.steps} ${styles.layerSteps}`}>
            <IconButton
              label={words.frame.olderLayer}
              keys="["
              icon="older"
              disabled={selection.from === 0 && selection.mode !== 'image'}
              onPress={() => moveLayer(-1, false)}
            />
            <IconButton
              label={words.frame.newerLayer}
              keys="]"
              icon="newer"
              disabled={selection.to >= top}
              onPress={() => moveLayer(1, false)}
            />
          </span>
          <span className={styles.break} />
          <Choice label={words.frame.mode} value={selection.mode} options={MODES} isMenu={room === 'none'} onChange={chooseMode} />
          <Choice
            label={words.frame.layout}
            value={views.find((view) => view === selection.view) ?? 'tree'}
            options={views.map((value) => ({ value, label: words.frame.layouts[value], keys: keyOfView(value, selection.view) }))}
            isMenu={room !== 'all'}
            onChange={chooseView}
          />
        </>
      )}
      <span className={styles.space} />
      {found?.image.loaded ? <Filter onLeave={onLeaveFilter} /> : null}
      <span className={styles.ends}>
        {found !== null && (width === 'medium' || width === 'narrow') ? <DetailsButton layout={layout} /> : null}
        <IconButton label={words.frame.shortcuts} keys="?" icon="help" onPress={() => setOverlay('help')} />
        <IconButton
          label={words.frame.themes[layout.theme]}
          icon={layout.theme}
          onPress={() => setLayout({ theme: NEXT_THEME[layout.theme] })}
        />
        <IconButton label={words.settings.title} keys={keysOfId('settings')} icon="settings" onPress={() => setOverlay('settings')} />
      </span>
    </header>
  );
}

/** Returns the key that switches to a layout; the current layout's key switches back to the tree. */
function keyOfView(view: View, current: Selection['view']): string | undefined {
  const toggled = view === 'tree' ? current : view;
  return toggled === undefined ? undefined : keysOfId(toggled);
}

/** A choice as a row of buttons or, where there isn't enough space, as a menu. Either way, the current option is visible. */
function Choice<T extends string>({
  label,
  value,
  options,
  isMenu,
  onChange,
}: {
  label: string;
  value: T;
  options: readonly SegmentedOption<T>[];
  isMenu: boolean;
  onChange: (value: T) => void;
}) {
  if (!isMenu) return <Segmented label={label} value={value} options={options} onChange={onChange} />;
  const current = options.find((option) => option.value === value)?.label ?? '';
  return (
    <span className={styles.menu}>
      <MenuButton
        label={words.frame.choice(label, current)}
        framed
        selected={value}
        choices={options.map((option) => ({ id: option.value, label: option.label, keys: option.keys }))}
        onChoose={(id) => {
          for (const option of options) if (option.value === id) onChange(option.value);
        }}
      >
        {current}
      </MenuButton>
    </span>
  );
}

/** The image's name, with a menu of other images and actions for this one. */
function ImageMenu({ archive, image }: { archive: ArchiveSummary; image: ImageSummary }) {
  const archives = useApp((app) => app.archives);
  const selection = useApp((app) => app.selection);
  const jobs = useApp((app) => app.jobs);
  const stores = useApp((app) => app.stores);
  const title = imageTitle(archive, image);
  const sections = [imageChoices(archives ?? [], selection), ...imageActions({ selection, jobs, stores }, archive, image)];
  return (
    <div className={styles.image}>
      <h1 className="visually-hidden">{title}</h1>
      <ActionMenuButton label={words.menus.image(title, image.platform)} sections={sections}>
        <span className={styles.named}>
          <MiddleText className={styles.imageName} text={lastPart(title)} title={title} />
          {image.platform === 'unknown' ? null : <span className={styles.platform}>{image.platform}</span>}
        </span>
      </ActionMenuButton>
    </div>
  );
}

/** Toggles the pane in a wide window, the drawer in a narrower one. */
function LibraryButton({ width, layout }: { width: Width; layout: LayoutState }) {
  const open = width === 'wide' ? layout.libraryOpen : layout.drawer === 'library';
  const toggle = () => setLayout(width === 'wide' ? { libraryOpen: !open } : { drawer: open ? 'none' : 'library' });
  return <IconButton label={open ? words.frame.hideLibrary : words.frame.showLibrary} icon="sidebar" pressed={open} onPress={toggle} />;
}

/** Opens and closes the drawer with the details. */
function DetailsButton({ layout }: { layout: LayoutState }) {
  const open = layout.drawer === 'details';
  return (
    <IconButton
      label={open ? words.frame.hideDetails : words.frame.showDetails}
      keys={keysOfId('details')}
      icon="details"
      pressed={open}
      onPress={() => setLayout({ drawer: open ? 'none' : 'details' })}
    />
  );
}

/** The text filter. Filtering visits every row, so it waits for a pause in typing. */
function Filter({ onLeave }: { onLeave: () => void }) {
  const filter = useApp((app) => app.changes.filter);
  const { archiveId, image, mode, view } = useApp((app) => app.selection);
  const hasRegistry = useApp((app) => showsRegistry(app.archives ?? [], app.selection));
  const [text, setText] = useState(filter.text);
  // The breakdown always covers all files, so a field that does nothing there would mislead.
  const isOff = view === 'breakdown';
  // A comparison that was started from a registry shows files if neither side has one.
  const isOfFiles = view === undefined || view === 'treemap' || isOff || (view === 'registry' && !hasRegistry);
  const others = isOfFiles ? null : words.frame.filterOthers[view];
  const field = useRef<HTMLInputElement>(null);
  const pause = useRef<ReturnType<typeof setTimeout>>(undefined);
  // If the filter is cleared elsewhere, text typed before that must not come back.
  // biome-ignore lint/correctness/useExhaustiveDependencies: nor may it reach another image or view, which have filters of their own
  useEffect(() => {
    clearTimeout(pause.current);
    setText(filter.text);
    return () => clearTimeout(pause.current);
  }, [filter.text, archiveId, image, mode, view]);

  function onChange(typed: string) {
    setText(typed);
    clearTimeout(pause.current);
    pause.current = setTimeout(() => dispatchChanges({ type: 'filtered', filter: { ...getApp().changes.filter, text: typed } }), 80);
  }

  function apply() {
    clearTimeout(pause.current);
    if (text !== filter.text) dispatchChanges({ type: 'filtered', filter: { ...filter, text } });
  }

  function clearText() {
    clearTimeout(pause.current);
    setText('');
    dispatchChanges({ type: 'filtered', filter: { ...filter, text: '' } });
  }

  function clear() {
    clearText();
    field.current?.focus();
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.key === 'Escape') {
      if (text === '') onLeave();
      else clearText();
    } else if (event.key === 'Enter' || event.key === 'ArrowDown') {
      apply();
      requestAnimationFrame(onLeave);
    } else return;
    event.preventDefault();
  }

  return (
    <div className={styles.filter}>
      <Icon name="search" size={14} className={fields.icon} />
      <input
        ref={field}
        aria-label={others ?? words.frame.filterLabel}
        className={`${fields.input} ${styles.input}`}
        data-filter=""
        type="search"
        spellCheck={false}
        autoComplete="off"
        placeholder={others ?? words.frame.filterPlaceholder}
        title={isOff ? words.frame.filterOff : others === null ? words.frame.filterTitle : undefined}
        disabled={isOff}
        value={isOff ? '' : text}
        onChange={({ currentTarget }) => onChange(currentTarget.value)}
        onBlur={apply}
        onKeyDown={onKeyDown}
      />
      {isOff ? null : text === '' ? (
        <span className={styles.key} aria-hidden="true">
          /
        </span>
      ) : (
        <IconButton small className={styles.clear} label={words.frame.clearText} icon="close" onPress={clear} />
      )}
    </div>
  );
}
