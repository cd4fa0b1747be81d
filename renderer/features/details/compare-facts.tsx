import type { ReactNode } from 'react';
import type { ArchiveSummary, ImageSummary } from '#contract';
import { displayText, type LayerReport } from '#model';
import { BreakableName } from '../../components/breakable.tsx';
import { Size } from '../../components/size.tsx';
import { createdAt, plainCommand } from '../../state/chain.ts';
import { partingFrom } from '../../state/details/parted.ts';
import { timeText } from '../../state/details/time-text.ts';
import { imageTitle } from '../../state/library.ts';
import { archiveLabel } from '../../state/same-names.ts';
import { type Selection, type Side, selectedImage } from '../../state/selection.ts';
import { imageSizes, sizeLines } from '../../state/sizes.ts';
import { words } from '../../words/index.ts';
import { unitOfBoth } from '../../words/numbers.ts';
import { Net } from '../net.tsx';
import { useApp } from '../use-app.ts';
import styles from './compare-facts.module.css';
import { Section } from './facts.tsx';
import { Versions } from './versions.tsx';

/** One side of a comparison. */
interface Known {
  readonly archive: ArchiveSummary;
  readonly image: ImageSummary;
  readonly layer: LayerReport | null;
}

/** The images and layers of both sides of a comparison, with each fact for A and for B. */
export function CompareFacts({ selection }: { selection: Selection }) {
  const archives = useApp((app) => app.archives) ?? [];
  const { against, archiveId, image, to } = selection;
  if (against === undefined || archiveId === null) return null;
  const [a, b] = [knownOf(archives, against), knownOf(archives, { archiveId, image, layer: to })];
  const both = [a, b] as const;
  const { labels } = words.details;
  const ofImage = (of: (known: Known) => ReactNode | null) => both.map((known) => (known === null ? null : of(known)));
  const ofLayer = (of: (layer: LayerReport, known: Known) => ReactNode | null) =>
    both.map((known) => (known?.layer ? of(known.layer, known) : null));
  const areWhole = both.every(isWhole);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard, and has no controls
    <section className={styles.body} tabIndex={0} aria-label={words.compare.facts}>
      <Section title={words.details.image}>
        <Table>
          <Fact label={labels.name} values={ofImage(({ archive, image: each }) => imageTitle(archive, each))} isName />
          <Fact label={labels.archive} values={ofImage(({ archive }) => archiveLabel(archives, archive))} />
          <Fact
            label={labels.platform}
            values={ofImage(({ image: each }) => (each.platform === 'unknown' ? null : displayText(each.platform)))}
          />
          <Sizes
            sides={both}
            sizes={[
              { label: words.sizes.files, of: ({ image: each }) => (each.loaded ? each.totals.fileBytes : null) },
              { label: words.sizes.unpacked, of: ({ image: each }) => (each.loaded ? imageSizes(each).unpacked : null) },
              { label: words.sizes.stored, of: ({ image: each }) => imageSizes(each).stored },
            ]}
          />
          <Bytes
            label={labels.visible}
            title={words.details.visibleTitle}
            sides={both}
            of={({ image: each }) => (each.loaded ? each.totals.finalBytes : null)}
          />
          <Bytes
            label={labels.hidden}
            title={words.details.hiddenTitle}
            sides={both}
            of={({ image: each }) => (each.loaded ? each.totals.wastedBytes : null)}
          />
          <Digest label={labels.config} values={both.map((known) => known?.image.configDigest ?? null)} />
          <Digest label={labels.manifest} values={both.map((known) => known?.image.manifestDigest ?? null)} />
        </Table>
      </Section>
      {areWhole && !isSameStep(a, b) ? null : (
        <Section title={areWhole ? words.details.topLayer : words.details.layer}>
          <Table>
            <Fact label={words.details.number} values={ofLayer(({ index }) => String(index))} />
            <Fact label={words.details.command} mono values={ofLayer(({ createdBy }) => plainCommand(createdBy))} />
            <Fact
              label={labels.created}
              values={ofLayer((each, known) => {
                const time = createdAt(known.image, each.index);
                return time === null ? null : timeText(time, 'minute');
              })}
            />
            <Sizes
              sides={both}
              sizes={[
                { label: words.sizes.files, of: ({ image: each, layer: of }) => (each.loaded ? (of?.fileBytes ?? null) : null) },
                { label: words.sizes.stored, of: (known) => known.layer?.blobBytes ?? null },
              ]}
            />
            <Digest label={labels.digest} values={both.map((known) => known?.layer?.digest ?? null)} />
            <Digest label={labels.diffId} values={both.map((known) => known?.layer?.diffId ?? null)} />
            <Digest
              label={labels.chainId}
              values={both.map((known) => (known?.layer ? (known.image.chainIds[known.layer.index] ?? null) : null))}
            />
          </Table>
        </Section>
      )}
    </section>
  );
}

/** Whether a side is a whole image: the filesystem at its top layer. */
function isWhole(known: Known | null): boolean {
  return known?.layer?.index === (known?.image.layers.length ?? 0) - 1;
}

/** Whether both layers are the same step of a build. The differences between any other two layers say nothing about the images. */
function isSameStep(a: Known | null, b: Known | null): boolean {
  const [one, other] = [a?.layer, b?.layer];
  return one != null && other != null && one.index === other.index && one.createdBy === other.createdBy;
}

function knownOf(archives: readonly ArchiveSummary[], { archiveId, image, layer }: Side): Known | null {
  const found = selectedImage(archives, { archiveId, image, from: layer, to: layer, mode: 'layer', path: null });
  return found === null ? null : { ...found, layer: found.image.layers[layer] ?? null };
}

function Table({ children }: { children: ReactNode }) {
  return (
    <table className={`${styles.table} selectable`}>
      <tbody>{children}</tbody>
    </table>
  );
}

/** One line; nothing if neither side has a value. Equal values are shown once, for both sides. */
function Fact({
  label,
  title,
  values,
  mono = false,
  isName = false,
}: {
  label: string;
  title?: string;
  values: readonly ReactNode[];
  mono?: boolean;
  /** Whether the values are image names. */
  isName?: boolean;
}) {
  const [a = null, b = null] = values;
  const shown = (value: ReactNode) => (isName && typeof value === 'string' ? <BreakableName text={value} /> : value);
  if (a === null && b === null) return null;
  const none = <span className={styles.same}>{words.details.notSpecified}</span>;
  return (
    <tr>
      <th scope="row" className={styles.label} title={title}>
        {label}
      </th>
      <td className={mono ? styles.mono : ''}>
        {a === b ? (
          <>
            {shown(a)} <span className={styles.same}>{words.compare.both}</span>
          </>
        ) : (
          <Versions before={shown(a) ?? none} now={shown(b) ?? none} />
        )}
      </td>
    </tr>
  );
}

interface SizeOf {
  readonly label: { readonly label: string; readonly title: string };
  readonly of: (known: Known) => number | null;
}

/** One line per size. A size that equals the one above to the byte, on both sides, shares its line. */
function Sizes({ sides, sizes }: { sides: readonly (Known | null)[]; sizes: readonly SizeOf[] }) {
  const bytesOf = ({ of }: SizeOf) => sides.map((known) => (known === null ? null : of(known)));
  return sizeLines(sizes, bytesOf).map((line) => {
    const [first, ...same] = line;
    const label = [first.label.label, ...same.map((each) => each.label.label.toLowerCase())].join(', ');
    return <Bytes key={label} label={label} title={line.map((each) => each.label.title).join('\n')} sides={sides} of={first.of} />;
  });
}

function Bytes({
  label,
  title,
  sides,
  of,
}: {
  label: string;
  title: string;
  sides: readonly (Known | null)[];
  of: (known: Known) => number | null;
}) {
  const [a = null, b = null] = sides.map((known) => (known === null ? null : of(known)));
  const unit = a === null || b === null ? null : unitOfBoth(a, b);
  const first = a === null ? null : <Size bytes={a} unit={unit} />;
  const second =
    b === null ? null : (
      <>
        <Size bytes={b} unit={unit} />
        {a === null ? null : (
          <span className={styles.net}>
            <Net bytes={b - a} />
          </span>
        )}
      </>
    );
  return <Fact label={label} title={title} values={[first, a === b ? first : second]} />;
}

/** Number of digits that certainly fit on a line. */
const SURE_DIGITS = 4;

/** Digests, with as many digits as fit. If the first digits are equal, they start where they differ. */
function Digest({ label, values }: { label: string; values: readonly (string | null)[] }) {
  const [a = null, b = null] = values;
  // Leave out the algorithm if both digests have the same, because it would take space from the digits.
  const algorithm = a === null || b === null || a.split(':', 1)[0] === b.split(':', 1)[0] ? (a ?? b ?? '').indexOf(':') + 1 : 0;
  const from = a === null || b === null ? 0 : partingFrom(a.slice(algorithm), b.slice(algorithm), SURE_DIGITS);
  const short = (digest: string | null) => {
    if (digest === null) return null;
    const text = displayText(digest);
    return (
      <span className={styles.digest} title={text}>
        <span className="visually-hidden">{text.slice(0, algorithm + from)}</span>
        {from === 0 ? null : <span className={styles.left} />}
        {text.slice(algorithm + from)}
      </span>
    );
  };
  const first = short(a);
  return <Fact label={label} mono values={[first, a === b ? first : short(b)]} />;
}
