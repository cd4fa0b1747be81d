import type { ArchiveSummary, ImageSummary } from '#contract';
import { displayText, type LayerReport } from '#model';
import { BreakableName } from '../../components/breakable.tsx';
import { FirstItems } from '../../components/first-items.tsx';
import { Icon } from '../../components/icons.tsx';
import { Counts } from '../../components/mark.tsx';
import { MenuButton } from '../../components/menu.tsx';
import { MiddleText } from '../../components/middle-text.tsx';
import { Size, sizeTitle } from '../../components/size.tsx';
import { createdAt, plainCommand, wholeCommand } from '../../state/chain.ts';
import { chooseLayer } from '../../state/choosing.ts';
import { timeText } from '../../state/details/time-text.ts';
import { startExport } from '../../state/exporting.ts';
import { fullName, imageTitle } from '../../state/library.ts';
import type { Selection } from '../../state/selection.ts';
import { imageSizes, sizeLines } from '../../state/sizes.ts';
import { storeTitle } from '../../state/stores/stores.ts';
import { drawnText, lineText, titleText } from '../../words/cut.ts';
import { words } from '../../words/index.ts';
import { formatSize } from '../../words/numbers.ts';
import { CopyButton } from '../copy-button.tsx';
import { useApp } from '../use-app.ts';
import { Fact, Facts, Section } from './facts.tsx';
import { ImageActions } from './image-actions.tsx';
import { ImageConfig, ImageHistory } from './image-config.tsx';
import styles from './layer-facts.module.css';
import { StatedSection } from './stated-section.tsx';

/** The selected layer or range, and its image. */
export function LayerFacts({ archive, image, selection }: { archive: ArchiveSummary; image: ImageSummary; selection: Selection }) {
  const lit = image.layers.slice(selection.from, selection.to + 1);
  const [only] = lit;
  return (
    <div className={styles.body}>
      {selection.mode === 'image' ? null : lit.length === 1 && only !== undefined ? (
        <OneLayer archiveId={archive.archiveId} image={image} layer={only} />
      ) : (
        <Range layers={lit} selection={selection} />
      )}
      <ImageFacts archive={archive} image={image} />
      {archive.format === 'layer' ? null : <ImageConfig archiveId={archive.archiveId} image={image.index} />}
      <StatedSection archive={archive} image={image} />
      <ImageHistory image={image} />
    </div>
  );
}

function OneLayer({ archiveId, image, layer }: { archiveId: string; image: ImageSummary; layer: LayerReport }) {
  const command = layer.createdBy ?? null;
  const time = createdAt(image, layer.index);
  const chainId = image.chainIds[layer.index] ?? null;
  // A missing blob may have a size in its descriptor, but its compression is unknown.
  const isHere = layer.status === 'present' || layer.status === 'damaged';
  const isRead = image.loaded && layer.status === 'present';
  return (
    <Section title={words.layerTitle(layer.index)}>
      {command === null ? (
        <p className={styles.quiet}>{words.details.noCommand}</p>
      ) : (
        <div className={styles.commandBox}>
          <pre className={`${styles.command} selectable`}>{plainLines(command)}</pre>
          <CopyButton className={styles.copy} label={words.details.copyCommand} hasLines text={command} />
        </div>
      )}
      <Facts>
        {layer.status === 'present' ? null : <Fact label={words.details.labels.state}>{words.details.status[layer.status]}</Fact>}
        {isRead ? (
          <>
            {layer.listedBy === 'toc' ? <Fact label={words.details.labels.listed}>{words.details.listedByToc}</Fact> : null}
            <Fact label={words.details.labels.changes}>
              {layer.added + layer.modified + layer.removed === 0 ? (
                <span className={styles.quiet}>{words.details.none}</span>
              ) : (
                <Counts {...layer} />
              )}
            </Fact>
          </>
        ) : null}
        <SizeFacts
          sizes={[
            isRead ? { of: 'files', bytes: layer.fileBytes, note: words.details.inEntries(layer.entries) } : null,
            isRead && (layer.listedBy !== 'toc' || layer.tarBytes > 0)
              ? { of: 'unpacked', bytes: layer.tarBytes, note: words.details.asTars(1) }
              : null,
            isHere || layer.blobBytes > 0
              ? { of: 'stored', bytes: layer.blobBytes, ...(isHere ? { note: words.details.compression[layer.compression] } : {}) }
              : null,
          ]}
        />
        {time === null ? null : (
          <Fact label={words.details.labels.created} copy={time}>
            <span title={time}>{timeText(time, 'minute')}</span>
          </Fact>
        )}
        <DigestFact label={words.details.labels.digest} digest={layer.digest} />
        <DigestFact label={words.details.labels.diffId} digest={layer.diffId} />
        <DigestFact label={words.details.labels.chainId} digest={chainId} />
        {layer.mediaType === null ? null : (
          <Fact label={words.details.labels.mediaType} copy={layer.mediaType}>
            {displayText(drawnText(layer.mediaType))}
          </Fact>
        )}
        {layer.urls === undefined || layer.urls.length === 0 ? null : (
          <Fact label={words.details.labels.availableAt}>
            <FirstItems items={layer.urls} as="span">
              {(url, at) => (
                <span key={at} className={styles.url}>
                  {displayText(lineText(url, layer.urls?.length))}
                </span>
              )}
            </FirstItems>
          </Fact>
        )}
      </Facts>
      {layer.status !== 'present' ? null : (
        <p className={styles.verify}>
          <MenuButton
            label={words.details.saveLayer}
            framed
            selected={null}
            choices={[
              { id: 'stored', label: words.details.layerForms.stored, detail: words.details.compression[layer.compression] },
              { id: 'plain', label: words.details.layerForms.plain },
              { id: 'gzip', label: words.details.layerForms.gzip },
              { id: 'zstd', label: words.details.layerForms.zstd },
            ]}
            onChoose={(form) =>
              void startExport({
                what: 'layer',
                form: form === 'plain' || form === 'gzip' || form === 'zstd' ? form : 'stored',
                archiveId,
                image: image.index,
                layer: layer.index,
              })
            }
          >
            <Icon name="save" />
            {words.details.saveLayer}
          </MenuButton>
        </p>
      )}
    </Section>
  );
}

/** Splits a command into lines at `&&`, `||` and `;`, because builders record it on one line. Cuts off a very long command. */
function plainLines(command: string): string {
  const plain = wholeCommand(command) ?? '';
  return drawnText(plain.replace(/ (&&|\|\|) /g, '\n  $1 ').replace(/; (?=\S)/g, ';\n  '));
}

function Range({ layers, selection }: { layers: readonly LayerReport[]; selection: Selection }) {
  const sum = (of: (layer: LayerReport) => number) => layers.reduce((total, layer) => total + of(layer), 0);
  return (
    <Section title={words.layerRangeTitle(selection.from, selection.to)}>
      <Facts>
        <SizeFacts
          sizes={[
            { of: 'files', bytes: sum(({ fileBytes }) => fileBytes), note: words.details.sumOfLayers(layers.length) },
            { of: 'unpacked', bytes: sum(({ tarBytes }) => tarBytes), note: words.details.asTars(layers.length) },
            { of: 'stored', bytes: sum(({ blobBytes }) => blobBytes) },
          ]}
        />
      </Facts>
      <LayerList layers={layers} />
    </Section>
  );
}

/** Number of layers listed at first; real images have at most 127. */
const MOST_LAYERS = 500;

/** The layers of a range, newest first. Each links to its details. */
function LayerList({ layers }: { layers: readonly LayerReport[] }) {
  return (
    <ul className={styles.layers} aria-label={words.newestFirst}>
      <FirstItems items={[...layers].reverse()} first={MOST_LAYERS}>
        {({ index, createdBy, fileBytes }) => {
          const command = plainCommand(createdBy) ?? words.commandUnknown;
          return (
            <li key={index}>
              <button
                type="button"
                className={styles.layer}
                title={titleText(command)}
                aria-label={words.details.showLayer(index, lineText(command), sizeTitle(fileBytes))}
                onClick={() => chooseLayer(index, false)}
              >
                <span className={`number ${styles.layerNumber}`}>{index}</span>
                <span className={styles.layerCommand}>{lineText(command)}</span>
                <Size bytes={fileBytes} />
              </button>
            </li>
          );
        }}
      </FirstItems>
    </ul>
  );
}

interface NamedSize {
  readonly of: keyof typeof words.sizes;
  readonly bytes: number;
  /** Shown after the size. */
  readonly note?: string;
}

/** Sizes, most important first. A size that equals the one above to the byte shares its line. */
function SizeFacts({ sizes }: { sizes: readonly (NamedSize | null)[] }) {
  const known = sizes.filter((size) => size !== null);
  return sizeLines(known, ({ bytes }) => [bytes]).map(([first, ...same]) => {
    const { label, title } = words.sizes[first.of];
    return (
      <Fact key={first.of} label={label} title={title} main={first.of === 'files'} number>
        <Size bytes={first.bytes} />
        <SizeNote first={first} same={same} />
      </Fact>
    );
  });
}

/** The text after a size: its note, and which other sizes are the same. */
function SizeNote({ first, same }: { first: NamedSize; same: readonly NamedSize[] }) {
  if (first.note === undefined && same.length === 0) return null;
  const labels = same.map(({ of }) => words.sizes[of].label);
  const also = same.length === 0 ? '' : words.details.also(labels, same.at(-1)?.note ?? null);
  const title = same.map(({ of, bytes }) => `${words.sizes[of].title}: ${words.exactBytes(bytes)}`).join('\n');
  return (
    <span className={styles.quiet} title={same.length === 0 ? undefined : title}>
      {words.details.notes([first.note ?? '', also])}
    </span>
  );
}

function ImageFacts({ archive, image }: { archive: ArchiveSummary; image: ImageSummary }) {
  const sizes = imageSizes(image);
  const { totals } = image;
  return (
    <Section title={words.details.image}>
      <Facts>
        <ImageName archive={archive} image={image} />
        <Fact label={words.details.labels.platform}>
          {image.platform === 'unknown' ? words.details.notSpecified : displayText(drawnText(image.platform))}
          {image.osVersion === undefined ? '' : ` ${displayText(drawnText(image.osVersion))}`}
        </Fact>
      </Facts>
      <Facts>
        <SizeFacts
          sizes={[
            image.loaded ? { of: 'files', bytes: totals.fileBytes, note: words.details.inAllLayers } : null,
            image.loaded ? { of: 'unpacked', bytes: sizes.unpacked, note: words.details.asTars(image.layers.length) } : null,
            { of: 'stored', bytes: sizes.stored },
          ]}
        />
        {image.loaded ? (
          <>
            <Fact label={words.details.labels.visible} title={words.details.visibleTitle} number>
              <Size bytes={totals.finalBytes} />
              <span className={styles.quiet}>{words.details.inFiles(totals.files)}</span>
            </Fact>
            <Fact label={words.details.labels.hidden} title={words.details.hiddenTitle} number>
              <Size bytes={totals.wastedBytes} />
              <span className={styles.quiet}>{words.waste.share(1 - totals.efficiency)}</span>
            </Fact>
          </>
        ) : null}
        {archive.source === undefined || archive.source.requests === 0 ? null : (
          <Fact label={words.details.labels.fetched} number>
            <Size bytes={archive.source.fetchedBytes} />
            <span className={styles.quiet}>{words.details.inRequests(archive.source.requests)}</span>
          </Fact>
        )}
      </Facts>
      <Facts>
        {archive.stored === undefined ? (
          <Fact label={words.details.labels.archive}>
            <MiddleText text={displayText(archive.title)} />
            <span className={`${styles.quiet} ${styles.below}`}>
              {words.formats[archive.format]}
              {formatSize(archive.sizeBytes) === formatSize(sizes.stored) ? null : (
                <>
                  , <Size bytes={archive.sizeBytes} />
                </>
              )}
            </span>
          </Fact>
        ) : (
          <Fact label={words.details.labels.location}>
            <InStore storeId={archive.stored.storeId} />
          </Fact>
        )}
        <DigestFact label={words.details.labels.config} digest={image.configDigest} />
        <DigestFact label={words.details.labels.manifest} digest={image.manifestDigest} />
      </Facts>
      {image.loaded ? <ImageActions archive={archive} image={image} /> : null}
    </Section>
  );
}

/** An image's names in full, on as many lines as they need. */
function ImageName({ archive, image }: { archive: ArchiveSummary; image: ImageSummary }) {
  const hasNone = image.names.length === 0 || archive.format === 'layer';
  const names = hasNone ? [imageTitle(archive, image)] : image.names.map((name) => displayText(fullName(archive, name)));
  const [only] = names;
  return (
    <Fact label={words.details.labels.name} copy={names.length === 1 ? only : undefined}>
      {names.length === 1 && only !== undefined ? <BreakableName text={only} /> : drawnText(words.list(names))}
    </Fact>
  );
}

/** The store that an image is in. */
function InStore({ storeId }: { storeId: string }) {
  const store = useApp((app) => app.stores?.find((each) => each.storeId === storeId));
  return (
    <span title={store?.home}>{store === undefined || store.isOwn ? words.store.isImported : words.store.isIn(storeTitle(store))}</span>
  );
}

function DigestFact({ label, digest }: { label: string; digest: string | null }) {
  if (digest === null) return null;
  return (
    <Fact label={label} copy={digest} mono>
      <span className={styles.digest} title={titleText(digest)}>
        {displayText(drawnText(digest))}
      </span>
    </Fact>
  );
}
