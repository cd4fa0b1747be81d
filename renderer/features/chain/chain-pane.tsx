import { type KeyboardEvent, type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import type { ImageSummary } from '#contract';
import { displayText, type HistoryReport, type LayerReport } from '#model';
import { FirstItems, MoreItems } from '../../components/first-items.tsx';
import { Icon } from '../../components/icons.tsx';
import { Counts } from '../../components/mark.tsx';
import { phrase } from '../../components/phrase.tsx';
import { Size, sizeTitle } from '../../components/size.tsx';
import { heightOf, useMeasured } from '../../components/use-measured.ts';
import { useSpan } from '../../components/use-span.ts';
import {
  commandLines,
  onlyRemoves,
  STRATUM_MIN,
  STRATUM_ROOMY,
  STRATUM_TALL,
  type Stratum,
  splitVerb,
  strata,
  stratumBytes,
  stratumHeights,
  wholeCommand,
} from '../../state/chain.ts';
import { chooseLayer, chooseWhole, compareWithLayer } from '../../state/choosing.ts';
import { loadingJob } from '../../state/jobs.ts';
import { layerColour } from '../../state/layer-colours.ts';
import { selectedImage } from '../../state/selection.ts';
import { lineText, titleText } from '../../words/cut.ts';
import { words } from '../../words/index.ts';
import { useBreakdown } from '../breakdown/use-breakdown.ts';
import { CompareChain } from '../compare/compare-chain.tsx';
import head from '../pane-head.module.css';
import { NO_TOUCHES, type Touches, TouchGutter, TouchWords, touchesOf, touchTitle } from '../touches.tsx';
import { useApp } from '../use-app.ts';
import { useTheme } from '../use-theme.ts';
import styles from './chain-pane.module.css';
import { WholeRow } from './whole-row.tsx';

/** Height of the whole image's row, px. */
const WHOLE_HEIGHT = 62;

/** The whole image, and below it the layers as strata to scale, newest at the top. A bar shows each layer's exact share. */
export function ChainPane({ edge }: { edge: ReactNode }) {
  const archives = useApp((app) => app.archives);
  const selection = useApp((app) => app.selection);
  const found = selectedImage(archives ?? [], selection);
  if (found === null) return null;
  if (selection.mode === 'compare') return <CompareChain edge={edge} selection={selection} />;
  return (
    <Chain key={`${found.archive.archiveId}.${found.image.index}`} archiveId={found.archive.archiveId} image={found.image} edge={edge} />
  );
}

function Chain({ archiveId, image, edge }: { archiveId: string; image: ImageSummary; edge: ReactNode }) {
  const selection = useApp((app) => app.selection);
  const jobs = useApp((app) => app.jobs);
  const details = useApp((app) => app.details.details);
  const busy = image.loaded ? null : loadingJob(jobs, archiveId, image.index);
  const lines = useMemo(() => strata(image), [image]);
  const [unfolded, setUnfolded] = useState<ReadonlySet<string>>(new Set());
  const list = useRef<HTMLOListElement>(null);
  const room = useMeasured(list, heightOf, 600);
  const folds = lines.filter(({ kind }) => kind === 'empty').length;
  const heights = useMemo(() => {
    const layers = lines.flatMap((line) => (line.kind === 'layer' ? [line.layer] : []));
    const found = stratumHeights(
      layers.map((layer) => stratumBytes(layer, image.loaded)),
      room - folds * 17 - layers.length - 20 - WHOLE_HEIGHT,
    );
    return new Map(layers.map((layer, i) => [layer.index, found[i] ?? STRATUM_MIN]));
  }, [lines, image.loaded, room, folds]);
  const all = useMemo(() => image.layers.reduce((sum, layer) => sum + stratumBytes(layer, image.loaded), 0), [image]);
  const touches = useMemo(
    () => (details.state === 'ready' ? touchesOf(selection.path, details.value.history) : NO_TOUCHES),
    [selection.path, details],
  );
  const isWhole = selection.mode === 'image';
  const at = useMemo(
    () => (isWhole ? 0 : lines.findIndex((line) => line.kind === 'layer' && line.layer.index === selection.to)),
    [lines, isWhole, selection.to],
  );
  const span = useSpan(lines.length, at);
  /** Whether a key press selected a layer that wasn't drawn. */
  const wantsFocus = useRef(false);
  const dark = useTheme() === 'dark';
  const hasColours = selection.view === 'treemap' && (selection.mode !== 'layer' || selection.from !== selection.to);
  const colourOf = (layer: number) => (hasColours ? layerColour(layer, image.layers.length, dark).fill : null);

  /** A drawn line's position among all lines. The whole image's line is the first. */
  const placeOf = (drawn: number): Place =>
    span.isCut ? { 'aria-setsize': lines.length + 1, 'aria-posinset': span.first + drawn + 2 } : {};

  function onKeyDown(event: KeyboardEvent<HTMLOListElement>) {
    const step = { ArrowUp: 1, k: 1, ArrowDown: -1, j: -1 }[event.key];
    const count = image.layers.length;
    // The whole image is above the top layer.
    const from = isWhole ? count : (step ?? 0) > 0 ? selection.to : selection.from;
    const wanted = step !== undefined ? from + step : { Home: count, End: 0 }[event.key];
    if (wanted === undefined || count === 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    if (wanted >= count && event.shiftKey) return;
    const layer = Math.max(0, wanted);
    if (layer >= count) chooseWhole();
    else chooseLayer(layer, event.shiftKey);
    const stop = list.current?.querySelector<HTMLElement>(layer >= count ? '[data-whole]' : `[data-layer="${layer}"]`);
    stop?.focus();
    wantsFocus.current = stop === null && !event.shiftKey;
  }

  useEffect(() => {
    const stop = list.current?.querySelector<HTMLElement>(isWhole ? '[data-whole]' : `[data-layer="${selection.to}"]`) ?? null;
    if (!isWhole) stop?.scrollIntoView({ block: 'nearest' });
    // The focus follows when a key press selects another layer.
    const { activeElement } = document;
    const isOther = activeElement?.parentElement?.parentElement === list.current && !activeElement?.matches('[tabindex="0"]');
    if (isOther || wantsFocus.current) stop?.focus();
    wantsFocus.current = false;
  }, [isWhole, selection.to]);

  return (
    <section className={styles.pane} aria-label={words.chain.title} data-pane="chain">
      {edge}
      <header className={styles.head}>
        <div className={head.line}>
          <h2>{words.chain.title}</h2>
          <span className={`number ${head.end} ${styles.count}`}>{words.layers(image.layers.length)}</span>
        </div>
        <p className={styles.stored} title={words.sizes.stored.title}>
          <Stored image={image} />
        </p>
        {busy === null ? null : (
          <p className={styles.busy} role="status">
            {displayText(busy.phase)}…
          </p>
        )}
      </header>
      <ol
        className={styles.list}
        ref={list}
        aria-label={words.newestFirst}
        onKeyDown={onKeyDown}
        style={{ ['--digits' as string]: String(Math.max(0, image.layers.length - 1)).length }}
      >
        {image.layers.length === 0 ? null : <WholeRow image={image} lit={isWhole} />}
        <MoreItems as="li" left={span.before} onMore={span.onBefore} />
        {lines.slice(span.first, span.end).map((line, drawn) =>
          line.kind === 'empty' ? (
            <EmptyRun
              key={line.key}
              line={line}
              place={placeOf(drawn)}
              open={unfolded.has(line.key)}
              onToggle={() => {
                const next = new Set(unfolded);
                if (!next.delete(line.key)) next.add(line.key);
                setUnfolded(next);
              }}
            />
          ) : (
            <LayerStratum
              key={line.layer.index}
              layer={line.layer}
              step={line.step}
              place={placeOf(drawn)}
              archiveId={archiveId}
              image={image.index}
              all={all}
              count={image.layers.length}
              lines={lines.length}
              height={heights.get(line.layer.index) ?? STRATUM_MIN}
              colour={colourOf(line.layer.index)}
              loaded={image.loaded}
              lit={!isWhole && line.layer.index >= selection.from && line.layer.index <= selection.to}
              stop={!isWhole && line.layer.index === selection.to}
              stacked={selection.mode === 'stacked' && line.layer.index < selection.to}
              touches={touches}
            />
          ),
        )}
        <MoreItems as="li" left={span.after} onMore={span.onAfter} />
        {image.layers.length === 0 ? <li className={styles.none}>{words.chain.noLayers}</li> : null}
      </ol>
    </section>
  );
}

/** A line's position in a list that is drawn only in part. */
interface Place {
  readonly 'aria-setsize'?: number;
  readonly 'aria-posinset'?: number;
}

/** Bytes of the layers as the archive stores them: the download size, if all are compressed. */
function Stored({ image }: { image: ImageSummary }) {
  const bytes = image.layers.reduce((sum, { blobBytes }) => sum + blobBytes, 0);
  const isCompressed = image.layers.length > 0 && image.layers.every(({ compression }) => compression !== 'none');
  const text = isCompressed ? words.chain.toDownload : words.chain.stored;
  return phrase(text(<Size bytes={bytes} />));
}

const STATUS_WORDS: Partial<Record<LayerReport['status'], string>> = words.chain.status;

function LayerStratum({
  layer,
  step,
  place,
  archiveId,
  image,
  all,
  count,
  lines,
  height,
  colour,
  loaded,
  lit,
  stop,
  stacked,
  touches,
}: {
  layer: LayerReport;
  step: HistoryReport | null;
  place: Place;
  archiveId: string;
  image: number;
  /** Total bytes of all layers. */
  all: number;
  count: number;
  /** Number of lines of the chain. */
  lines: number;
  height: number;
  /** The layer's colour in the treemap; null unless a treemap coloured by layer is shown. */
  colour: string | null;
  loaded: boolean;
  lit: boolean;
  stop: boolean;
  stacked: boolean;
  touches: Touches;
}) {
  const command = shownCommand(layer.createdBy ?? step?.createdBy ?? null);
  const bytes = stratumBytes(layer, loaded);
  const broken = STATUS_WORDS[layer.status];
  const changes = layer.added + layer.modified + layer.removed;
  const tall = height >= STRATUM_TALL;
  const isEmptied = loaded && onlyRemoves(layer);
  const drawn = broken === undefined ? height : Math.max(height, STRATUM_TALL);
  const share = all === 0 ? 0 : bytes / all;
  return (
    <li
      {...place}
      className={`${styles.stratum} ${lit ? styles.lit : ''} ${stacked ? styles.under : ''} ${broken === undefined ? '' : styles.broken}`}
      // The tooltip isn't on the button, because screen readers would read it, command and all, after the button's name.
      title={`${command ?? words.commandUnknownTitle}\n${words.chain.sizeTitle(sizeTitle(bytes), share)}${touchTitle(touches, layer.index)}`}
      style={{
        ['--height' as string]: `${drawn}px`,
        ['--depth' as string]: count <= 1 ? 1 : layer.index / (count - 1),
        ...(colour === null ? {} : { background: colour }),
      }}
    >
      <button
        type="button"
        className={styles.button}
        data-layer={layer.index}
        aria-pressed={lit}
        tabIndex={stop ? 0 : -1}
        onClick={(event) => (event.altKey ? compareWithLayer(layer.index) : chooseLayer(layer.index, event.shiftKey))}
      >
        <TouchGutter touches={touches} layer={layer.index} />
        <span className={`number ${styles.index}`}>
          <span className="visually-hidden">{words.beforeNumber}</span>
          {layer.index}
        </span>
        <span className={styles.text}>
          <Command text={command} lines={commandLines(drawn)} among={lines} />
          {tall && loaded && broken === undefined ? (
            <span className={`${styles.counts} ${height >= STRATUM_ROOMY ? styles.roomy : ''}`}>
              <span className={styles.numbers}>{changes === 0 ? words.chain.noChanges : <Counts {...layer} />}</span>
              {layer.modified + layer.removed === 0 ? null : (
                <Hides archiveId={archiveId} image={image} layer={layer.index} over={isEmptied ? 0 : all * HIDES_MUCH} />
              )}
            </span>
          ) : null}
          {broken === undefined ? null : (
            <span className={styles.status}>
              <Icon name="warning" size={12} /> {broken}
            </span>
          )}
        </span>
        {!tall && isEmptied ? (
          <span className={styles.size}>
            <Counts {...layer} />
          </span>
        ) : null}
        <Size bytes={bytes} className={`${styles.size} ${!tall && isEmptied ? styles.afterCounts : ''}`} />
        <TouchWords touches={touches} layer={layer.index} />
      </button>
      {share === 0 ? null : <i className={styles.bar} style={{ width: `${share * 100}%` }} aria-hidden="true" />}
    </li>
  );
}

/** Minimum share of the image that a layer with files of its own must hide for the chain to mention it. */
const HIDES_MUCH = 0.01;

/** How much a layer hides in the layers below, if it is more than `over` bytes. */
function Hides({ archiveId, image, layer, over }: { archiveId: string; image: number; layer: number; over: number }) {
  const answer = useBreakdown({ archiveId, image }, { what: 'changes', from: layer, to: layer }, { limit: 1 });
  if (answer.state !== 'ready' || answer.value.hidesBytes <= over) return null;
  return (
    <>
      {' '}
      <span className={styles.hides}>{phrase(words.chain.hides(<Size bytes={answer.value.hidesBytes} />))}</span>
    </>
  );
}

/** Returns a step's command, cut to the maximum length of a tooltip, which is more than even the tallest stratum has space for. */
function shownCommand(createdBy: string | null): string | null {
  const command = wholeCommand(createdBy);
  return command === null ? null : titleText(command);
}

/** `lines`: how many there is space for; a longer command is cut. `among`: how many commands the list has. */
function Command({ text: whole, lines, among }: { text: string | null; lines: number; among: number }) {
  const text = whole === null ? null : lineText(whole, among);
  const parts = text === null ? null : splitVerb(text);
  return (
    <span className={`${styles.command} ${lines > 1 ? styles.wrap : ''}`} style={lines > 1 ? { ['--lines' as string]: lines } : undefined}>
      {text === null ? (
        <span className={styles.unknown}>{words.commandUnknown}</span>
      ) : parts === null ? (
        text
      ) : (
        <>
          <span className={styles.verb}>{parts.verb}</span> {parts.rest}
        </>
      )}
    </span>
  );
}

/** Returns the verbs of steps: ` (ENV, CMD)`. */
function verbsOf(commands: readonly string[]): string {
  const verbs = new Set(commands.map((command) => splitVerb(command)?.verb).filter((verb) => verb !== undefined));
  return verbs.size === 0 ? '' : ` (${titleText(words.list([...verbs].slice(0, MOST_VERBS)))})`;
}

/** Maximum number of steps in a tooltip, and of different verbs. Dockerfiles have fewer than 20 instructions. */
const MOST_STEPS = 100;
const MOST_VERBS = 20;

function stepsTitle(commands: readonly string[]): string {
  const title = titleText(commands.slice(0, MOST_STEPS).join('\n'));
  return commands.length <= MOST_STEPS ? title : `${title}\n${words.andMore(commands.length - MOST_STEPS)}`;
}

function EmptyRun({
  line: { steps },
  place,
  open,
  onToggle,
}: {
  line: Extract<Stratum, { kind: 'empty' }>;
  place: Place;
  open: boolean;
  onToggle: () => void;
}) {
  const commands = useMemo(() => steps.map((step) => shownCommand(step.createdBy) ?? words.commandUnknown), [steps]);
  return (
    <li className={styles.empty} {...place}>
      <button type="button" className={styles.fold} aria-expanded={open} title={stepsTitle(commands)} onClick={onToggle}>
        <Icon name={open ? 'chevronDown' : 'chevronRight'} size={10} />
        <span className={styles.command}>
          {words.chain.metadataSteps(steps.length)}
          {verbsOf([...commands].reverse())}
        </span>
      </button>
      {open ? (
        <ol className={styles.steps}>
          <FirstItems items={steps}>
            {(step, index) => (
              <li key={index} className={`${styles.step} selectable`} title={titleText(step.createdBy ?? '')}>
                <Command text={shownCommand(step.createdBy)} lines={1} among={steps.length} />
              </li>
            )}
          </FirstItems>
        </ol>
      ) : null}
    </li>
  );
}
