import { useMemo, useState } from 'react';
import type { ArchiveSummary, ImageSummary } from '#contract';
import { formatCount } from '#model';
import { Button, IconButton } from '../../components/button.tsx';
import { copyText } from '../../components/clipboard.ts';
import { MenuButton } from '../../components/menu.tsx';
import { Size } from '../../components/size.tsx';
import { plainCommand } from '../../state/chain.ts';
import type { ChangesState } from '../../state/changes/changes.ts';
import { chooseSideB, compareWith, swapSides } from '../../state/choosing.ts';
import { type SideBytes, sideBytes, signedSize, textReport } from '../../state/compare.ts';
import { startExport } from '../../state/exporting.ts';
import { imageTitle, lastPart } from '../../state/library.ts';
import { toast } from '../../state/messages.ts';
import { type Selection, type Side, selectedImage } from '../../state/selection.ts';
import { countOf, WORDS } from '../../state/words.ts';
import { useApp } from '../use-app.ts';
import styles from './compare-bar.module.css';
import { ConfigDiff, useConfigReport } from './config-diff.tsx';

/** Both sides, each with menus for its image and layer, and the sums of what differs. */
export function CompareBar({ state, selection }: { state: ChangesState; selection: Selection }) {
  const archives = useApp((app) => app.archives) ?? [];
  const { against, archiveId, image, to, since } = selection;
  if (against === undefined || archiveId === null) return null;
  const b = { archiveId, image, layer: to, since };
  return (
    <div className={styles.bar}>
      <div className={styles.sides}>
        <SideChoice name="A" side={against} archives={archives} onChoose={(side) => compareWith(side)} />
        <IconButton small label="Swap sides" keys="x" icon="swap" onPress={swapSides} />
        <SideChoice name="B" side={b} archives={archives} onChoose={chooseSideB} />
      </div>
      <Sums state={state} a={against} b={b} titleA={sideTitle(archives, against)} titleB={sideTitle(archives, b)} />
    </div>
  );
}

/** `web-api:1.8 at layer 3`, without the layer if it is the top one; `layers 2–3 alone of web-api:1.8`. */
function sideTitle(archives: readonly ArchiveSummary[], side: Side): string {
  const found = findSide(archives, side);
  if (found === null) return 'closed';
  const top = side.layer >= found.image.layers.length - 1;
  if (side.since !== undefined) return `${layersAlone(side)} of ${imageTitle(found.archive, found.image)}`;
  return `${imageTitle(found.archive, found.image)}${top ? '' : ` at layer ${side.layer}`}`;
}

/** `layer 3 alone`, `layers 2–3 alone` */
function layersAlone({ layer, since = 0 }: Side): string {
  return `${since === layer ? `layer ${layer}` : `layers ${since}–${layer}`} alone`;
}

function findSide(archives: readonly ArchiveSummary[], { archiveId, image }: Side) {
  return selectedImage(archives, { archiveId, image, from: 0, to: 0, mode: 'layer', path: null });
}

function SideChoice({
  name,
  side,
  archives,
  onChoose,
}: {
  name: 'A' | 'B';
  side: Side;
  archives: readonly ArchiveSummary[];
  onChoose: (side: Side) => void;
}) {
  const found = findSide(archives, side);
  if (found === null) return <span className={styles.side}>{name}: closed</span>;
  const title = imageTitle(found.archive, found.image);
  const top = found.image.layers.length - 1;
  const words = side.since !== undefined ? layersAlone(side) : side.layer === top ? 'whole image' : `layer ${side.layer}`;
  const images = archives.flatMap((archive) => archive.images.map((each) => ({ archive, image: each })));
  const idOf = (archive: ArchiveSummary, image: ImageSummary) => `${archive.archiveId}/${image.index}`;
  const chooseImage = (id: string) => {
    const chosen = images.find((each) => idOf(each.archive, each.image) === id);
    if (chosen === undefined) return;
    onChoose({ archiveId: chosen.archive.archiveId, image: chosen.image.index, layer: Math.max(0, chosen.image.layers.length - 1) });
  };
  return (
    <span className={styles.side}>
      <span className={`${styles.letter} ${styles[name]}`} aria-hidden="true">
        {name}
      </span>
      <MenuButton
        quiet
        label={`Side ${name}: ${title}`}
        selected={idOf(found.archive, found.image)}
        choices={images.map((each) => ({
          id: idOf(each.archive, each.image),
          label: imageTitle(each.archive, each.image),
          detail: each.image.platform === 'unknown' ? undefined : each.image.platform,
        }))}
        onChoose={chooseImage}
      >
        <span className={styles.title} title={title}>
          {lastPart(title)}
        </span>
      </MenuButton>
      <MenuButton
        quiet
        label={`Layer of side ${name}: ${words}`}
        selected={side.since === undefined ? String(side.layer) : `since ${side.since}`}
        choices={layerChoices(found.image, side)}
        onChoose={(id) => onChoose(withLayer(side, id))}
      >
        <span className="number">{words}</span>
      </MenuButton>
    </span>
  );
}

/** The filesystem at each layer, the newest first; then the layers up to the selected one without those below. */
function layerChoices({ layers }: ImageSummary, side: Side) {
  const top = layers.length - 1;
  const detail = (createdBy: string | null) => (plainCommand(createdBy) ?? '').slice(0, 60);
  const stacks = layers.map(({ index, createdBy }) => ({
    id: String(index),
    label: index === top ? `Layer ${index}, the whole image` : `Layer ${index}`,
    detail: detail(createdBy),
  }));
  const alone = layers.slice(0, side.layer + 1).map(({ index, createdBy }) => ({
    id: `since ${index}`,
    label: layersAlone({ ...side, since: index }).replace(/^l/, 'L'),
    detail: index === side.layer ? detail(createdBy) : 'without lower layers',
  }));
  return [...stacks.reverse(), ...alone.reverse()];
}

function withLayer({ since: _, ...side }: Side, id: string): Side {
  const since = /^since (\d+)$/.exec(id)?.[1];
  return since === undefined ? { ...side, layer: Number(id) } : { ...side, since: Number(since) };
}

function Sums({ state, a, b, titleA, titleB }: { state: ChangesState; a: Side; b: Side; titleA: string; titleB: string }) {
  const { table, totals } = state;
  const config = useConfigReport(a, b);
  const [configOpen, setConfigOpen] = useState(false);
  const sums = useMemo(() => {
    if (table === null || totals === null) return null;
    const sides = sideBytes(table);
    let before = 0;
    let now = 0;
    for (let row = 0; row < table.length; row = table.subtreeEnd[row] as number) {
      before += sides.before[row] as number;
      now += totals.size[row] as number;
    }
    return { before, now };
  }, [table, totals]);
  if (table === null || sums === null) return null;
  const largest = Math.max(sums.before, sums.now, 1);
  const copy = async () => {
    if (await copyText(textReport(table, { titleA, titleB, configs: config?.differences ?? [] }))) toast('Report copied');
  };
  return (
    <>
      <div className={styles.sums}>
        {state.total === 0 && state.status === 'ready' ? (
          <span>{config?.compared && config.total === 0 ? 'Identical' : 'Files identical'}</span>
        ) : (
          <>
            <span className={styles.twoBars} aria-hidden="true">
              <i className={styles.barA} style={{ width: `${(sums.before / largest) * 100}%` }} />
              <i className={styles.barB} style={{ width: `${(sums.now / largest) * 100}%` }} />
            </span>
            <span>
              differing files: A <Size bytes={sums.before} />, B <Size bytes={sums.now} />
            </span>
            <strong className="number">net {signedSize(sums.now - sums.before)}</strong>
          </>
        )}
        {config === null || config.total === 0 ? null : (
          <Button
            kind="quiet"
            icon={configOpen ? 'chevronDown' : 'chevronRight'}
            expanded={configOpen}
            onPress={() => setConfigOpen(!configOpen)}
          >
            {`Config: ${countOf(config.total, 'field differs', 'fields differ')}`}
          </Button>
        )}
        <span className={styles.actions}>
          <Button kind="quiet" icon="copy" disabled={state.status !== 'ready'} onPress={() => void copy()}>
            Copy report
          </Button>
          <Button
            kind="quiet"
            icon="save"
            disabled={state.status !== 'ready'}
            onPress={() => void startExport({ what: 'comparison', a, b })}
          >
            {WORDS.saveComparison}
          </Button>
        </span>
      </div>
      {config === null || config.total === 0 || !configOpen ? null : <ConfigDiff report={config} />}
    </>
  );
}

/** Bars for a row's bytes in A and in B, on one scale. */
export function SideBars({ before, now, largest }: { before: number; now: number; largest: number }) {
  if (before <= 0 && now <= 0) return null;
  const width = (bytes: number) => (bytes <= 0 ? 0 : Math.max(1.5, (bytes / largest) * 100));
  return (
    <span className={styles.rowBars} title={`A ${formatCount(before)} bytes, B ${formatCount(now)} bytes`}>
      <i className={styles.barA} style={{ width: `${width(before)}%` }} />
      <i className={styles.barB} style={{ width: `${width(now)}%` }} />
    </span>
  );
}

/** How many more bytes B has. */
export function NetCell({ sides, row }: { sides: SideBytes; row: number }) {
  const bytes = sides.net[row] as number;
  if (bytes === 0) return <span />;
  return (
    <span className={`number ${bytes > 0 ? styles.more : styles.less}`} title={`${formatCount(bytes)} bytes`}>
      {signedSize(bytes)}
    </span>
  );
}
