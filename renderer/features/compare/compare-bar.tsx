import { type ReactNode, useMemo } from 'react';
import { ALL_DIFFERENCES, countDifferences, DIFFERENCE_CLASS, differenceClass, type SubtreeTotals } from '#changes';
import type { ArchiveSummary, ConfigReport, ImageSummary } from '#contract';
import { type RowTable, TYPE } from '#model';
import { Button, IconButton } from '../../components/button.tsx';
import { Counts } from '../../components/mark.tsx';
import { MenuButton } from '../../components/menu.tsx';
import { MiddleText } from '../../components/middle-text.tsx';
import { phrase } from '../../components/phrase.tsx';
import { sideLetter } from '../../components/side-letter.ts';
import { Size } from '../../components/size.tsx';
import { setLayout } from '../../state/app-state.ts';
import { plainCommand } from '../../state/chain.ts';
import type { ChangesState } from '../../state/changes/changes.ts';
import { wholeTotals } from '../../state/changes/table-facts.ts';
import { chooseSideB, compareWith, swapSides } from '../../state/choosing.ts';
import { copyText } from '../../state/clipboard.ts';
import { sideBytes, sideScope, signedSize, textReport } from '../../state/compare.ts';
import { startExport } from '../../state/exporting.ts';
import { imageTitle, lastPart } from '../../state/library.ts';
import { toast } from '../../state/messages.ts';
import { apartFrom, choiceDetail, distinctFrom, withApart } from '../../state/same-names.ts';
import type { Selection, Side } from '../../state/selection.ts';
import { words } from '../../words/index.ts';
import { formatSize, unitOfBoth } from '../../words/numbers.ts';
import { useBreakdown } from '../breakdown/use-breakdown.ts';
import { Net } from '../net.tsx';
import { useApp } from '../use-app.ts';
import styles from './compare-bar.module.css';
import { findSide, Growth, growthOf, HiddenCulprit, wholeImage } from './compare-growth.tsx';
import { ConfigDiff, useConfigReport } from './config-diff.tsx';

const DIFFERENCES = ['content', 'metadata', 'time'] as const;

/** Both sides, each with menus for its image and layer, their sizes, and how their configs differ. */
export function CompareBar({ state, selection, outcome }: { state: ChangesState; selection: Selection; outcome: ReactNode }) {
  const archives = useApp((app) => app.archives) ?? [];
  const open = useApp((app) => app.layout.configOpen);
  const { against, archiveId, image, to, since } = selection;
  const config = useConfigReport(against ?? null, archiveId === null ? null : { archiveId, image, layer: to, since });
  if (against === undefined || archiveId === null) return null;
  const b = { archiveId, image, layer: to, since };
  const ready = state.status === 'ready';
  const copy = async () => {
    const { table } = state;
    if (table === null) return;
    const titles = { titleA: sideTitle(archives, against, b), titleB: sideTitle(archives, b, against) };
    if (await copyText(textReport(table, { ...titles, configs: config?.differences ?? [] }))) toast(words.compare.reportCopied);
  };
  return (
    <div className={styles.bar}>
      <div className={styles.sides}>
        <SideChoice name="A" side={against} other={b} archives={archives} onChoose={(side) => compareWith(side)} />
        <IconButton small label={words.compare.swap} keys="x" icon="swap" onPress={swapSides} />
        <SideChoice name="B" side={b} other={against} archives={archives} onChoose={chooseSideB} />
      </div>
      <div className={styles.sumsLine}>
        <div className={styles.sums}>
          <Sums state={state} a={against} b={b} config={config} />
          {config === null || config.total === 0 ? null : (
            <Button
              kind="quiet"
              icon={open ? 'chevronDown' : 'chevronRight'}
              expanded={open}
              onPress={() => setLayout({ configOpen: !open })}
            >
              {words.compare.fieldsDiffer(config.total)}
            </Button>
          )}
          {outcome}
        </div>
        <span className={styles.actions}>
          <IconButton small label={words.compare.copyReport} icon="copy" disabled={!ready} onPress={() => void copy()} />
          <IconButton
            small
            label={words.compare.save}
            icon="save"
            disabled={!ready}
            onPress={() => void startExport({ what: 'comparison', a: against, b })}
          />
        </span>
      </div>
      <HiddenCulprit a={against} b={b} />
      {config === null || config.total === 0 || !open ? null : <ConfigDiff report={config} />}
    </div>
  );
}

/** How much whole images differ, or else the sizes of both filesystems; then how many paths differ, and the bytes of the files that do. */
function Sums({ state, a, b, config }: { state: ChangesState; a: Side; b: Side; config: ConfigReport | null }) {
  const archives = useApp((app) => app.archives) ?? [];
  const { table, totals } = state;
  const differing = useMemo(() => (table === null || totals === null ? null : differingBytes(table, totals)), [table, totals]);
  const counts = useMemo(() => (table === null || totals === null ? null : wholeTotals(table, totals)), [table, totals]);
  const classes = useMemo(() => (table === null ? null : countDifferences(table)), [table]);
  const shown = state.filter.differences ?? ALL_DIFFERENCES;
  const files = useMemo(() => (table === null ? 0 : differingFiles(table, shown)), [table, shown]);
  const [bytesA, bytesB] = [useSideBytes(archives, a), useSideBytes(archives, b)];
  const grown = growthOf(archives, a, b);
  if (differing === null || counts === null || classes === null) return null;
  // Count modified paths as they are listed: without the paths whose chip is off.
  const left = DIFFERENCES.reduce((sum, name) => ((shown & DIFFERENCE_CLASS[name]) === 0 ? sum + classes[name] : sum), 0);
  const timeOnly = (shown & DIFFERENCE_CLASS.time) === 0 ? classes.time : 0;
  if (state.total === 0 && state.status === 'ready') {
    const isSame = config?.compared && config.total === 0 && grown === null;
    return (
      <>
        <strong>{isSame ? words.compare.identical : words.compare.filesIdentical}</strong>
        {grown === null ? null : <Growth measures={grown} />}
      </>
    );
  }
  return (
    <>
      {grown !== null ? <Growth measures={grown} /> : bytesA === null || bytesB === null ? null : <BothSums a={bytesA} b={bytesB} />}
      {bytesA !== bytesB || bytesA === null || files === 0 ? null : <strong>{words.compare.filesOfSameSize(files)}</strong>}
      <span title={words.compare.differing(formatSize(differing.before), formatSize(differing.now))}>
        <Counts {...counts} modified={counts.modified - left} />
        {timeOnly === 0 ? null : <span className="number"> {words.compare.timeOnly(timeOnly)}</span>}
      </span>
    </>
  );
}

/** Returns the bytes of the files that a side shows; null until they are known. A whole image's are in its summary. */
function useSideBytes(archives: readonly ArchiveSummary[], side: Side): number | null {
  const image = findSide(archives, side)?.image;
  const whole = wholeImage(archives, side);
  const answer = useBreakdown(side, sideScope(side), { limit: 1, isWanted: image?.loaded === true && whole === null });
  if (whole !== null) return whole.totals.finalBytes;
  return answer.state === 'ready' ? answer.value.bytes : null;
}

/** `A 5.668 MB → B 5.700 MB (+32.4 kB)`, with as many digits as it takes to distinguish the sizes. */
function BothSums({ a, b }: { a: number; b: number }) {
  const unit = unitOfBoth(a, b);
  return (
    <span title={words.compare.bytesOfWhole}>
      {phrase(words.compare.sums(<Size bytes={a} unit={unit} />, <Size bytes={b} unit={unit} />))}
      {a === b ? null : (
        <strong>
          {' '}
          <Net bytes={b - a}>{words.compare.more(signedSize(b - a))}</Net>
        </strong>
      )}
    </span>
  );
}

/** Counts the files that both sides have and that differ in any of the ways `shown`, given as bits of `DIFFERENCE_CLASS`. */
function differingFiles(table: RowTable, shown: number): number {
  let files = 0;
  for (let row = 0; row < table.length; row++) {
    const type = table.type[row];
    if ((type === TYPE.file || type === TYPE.hardlink) && (differenceClass(table, row) & shown) !== 0) files++;
  }
  return files;
}

function differingBytes(table: RowTable, totals: SubtreeTotals): { readonly before: number; readonly now: number } {
  const sides = sideBytes(table);
  let before = 0;
  let now = 0;
  for (let row = 0; row < table.length; row = table.subtreeEnd[row] as number) {
    before += sides.before[row] as number;
    now += totals.size[row] as number;
  }
  return { before, now };
}

/**
 * Returns `web-api:1.8 at layer 3`, or just `web-api:1.8` for the top layer. For a range of layers, returns `layers 2–3 alone of
 * web-api:1.8`.
 */
function sideTitle(archives: readonly ArchiveSummary[], side: Side, other: Side): string {
  const found = findSide(archives, side);
  if (found === null) return words.compare.closed;
  const top = side.layer >= found.image.layers.length - 1;
  const title = withApart(imageTitle(found.archive, found.image), apartFromSide(archives, found, other));
  if (side.since !== undefined) return words.compare.aloneOf(side.since, side.layer, title);
  return top ? title : words.compare.atLayer(title, side.layer);
}

/** Returns what distinguishes a side's image from the other side's, if they are shown under the same name. */
function apartFromSide(archives: readonly ArchiveSummary[], found: NonNullable<ReturnType<typeof findSide>>, other: Side): string | null {
  const otherFound = findSide(archives, other);
  return otherFound === null ? null : apartFrom(archives, found, otherFound);
}

function SideChoice({
  name,
  side,
  other,
  archives,
  onChoose,
}: {
  name: 'A' | 'B';
  side: Side;
  other: Side;
  archives: readonly ArchiveSummary[];
  onChoose: (side: Side) => void;
}) {
  const found = findSide(archives, side);
  if (found === null) return <span className={styles.side}>{words.compare.sideClosed(name)}</span>;
  const apart = apartFromSide(archives, found, other);
  const title = withApart(imageTitle(found.archive, found.image), apart);
  const shown = withApart(lastPart(imageTitle(found.archive, found.image)), apart);
  const otherFound = findSide(archives, other);
  const otherShown = otherFound === null ? '' : lastPart(imageTitle(otherFound.archive, otherFound.image));
  const top = found.image.layers.length - 1;
  const layers =
    side.since !== undefined
      ? words.compare.alone(side.since, side.layer)
      : side.layer === top
        ? words.compare.wholeImage
        : words.layer(side.layer);
  const isWhole = side.since === undefined && side.layer === top;
  const images = archives.flatMap((archive) => archive.images.map((each) => ({ archive, image: each })));
  const idOf = (archive: ArchiveSummary, image: ImageSummary) => `${archive.archiveId}/${image.index}`;
  const chooseImage = (id: string) => {
    const chosen = images.find((each) => idOf(each.archive, each.image) === id);
    if (chosen === undefined) return;
    onChoose({ archiveId: chosen.archive.archiveId, image: chosen.image.index, layer: Math.max(0, chosen.image.layers.length - 1) });
  };
  return (
    <span className={`${styles.side} ${isWhole || side.since !== undefined ? '' : styles.atLayer}`}>
      <span className={`${sideLetter(name)} ${styles.letter}`} aria-hidden="true">
        {name}
      </span>
      <MenuButton
        quiet
        label={words.compare.sideImage(name, title)}
        selected={idOf(found.archive, found.image)}
        choices={images.map((each) => ({
          id: idOf(each.archive, each.image),
          label: imageTitle(each.archive, each.image),
          detail: choiceDetail(archives, each),
        }))}
        onChoose={chooseImage}
      >
        <MiddleText className={styles.title} text={shown} title={title} tailAt={distinctFrom(shown, otherShown)} />
      </MenuButton>
      <MenuButton
        quiet
        label={words.compare.sideLayer(name, layers)}
        selected={side.since === undefined ? String(side.layer) : `since ${side.since}`}
        choices={layerChoices(found.image, side)}
        onChoose={(id) => onChoose(withLayer(side, id))}
      >
        {/* CSS draws a shorter word where the full one doesn't fit; the accessible name has the full one anyway. */}
        {isWhole ? <span className={styles.short} aria-hidden="true" data-text={words.compare.whole} /> : null}
        <span className={`number ${styles.layer} ${isWhole ? styles.whole : ''}`}>{layers}</span>
      </MenuButton>
    </span>
  );
}

/**
 * Returns the choices for a side: the filesystem at each layer, newest first, then ranges of layers that end at the selected one. A range
 * that starts at the bottom leaves nothing out. It equals the filesystem at its end, so it is only offered if it is the current choice.
 */
function layerChoices({ layers }: ImageSummary, side: Side) {
  const top = layers.length - 1;
  const detail = (createdBy: string | null) => plainCommand(createdBy) ?? '';
  const stacks = layers.map(({ index, createdBy }) => ({
    id: String(index),
    label: index === top ? words.compare.wholeImageAt(index) : words.layerTitle(index),
    detail: detail(createdBy),
  }));
  const lowest = side.layer === 0 || side.since === 0 ? 0 : 1;
  const alone = layers.slice(lowest, side.layer + 1).map(({ index, createdBy }) => ({
    id: `since ${index}`,
    label: words.compare.aloneTitle(index, side.layer),
    detail: index === side.layer ? detail(createdBy) : index === 0 ? undefined : words.compare.withoutLower,
  }));
  return [...stacks.reverse(), ...alone.reverse()];
}

function withLayer({ since: _, ...side }: Side, id: string): Side {
  const since = /^since (\d+)$/.exec(id)?.[1];
  return since === undefined ? { ...side, layer: Number(id) } : { ...side, since: Number(since) };
}

/** Bars for a row's bytes in A and in B, at the same scale. */
export function SideBars({ before, now, largest }: { before: number; now: number; largest: number }) {
  if (before <= 0 && now <= 0) return null;
  const width = (bytes: number) => (bytes <= 0 ? 0 : Math.max(1.5, (bytes / largest) * 100));
  return (
    <span className={styles.rowBars} title={words.compare.bytesOfSides(before, now)}>
      <i className={styles.barA} style={{ width: `${width(before)}%` }} />
      <i className={styles.barB} style={{ width: `${width(now)}%` }} />
    </span>
  );
}
