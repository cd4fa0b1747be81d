import { type ReactNode, useMemo, useState, useSyncExternalStore } from 'react';
import type { ImageSummary } from '#contract';
import { type LayerReport, toHex, unescapePath } from '#model';
import { FirstItems, MoreItems } from '../../components/first-items.tsx';
import { Icon } from '../../components/icons.tsx';
import { MiddleText } from '../../components/middle-text.tsx';
import { sideLetter } from '../../components/side-letter.ts';
import { Size, sizeTitle } from '../../components/size.tsx';
import { useSpan } from '../../components/use-span.ts';
import { STRATUM_MIN, STRATUM_TALL, splitVerb, stratumBytes, stratumHeights, wholeCommand } from '../../state/chain.ts';
import { findRow } from '../../state/changes/table-facts.ts';
import { chooseSideB, compareWith } from '../../state/choosing.ts';
import { commonLayers, foldedRuns } from '../../state/compare.ts';
import { imageTitle, lastPart } from '../../state/library.ts';
import { apartFrom, distinctFrom, withApart } from '../../state/same-names.ts';
import { type Selection, type Side, selectedImage } from '../../state/selection.ts';
import { lineText, titleText } from '../../words/cut.ts';
import { words } from '../../words/index.ts';
import head from '../pane-head.module.css';
import { NO_TOUCHES, type Touches, TouchGutter, TouchWords, touchesOf, touchTitle } from '../touches.tsx';
import { useApp } from '../use-app.ts';
import { useRequest } from '../use-request.ts';
import styles from './compare-chain.module.css';

/** The chains of both sides: shared layers once, at the bottom, and above them one column per side. */
export function CompareChain({ edge, selection }: { edge: ReactNode; selection: Selection }) {
  const archives = useApp((app) => app.archives) ?? [];
  const { against, archiveId } = selection;
  const b = selectedImage(archives, selection);
  const a = against === undefined ? null : selectedImage(archives, { ...selection, ...against });
  if (a === null || b === null || against === undefined || archiveId === null) return null;
  const sideB = { archiveId, image: selection.image, layer: selection.to };
  const sameImage = a.image === b.image;
  return (
    <section className={styles.pane} aria-label={words.chain.title} data-pane="chain">
      {edge}
      <header className={`${head.head} ${styles.head}`}>
        <h2>{words.chain.title}</h2>
        <span className={`${head.end} ${styles.hint}`}>
          {sameImage ? words.compare.chooseA : commonLayers(a.image, b.image) === 0 ? words.compare.noSharedLayers : ''}
        </span>
      </header>
      {sameImage ? (
        <OneChain image={b.image} a={against} b={sideB} />
      ) : (
        <TwoChains
          imageA={a.image}
          imageB={b.image}
          a={against}
          b={sideB}
          titleA={withApart(lastPart(imageTitle(a.archive, a.image)), apartFrom(archives, a, b))}
          titleB={withApart(lastPart(imageTitle(b.archive, b.image)), apartFrom(archives, b, a))}
        />
      )}
    </section>
  );
}

function OneChain({ image, a, b }: { image: ImageSummary; a: Side; b: Side }) {
  const touches = useTouches(b);
  const heights = useHeights([image.layers], 520);
  const [low, high] = [Math.min(a.layer, b.layer), Math.max(a.layer, b.layer)];
  return (
    <div className={styles.scroll}>
      <Strata
        label={words.newestFirst}
        layers={image.layers}
        // The layers between the sides are what is compared.
        keeps={(layer) => layer >= low && layer <= high}
        runLabel={(count, top) => (top < low ? words.compare.lowerLayers(count) : words.compare.newerLayers(count))}
        heightOf={(layer) => heights(0, layer)}
        image={image}
        a={a}
        b={b}
        touches={touches}
      />
    </div>
  );
}

/**
 * Returns the layers of a side's image that touch the selected path. Requests the side's own history, because the path's details have only
 * one side's.
 */
function useTouches({ archiveId, image, layer }: Side): Touches {
  const path = useApp((app) => app.selection.path);
  const answer = useRequest(path === null ? null : `${archiveId}/${image}/${layer}/${path}`, (client, signal) =>
    client.call('entry.details', { archiveId, image, layer, pathHex: toHex(unescapePath(path ?? '')) }, { signal }),
  );
  const isNamed = useIsNamed(path);
  // For a side that never had the path, the request fails.
  return useMemo(() => (answer.state === 'ready' && isNamed ? touchesOf(path, answer.value.history) : NO_TOUCHES), [answer, path, isNamed]);
}

/** Whether the rows or the details name the selected path. If neither does, dots in the chain would refer to nothing on screen. */
function useIsNamed(path: string | null): boolean {
  const table = useApp((app) => app.changes.table);
  const isOpen = useApp((app) => app.layout.drawer === 'details');
  const isListed = useMemo(() => path !== null && table !== null && findRow(table, unescapePath(path)) >= 0, [table, path]);
  const hasPane = useSyncExternalStore(onPane, () => WITH_DETAILS.matches);
  return isListed || isOpen || hasPane;
}

/** Matches where the details have their own pane. */
const WITH_DETAILS = window.matchMedia('(min-width: 1000px)');

function onPane(listener: () => void): () => void {
  WITH_DETAILS.addEventListener('change', listener);
  return () => WITH_DETAILS.removeEventListener('change', listener);
}

/**
 * Layers of an image that both sides have, newest first. A long run of layers other than those to keep is folded into one line, which can
 * be opened.
 */
function Strata({
  label,
  image,
  layers,
  a,
  b,
  touches,
  heightOf,
  keeps,
  runLabel,
}: {
  label: string;
  image: ImageSummary;
  layers: readonly LayerReport[];
  a: Side;
  b: Side;
  touches: Touches;
  heightOf: (layer: number) => number;
  keeps: (layer: number) => boolean;
  runLabel: (count: number, top: number) => string;
}) {
  const [isOpen, setOpen] = useState(false);
  const runs = foldedRuns([...layers].reverse(), keeps);
  const span = useSpan(
    runs.length,
    runs.findIndex((run) => run.some(({ index }) => index === b.layer)),
  );
  const stratum = (layer: LayerReport) => (
    <Stratum
      key={layer.index}
      layer={layer}
      count={image.layers.length}
      loaded={image.loaded}
      height={heightOf(layer.index)}
      isA={layer.index === a.layer}
      isB={layer.index === b.layer}
      touches={touches}
      onChoose={(alt) => (alt ? compareWith({ ...a, layer: layer.index }) : chooseSideB({ ...b, layer: layer.index }))}
    />
  );
  return (
    <ol className={styles.strata} aria-label={label}>
      <MoreItems as="li" left={span.before} onMore={span.onBefore} />
      {runs.slice(span.first, span.end).map((run) => {
        const top = run[0]?.index ?? 0;
        if (run.length === 1) return run.map(stratum);
        return [
          <li key={`run ${top}`} className={styles.run}>
            <button type="button" className={styles.fold} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
              <Icon name={isOpen ? 'chevronDown' : 'chevronRight'} size={10} />
              <span className={styles.command}>{runLabel(run.length, top)}</span>
              <Size bytes={run.reduce((sum, layer) => sum + bytesOf(layer), 0)} />
            </button>
          </li>,
          isOpen ? (
            <FirstItems key={`layers ${top}`} items={run} first={MOST_OF_RUN}>
              {stratum}
            </FirstItems>
          ) : null,
        ];
      })}
      <MoreItems as="li" left={span.after} onMore={span.onAfter} />
    </ol>
  );
}

/** Number of layers of an opened run that are drawn at first. */
const MOST_OF_RUN = 500;

function TwoChains({
  imageA,
  imageB,
  a,
  b,
  titleA,
  titleB,
}: {
  imageA: ImageSummary;
  imageB: ImageSummary;
  a: Side;
  b: Side;
  titleA: string;
  titleB: string;
}) {
  const common = commonLayers(imageA, imageB);
  const sinceB = useApp((app) => app.selection.since);
  const touchesA = useTouches(a);
  const touchesB = useTouches(b);
  const heights = useHeights([imageA.layers, imageB.layers], 440);
  // Newest first.
  const own = { A: imageA.layers.slice(common).reverse(), B: imageB.layers.slice(common).reverse() };
  const spans = {
    A: useSpan(own.A.length, imageA.layers.length - 1 - a.layer),
    B: useSpan(own.B.length, imageB.layers.length - 1 - b.layer),
  };
  const column = (name: 'A' | 'B', image: ImageSummary, title: string, other: string) => (
    <div className={styles.column}>
      <h3 className={styles.columnHead} title={title}>
        <span className={`${sideLetter(name)} ${styles.letter}`}>{name}</span> {columnTitle(title, other)}
      </h3>
      <ol className={styles.strata} aria-label={words.compare.layersOfSide(name)}>
        <MoreItems as="li" left={spans[name].before} onMore={spans[name].onBefore} />
        {own[name].slice(spans[name].first, spans[name].end).map((layer) => (
          <Stratum
            key={layer.index}
            narrow
            layer={layer}
            count={image.layers.length}
            loaded={image.loaded}
            height={heights(name === 'A' ? 0 : 1, layer.index)}
            isA={name === 'A' && layer.index === a.layer}
            isB={name === 'B' && layer.index === b.layer}
            isWhole={layer.index === image.layers.length - 1 && (name === 'A' ? a.since : sinceB) === undefined}
            touches={name === 'A' ? touchesA : touchesB}
            onChoose={() => (name === 'A' ? compareWith({ ...a, layer: layer.index }) : chooseSideB({ ...b, layer: layer.index }))}
          />
        ))}
        <MoreItems as="li" left={spans[name].after} onMore={spans[name].onAfter} />
      </ol>
    </div>
  );
  return (
    <div className={styles.scroll}>
      <div className={`${styles.columns} ${common === 0 ? styles.apart : ''}`}>
        {column('A', imageA, titleA, titleB)}
        {column('B', imageB, titleB, titleA)}
      </div>
      {common === 0 ? null : <p className={styles.joint}>{words.compare.sharedBase(common)}</p>}
      {common === 0 ? null : (
        <Strata
          label={words.compare.sharedLayers}
          layers={imageB.layers.slice(0, common)}
          keeps={(layer) => layer === a.layer || layer === b.layer}
          runLabel={words.compare.equalLayers}
          heightOf={(layer) => heights(1, layer)}
          image={imageB}
          a={a}
          b={b}
          // Shared layers do the same on both sides, but only a side that has the path has its history.
          touches={touchesB.kinds.size > 0 ? touchesB : touchesA}
        />
      )}
    </div>
  );
}

/** Returns the head of a side's column: the part of its name that distinguishes it, if there is one. The full name is above the list. */
function columnTitle(title: string, other: string): ReactNode {
  const at = distinctFrom(title, other);
  if (at === undefined) return <MiddleText text={title} title={null} />;
  return <span className={styles.columnName}>{title.slice(at)}</span>;
}

/** Heights of the lines of a layer in one of two columns, px: the number and size, and each line of the command. */
const NUMBER_LINE = 24;
const COMMAND_LINE = 16;

function Stratum({
  layer,
  count,
  loaded,
  height,
  isA,
  isB,
  isWhole = false,
  touches,
  narrow = false,
  onChoose,
}: {
  layer: LayerReport;
  count: number;
  loaded: boolean;
  height: number;
  isA: boolean;
  isB: boolean;
  /**
   * Whether the side at this layer is a whole image. The layer then has no outline, because an outline would suggest that only this layer
   * is compared.
   */
  isWhole?: boolean;
  touches: Touches;
  /** Whether the layer is in one of two columns, where the command is below the number and the size. */
  narrow?: boolean;
  onChoose: (alt: boolean) => void;
}) {
  const whole = wholeCommand(layer.createdBy);
  const command = whole === null ? null : titleText(whole);
  const drawn = command === null ? null : lineText(command, count);
  const parts = drawn === null ? null : splitVerb(drawn);
  const bytes = stratumBytes(layer, loaded);
  return (
    <li
      className={`${styles.stratum} ${isA && !isWhole ? styles.litA : ''} ${isB && !isWhole ? styles.litB : ''}`}
      style={{
        ['--height' as string]: `${narrow ? Math.max(height, STRATUM_TALL) : height}px`,
        ['--lines' as string]: Math.max(1, Math.floor((height - NUMBER_LINE) / COMMAND_LINE)),
        ['--depth' as string]: count <= 1 ? 1 : layer.index / (count - 1),
      }}
    >
      <button
        type="button"
        className={`${styles.button} ${narrow ? styles.narrow : ''}`}
        aria-pressed={isA || isB}
        title={`${command ?? words.commandUnknownTitle}\n${sizeTitle(bytes)}${touchTitle(touches, layer.index)}`}
        onClick={(event) => onChoose(event.altKey)}
      >
        <TouchGutter touches={touches} layer={layer.index} />
        <span className={`number ${styles.index}`} style={{ ['--digits' as string]: String(count - 1).length }}>
          <span className="visually-hidden">{words.beforeNumber}</span>
          {layer.index}
        </span>
        <span className={styles.about}>
          <span className={styles.command}>
            {parts === null ? null : <span className={styles.verb}>{parts.verb} </span>}
            {parts?.rest ?? drawn ?? words.commandUnknown}
          </span>
          <Size bytes={bytes} className={styles.size} />
        </span>
        {isA ? (
          <span className={`${sideLetter('A')} ${styles.letter}`}>
            <span className="visually-hidden">{words.compare.beforeLetter}</span>A
          </span>
        ) : null}
        {isB ? (
          <span className={`${sideLetter('B')} ${styles.letter}`}>
            <span className="visually-hidden">{words.compare.beforeLetter}</span>B
          </span>
        ) : null}
        <TouchWords touches={touches} layer={layer.index} />
      </button>
    </li>
  );
}

function bytesOf(layer: LayerReport): number {
  return stratumBytes(layer, layer.fileBytes > 0 || layer.entries > 0);
}

/** Returns the heights for both chains, at the same scale. */
function useHeights(chains: readonly (readonly LayerReport[])[], room: number): (chain: number, layer: number) => number {
  const layers = useMemo(() => chains.flat(), [chains]);
  const heights = stratumHeights(layers.map(bytesOf), room * chains.length);
  return (chain, layer) => heights[(chain === 0 ? 0 : (chains[0]?.length ?? 0)) + layer] ?? STRATUM_MIN;
}
