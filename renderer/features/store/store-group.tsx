import type { ArchiveSummary, StoredImageReport, StoredLayerReport, StoreReport } from '#contract';
import { Button } from '../../components/button.tsx';
import { FirstItems } from '../../components/first-items.tsx';
import { Icon } from '../../components/icons.tsx';
import { MenuButton, type MenuChoice } from '../../components/menu.tsx';
import { NameText } from '../../components/name-text.tsx';
import { sizeText } from '../../components/size.tsx';
import { setApp } from '../../state/app-state.ts';
import { lastPart, MOST_IMAGES } from '../../state/library.ts';
import { closeArchive } from '../../state/opening.ts';
import {
  addStore,
  askToCleanUp,
  askToCommit,
  askToElevate,
  askToRemove,
  createWorkingCopy,
  exportStored,
  forgetStore,
  mountLayer,
  revealMount,
  type StoredItem,
  showStored,
  showStoredChanges,
  unmountLayer,
  verifyStore,
} from '../../state/stores/store-actions.ts';
import {
  canChange,
  copyKey,
  imageWithTop,
  layersAlone,
  leftoversOf,
  openedFrom,
  parentImage,
  shortId,
  storedTitle,
  storeTitle,
} from '../../state/stores/stores.ts';
import { titleText } from '../../words/cut.ts';
import { words } from '../../words/index.ts';
import { formatCount } from '../../words/numbers.ts';
import line from '../list-item.module.css';
import { SideMarks, useSidesOf } from '../side-marks.tsx';
import { useApp } from '../use-app.ts';
import styles from './store.module.css';
import { Strata } from './strata.tsx';

/** Every store with its images and layers, each with a menu of actions. */
export function StoreGroups() {
  const stores = useApp((app) => app.stores);
  const electron = useApp((app) => app.info?.host === 'electron');
  if (stores === null) return null;
  return (
    <>
      {stores.map((store) => (
        <StoreGroup key={store.storeId} store={store} />
      ))}
      {electron ? (
        <p className={styles.add}>
          <Button kind="quiet" icon="plus" onPress={() => void addStore()}>
            {words.store.add}
          </Button>
        </p>
      ) : null}
    </>
  );
}

function StoreGroup({ store }: { store: StoreReport }) {
  const title = storeTitle(store);
  const electron = useApp((app) => app.info?.host === 'electron');
  const { storeId, driver, home, images, problem, readOnlyReason, checked } = store;
  const alone = layersAlone(store);
  const leftovers = leftoversOf(store);
  const choices = [
    ...(canChange(store) ? [{ id: 'verify', label: words.store.verify }] : []),
    ...(checked !== null && checked.length > 0
      ? [{ id: 'checked', label: words.store.showProblems, detail: formatCount(checked.length) }]
      : []),
    ...(canChange(store)
      ? [
          {
            id: 'cleanup',
            label: words.store.cleanUp,
            detail: leftovers.length === 0 ? undefined : words.store.leftovers(leftovers.length),
          },
        ]
      : []),
    ...(store.isOwn ? [] : [{ id: 'forget', label: words.store.removeFromList, detail: words.store.filesKept }]),
  ];
  const run = (id: string) => {
    if (id === 'verify') void verifyStore(storeId);
    else if (id === 'checked') setApp({ storeSheet: { kind: 'checked', storeId } });
    else if (id === 'cleanup') void askToCleanUp(storeId);
    else void forgetStore(storeId);
  };
  return (
    <section className={line.group} aria-label={title}>
      <header className={line.groupHead}>
        <h3 className={styles.heading} title={`${driver} · ${home}`}>
          {title}
        </h3>
        {store.sizeBytes === 0 ? null : sizeText(store.sizeBytes, line.groupSize, words.store.kept(words.exactBytes(store.sizeBytes)))}
        {choices.length === 0 ? null : <ActionMenu label={words.store.actions(title)} choices={choices} onChoose={run} />}
      </header>
      {store.isOwn ? null : (
        <p className={styles.home} title={`${driver} · ${home}`}>
          {store.elevation === 'held' ? words.store.elevated(driver) : driver} · <bdi>{home}</bdi>
        </p>
      )}
      {problem === null ? null : <p className={line.problem}>{problem}</p>}
      {readOnlyReason === null ? null : (
        <p className={styles.look} title={readOnlyReason}>
          {words.store.readOnly(readOnlyReason)}
        </p>
      )}
      {store.elevation === 'needed' && electron ? (
        <p className={styles.sentence}>
          <Button icon="shield" onPress={() => void askToElevate(storeId)}>
            {words.store.runElevated}
          </Button>
        </p>
      ) : null}
      {images.length === 0 && alone.length === 0 && problem === null ? (
        <p className={line.none}>{store.isOwn ? words.store.emptyOwn : words.store.empty}</p>
      ) : null}
      <ul className={line.list}>
        <FirstItems items={images} first={MOST_IMAGES}>
          {(image) => <ImageItem key={`${image.name} ${image.platform}`} store={store} image={image} />}
        </FirstItems>
        <FirstItems items={alone} first={MOST_IMAGES}>
          {(layer) => <LayerItem key={layer.id} store={store} layer={layer} depth={layer.depth} />}
        </FirstItems>
      </ul>
    </section>
  );
}

/** Returns the menu entries for mounting a layer. */
function mountChoices(mountPath: string | null, electron: boolean): MenuChoice[] {
  if (mountPath === null) return [{ id: 'mount', label: words.store.mount }];
  return [
    { id: 'reveal', label: electron ? words.store.openFolder : words.store.copyFolderPath },
    { id: 'release', label: words.store.unmount },
  ];
}

const EXPORTS: readonly MenuChoice[] = [
  { id: 'docker-archive', label: words.menus.saveDocker },
  { id: 'oci-archive', label: words.menus.saveOci },
];

function closeChoice(opened: ArchiveSummary | undefined): MenuChoice[] {
  return opened === undefined ? [] : [{ id: 'close', label: words.store.closeItem }];
}

/** Closes or exports an item. Returns false if the choice is neither. */
function runOnItem(what: string, item: StoredItem): boolean {
  if (what === 'docker-archive' || what === 'oci-archive') void exportStored(item, what);
  else if (what === 'close' && item.opened !== undefined) void closeArchive(item.opened.archiveId);
  else return false;
  return true;
}

function ImageItem({ store, image }: { store: StoreReport; image: StoredImageReport }) {
  const { storeId } = store;
  const { name, names, platform, sizeBytes, problem, layers } = image;
  const isWritable = canChange(store);
  const electron = useApp((app) => app.info?.host === 'electron');
  const opened = useApp((app) => openedFrom(app.archives, storeId, [name, ...names]));
  const title = storedTitle(image);
  const top = layers.at(-1)?.id ?? null;
  const isShown = useApp(
    ({ selection }) => opened !== undefined && selection.archiveId === opened.archiveId && selection.image === imageWithTop(opened, top),
  );
  const sides = useSidesOf(opened?.archiveId, opened === undefined ? null : imageWithTop(opened, top));
  const item: StoredItem = { storeId, name, top, opened };
  const mountPath = store.layers.find(({ id }) => id === top)?.mountPath ?? null;
  const choices = [
    { id: 'open', label: opened === undefined ? words.store.open : words.store.show },
    ...closeChoice(opened),
    ...(top === null || problem !== null || !isWritable
      ? []
      : [...mountChoices(mountPath, electron), { id: 'write', label: words.store.createCopy }]),
    ...(problem === null ? EXPORTS : []),
    ...(isWritable ? [{ id: 'remove', label: words.store.remove, danger: true }] : []),
  ];
  const run = (id: string) => {
    if (id === 'open') showStored(item);
    else if (runOnItem(id, item)) return;
    else if (id === 'remove') void askToRemove(storeId, name, title);
    else if (top !== null) runOnLayer(id, { storeId, id: top, title, mountPath });
  };
  return (
    <li className={`${line.line} ${line.withMenu} ${isShown ? line.current : ''}`}>
      <button
        type="button"
        className={line.image}
        title={`${titleText(names.join('\n') || name)}\n${problem ?? mountPath ?? words.store.inHome(store.home)}${sides === '' ? '' : `\n${words.compare.shownAs[sides]}`}`}
        aria-current={isShown ? 'true' : undefined}
        onClick={() => showStored(item)}
      >
        {sides !== '' ? (
          <SideMarks sides={sides} />
        ) : problem === null ? (
          <Strata sizes={layers.map((layer) => layer.sizeBytes)} />
        ) : (
          <Icon name="warning" className={line.icon ?? ''} />
        )}
        <span className={line.words}>
          <NameText className={line.name} text={lastPart(title)} />
          <span className={line.sub}>
            {problem ?? (
              <>
                {platform} · {sizeText(sizeBytes, '', words.store.kept(words.exactBytes(sizeBytes)))}
              </>
            )}
          </span>
          {mountPath === null ? null : <span className={styles.state}>{words.store.states.mounted}</span>}
          {sides === '' ? null : <span className="visually-hidden">{words.compare.shownAs[sides]}</span>}
        </span>
      </button>
      <ActionMenu label={words.store.actions(title)} choices={choices} onChoose={run} floating />
    </li>
  );
}

function LayerItem({ store, layer, depth }: { store: StoreReport; layer: StoredLayerReport; depth: number }) {
  const { storeId } = store;
  const { id, below, state, problem, sizeBytes, isReadWrite, mountPath } = layer;
  const electron = useApp((app) => app.info?.host === 'electron');
  // An adopted base image is listed under its name.
  const adopted = useApp((app) => app.bases.find((each) => each.storeId === storeId)?.images.find((each) => each.id === id)?.name);
  const copy = useApp((app) => app.copies.get(copyKey(storeId, id)));
  const opened = useApp((app) => openedFrom(app.archives, storeId, [id]));
  const isShown = useApp(({ selection }) => opened !== undefined && selection.archiveId === opened.archiveId);
  const item: StoredItem = { storeId, name: id, top: id, opened };
  const parent = parentImage(store, layer);
  const ofImage = isReadWrite && parent !== undefined ? lastPart(storedTitle(parent)) : null;
  const title = adopted ?? (ofImage === null ? shortId(id) : words.store.copyTitle(ofImage));
  const isNamed = adopted !== undefined || ofImage !== null;
  const usable = state === 'ready' || state === 'mounted';
  const choices = [
    ...(usable ? mountChoices(mountPath, electron) : []),
    ...(usable && isReadWrite ? [{ id: 'view', label: words.store.viewChanges }] : []),
    ...(usable && !isReadWrite ? [{ id: 'changes', label: words.store.listChanges }] : []),
    ...(usable && isReadWrite ? [{ id: 'commit', label: words.store.commit }] : []),
    ...(usable && !isReadWrite ? [{ id: 'write', label: words.store.createCopy }] : []),
    ...(usable ? [...closeChoice(opened), ...EXPORTS] : []),
    { id: 'remove', label: isReadWrite && usable ? words.store.discard : words.store.remove, danger: true },
  ];
  const what = isReadWrite
    ? ofImage === null
      ? words.store.workingCopy
      : ''
    : below === 0
      ? words.store.baseLayer
      : words.store.onLayers(below);
  const facts = [what, words.store.states[state]].filter((fact) => fact !== '');
  const run = (chosen: string) => {
    if (chosen === 'remove') void askToRemove(storeId, id, title);
    else if (chosen === 'view') showStored(item);
    else if (runOnItem(chosen, item)) return;
    else if (chosen === 'commit') askToCommit(store, layer, title);
    else runOnLayer(chosen, { storeId, id, title, mountPath });
  };
  return (
    <li className={`${line.line} ${line.withMenu} ${isShown ? line.current : ''}`} style={{ paddingLeft: Math.min(depth, 6) * 10 }}>
      <button
        type="button"
        className={line.image}
        title={`${id}\n${problem ?? mountPath ?? words.store.inHome(store.home)}`}
        aria-current={isShown ? 'true' : undefined}
        onClick={() => showStored(item)}
        disabled={!usable || !canChange(store)}
      >
        {usable ? (
          <Strata sizes={Array.from({ length: below + 1 }, () => 1)} top={isReadWrite} />
        ) : (
          <Icon name="warning" className={line.icon ?? ''} />
        )}
        <span className={line.words}>
          {ofImage === null || adopted !== undefined ? (
            <span className={`${line.title} ${isNamed ? '' : styles.id}`}>{title}</span>
          ) : (
            <NameText className={line.name} text={ofImage} />
          )}
          <span className={`${line.sub} ${styles.wraps}`}>
            {ofImage === null || adopted !== undefined
              ? null
              : `${words.store.ofCopy}${copy === undefined && facts.length === 0 ? '' : ' · '}`}
            {copy === undefined ? null : (
              <>
                {copy.changes === 0 ? null : <i className={styles.changed} aria-hidden="true" />}
                {words.store.copyChanges(copy.changes)}
                {facts.length === 0 ? null : ' · '}
              </>
            )}
            {facts.join(' · ')}
            {sizeBytes === null ? null : (
              <>
                {' · '}
                {sizeText(sizeBytes, '', words.store.kept(words.exactBytes(sizeBytes)))}
              </>
            )}
          </span>
          {problem === null ? null : <span className={styles.reason}>{problem}</span>}
        </span>
      </button>
      {canChange(store) ? <ActionMenu label={words.store.actions(title)} choices={choices} onChoose={run} floating /> : null}
    </li>
  );
}

function runOnLayer(
  what: string,
  { storeId, id, title, mountPath }: { storeId: string; id: string; title: string; mountPath: string | null },
): void {
  if (what === 'mount') void mountLayer(storeId, id);
  else if (what === 'release') void unmountLayer(storeId, id);
  else if (what === 'reveal') void revealMount(storeId, id, mountPath ?? '');
  else if (what === 'write') void createWorkingCopy(storeId, id);
  else if (what === 'changes') void showStoredChanges(storeId, id, title);
}

/** A button that opens a menu of actions. */
function ActionMenu({
  label,
  choices,
  onChoose,
  floating = false,
}: {
  label: string;
  choices: readonly MenuChoice[];
  onChoose: (id: string) => void;
  /** Whether the button is drawn over the end of its line. */
  floating?: boolean;
}) {
  return (
    <span className={floating ? styles.floating : styles.atEnd}>
      <MenuButton label={label} choices={choices} selected={null} onChoose={onChoose} bare>
        <Icon name="more" size={14} />
      </MenuButton>
    </span>
  );
}
