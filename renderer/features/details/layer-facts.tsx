import type { ArchiveSummary, ImageSummary } from '#contract';
import { displayText, type LayerReport } from '#model';
import { Button } from '../../components/button.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { Icon } from '../../components/icons.tsx';
import { Counts } from '../../components/mark.tsx';
import { MenuButton } from '../../components/menu.tsx';
import { Size } from '../../components/size.tsx';
import { plainCommand } from '../../state/chain.ts';
import { timeText } from '../../state/details/time-text.ts';
import { startExport } from '../../state/exporting.ts';
import { runningJob } from '../../state/jobs.ts';
import { FORMAT_WORDS, imageTitle } from '../../state/library.ts';
import { verifyImage } from '../../state/opening.ts';
import type { Selection } from '../../state/selection.ts';
import { imageSizes, SIZE_WORDS } from '../../state/sizes.ts';
import { importToStore, writableStores } from '../../state/stores/importing.ts';
import { storeTitle } from '../../state/stores/stores.ts';
import { countOf, WORDS } from '../../state/words.ts';
import { useApp } from '../use-app.ts';
import { Fact, Facts, Section } from './facts.tsx';
import { ImageConfig, ImageHistory } from './image-config.tsx';
import styles from './layer-facts.module.css';

/** The selected layer or range, and its image. */
export function LayerFacts({ archive, image, selection }: { archive: ArchiveSummary; image: ImageSummary; selection: Selection }) {
  const lit = image.layers.slice(selection.from, selection.to + 1);
  const [only] = lit;
  return (
    <div className={styles.body}>
      {lit.length === 1 && only !== undefined ? (
        <OneLayer archiveId={archive.archiveId} image={image} layer={only} />
      ) : (
        <Range layers={lit} selection={selection} />
      )}
      <ImageFacts archive={archive} image={image} />
      {archive.format === 'layer' ? null : <ImageConfig archiveId={archive.archiveId} image={image.index} />}
      <ImageHistory image={image} />
    </div>
  );
}

function created(image: ImageSummary, layer: LayerReport): string | null {
  const filled = image.history.filter((step) => !step.emptyLayer);
  return filled.length === image.layers.length ? (filled[layer.index]?.created ?? null) : null;
}

const STATUS_TEXT: Record<LayerReport['status'], string> = {
  present: 'in the archive',
  missing: 'not in the archive; its files can’t be shown',
  foreign: 'stored elsewhere; nothing is fetched',
  damaged: 'damaged; what could be read is shown',
};

const COMPRESSION_WORDS = { none: 'uncompressed', gzip: 'gzip', zstd: 'zstd', xz: 'xz', bzip2: 'bzip2' } as const;

function OneLayer({ archiveId, image, layer }: { archiveId: string; image: ImageSummary; layer: LayerReport }) {
  const command = layer.createdBy ?? null;
  const time = created(image, layer);
  const chainId = image.chainIds[layer.index] ?? null;
  // A blob that isn't here may have a size in its descriptor, but its compression is unknown.
  const isHere = layer.status === 'present' || layer.status === 'damaged';
  return (
    <Section title={`Layer ${layer.index}`}>
      {command === null ? (
        <p className={styles.quiet}>Command not recorded in the image.</p>
      ) : (
        <div className={styles.commandBox}>
          <pre className={`${styles.command} selectable`}>{plainLines(command)}</pre>
          <CopyButton className={styles.copy} label="Copy full command" text={command} />
        </div>
      )}
      <Facts>
        {layer.status === 'present' ? null : <Fact label="State">{STATUS_TEXT[layer.status]}</Fact>}
        {isHere || layer.blobBytes > 0 ? (
          <Fact label={SIZE_WORDS.stored.label} title={SIZE_WORDS.stored.title}>
            <Size bytes={layer.blobBytes} />
            {isHere ? <span className={styles.quiet}> · {COMPRESSION_WORDS[layer.compression]}</span> : null}
          </Fact>
        ) : null}
        {image.loaded && layer.status === 'present' ? (
          <>
            <Fact label={SIZE_WORDS.unpacked.label} title={SIZE_WORDS.unpacked.title}>
              <Size bytes={layer.tarBytes} />
            </Fact>
            <Fact label={SIZE_WORDS.files.label} title={SIZE_WORDS.files.title}>
              <Size bytes={layer.fileBytes} /> <span className={styles.quiet}>in {countOf(layer.entries, 'entry', 'entries')}</span>
            </Fact>
            <Fact label="Changes">
              {layer.added + layer.modified + layer.removed === 0 ? <span className={styles.quiet}>none</span> : <Counts {...layer} />}
            </Fact>
          </>
        ) : null}
        {time === null ? null : (
          <Fact label="Created" copy={time}>
            {timeText(time)}
          </Fact>
        )}
        <DigestFact label="Digest" digest={layer.digest} />
        <DigestFact label="Diff ID" digest={layer.diffId} />
        <DigestFact label="Chain ID" digest={chainId} />
        {layer.mediaType === null ? null : (
          <Fact label="Media type" copy={layer.mediaType}>
            {displayText(layer.mediaType)}
          </Fact>
        )}
        {layer.urls === undefined || layer.urls.length === 0 ? null : (
          <Fact label="Available at">
            {layer.urls.map((url) => (
              <span key={url} className={styles.url}>
                {displayText(url)}
              </span>
            ))}
          </Fact>
        )}
      </Facts>
      {layer.status !== 'present' ? null : (
        <p className={styles.verify}>
          <MenuButton
            label="Save layer…"
            framed
            selected={null}
            choices={[
              { id: 'stored', label: 'As stored', detail: COMPRESSION_WORDS[layer.compression] },
              { id: 'plain', label: 'As uncompressed tar' },
              { id: 'gzip', label: 'Compressed with gzip' },
              { id: 'zstd', label: 'Compressed with zstd' },
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
            Save layer…
          </MenuButton>
        </p>
      )}
    </Section>
  );
}

/** Breaks a command into lines at `&&`, `||` and `;`: builders record it on one line. */
function plainLines(command: string): string {
  const plain = plainCommand(command) ?? '';
  return plain.replace(/ (&&|\|\|) /g, '\n  $1 ').replace(/; (?=\S)/g, ';\n  ');
}

function Range({ layers, selection }: { layers: readonly LayerReport[]; selection: Selection }) {
  const sum = (of: (layer: LayerReport) => number) => layers.reduce((total, layer) => total + of(layer), 0);
  return (
    <Section title={`Layers ${selection.from}–${selection.to}`}>
      <Facts>
        <Fact label={SIZE_WORDS.stored.label}>
          <Size bytes={sum(({ blobBytes }) => blobBytes)} />
        </Fact>
        <Fact label={SIZE_WORDS.unpacked.label}>
          <Size bytes={sum(({ tarBytes }) => tarBytes)} />
        </Fact>
        <Fact label={SIZE_WORDS.files.label}>
          <Size bytes={sum(({ fileBytes }) => fileBytes)} />
        </Fact>
      </Facts>
    </Section>
  );
}

function ImageFacts({ archive, image }: { archive: ArchiveSummary; image: ImageSummary }) {
  const sizes = imageSizes(image);
  const { totals } = image;
  return (
    <Section title="Image">
      <Facts>
        <Fact label="Name">
          {image.names.length === 0 || archive.format === 'layer' ? imageTitle(archive, image) : image.names.map(displayText).join(', ')}
        </Fact>
        <Fact label="Platform">
          {image.platform === 'unknown' ? 'not specified' : displayText(image.platform)}
          {image.osVersion === undefined ? '' : ` ${displayText(image.osVersion)}`}
        </Fact>
        <Fact label={SIZE_WORDS.stored.label} title={SIZE_WORDS.stored.title}>
          <Size bytes={sizes.stored} />
        </Fact>
        {image.loaded ? (
          <>
            <Fact label={SIZE_WORDS.unpacked.label} title={SIZE_WORDS.unpacked.title}>
              <Size bytes={sizes.unpacked} />
            </Fact>
            <Fact label={SIZE_WORDS.files.label} title={SIZE_WORDS.files.title}>
              <Size bytes={totals.fileBytes} />
            </Fact>
            <Fact label="Visible" title="Bytes of the files that a container sees">
              <Size bytes={totals.finalBytes} /> <span className={styles.quiet}>in {countOf(totals.files, 'file')}</span>
            </Fact>
            <Fact label="Wasted" title="Bytes of files that a later layer removes or overwrites">
              <Size bytes={totals.wastedBytes} />{' '}
              <span className={styles.quiet}>· efficiency {(totals.efficiency * 100).toFixed(1)} %</span>
            </Fact>
          </>
        ) : null}
        <DigestFact label="Config" digest={image.configDigest} />
        <DigestFact label="Manifest" digest={image.manifestDigest} />
        {image.attestations.map((digest) => (
          <DigestFact key={digest} label="Attestation" digest={digest} />
        ))}
        <Fact label="Archive">
          {displayText(archive.title)}{' '}
          <span className={styles.quiet}>
            · {FORMAT_WORDS[archive.format]}, <Size bytes={archive.sizeBytes} />
          </span>
        </Fact>
      </Facts>
      {image.loaded ? <ImageActions archive={archive} image={image} /> : null}
    </Section>
  );
}

/** Buttons for the whole image: verify, save, import. */
function ImageActions({ archive, image }: { archive: ArchiveSummary; image: ImageSummary }) {
  const { archiveId } = archive;
  const checking = useApp((app) => runningJob(app.jobs, 'verify', archiveId, image.index) !== null);
  const importing = useApp((app) => runningJob(app.jobs, 'import', archiveId, image.index) !== null);
  const targets = writableStores(useApp((app) => app.stores));
  return (
    <p className={styles.verify}>
      <Button icon="check" disabled={checking} onPress={() => void verifyImage(archive.archiveId, image.index)}>
        {checking ? 'Verifying digests…' : 'Verify digests'}
      </Button>
      <Button icon="save" onPress={() => void startExport({ what: 'report', archiveId: archive.archiveId })}>
        {WORDS.saveReport}
      </Button>
      <MenuButton
        label={image.configDigest === null && image.manifestDigest === null ? 'Save as image…' : 'Save image…'}
        framed
        selected={null}
        choices={[
          { id: 'docker-archive', label: 'As Docker archive', detail: 'docker load' },
          { id: 'oci-archive', label: 'As OCI archive', detail: 'podman, skopeo' },
        ]}
        onChoose={(format) =>
          void startExport({
            what: 'image',
            format: format === 'oci-archive' ? format : 'docker-archive',
            archiveId: archive.archiveId,
            image: image.index,
          })
        }
      >
        <Icon name="save" />
        {image.configDigest === null && image.manifestDigest === null ? 'Save as image…' : 'Save image…'}
      </MenuButton>
      {targets.length === 1 && !archive.title.startsWith('store:') ? (
        <Button icon="plus" disabled={importing} onPress={() => void importToStore(archive.archiveId, image.index)}>
          {importing ? 'Importing…' : 'Import to store'}
        </Button>
      ) : null}
      {targets.length > 1 ? (
        <MenuButton
          label="Import to store…"
          framed
          selected={null}
          choices={targets.map((store) => ({ id: store.storeId, label: storeTitle(store), detail: store.driver }))}
          onChoose={(storeId) => void importToStore(archive.archiveId, image.index, storeId)}
        >
          <Icon name="plus" />
          Import to store…
        </MenuButton>
      ) : null}
    </p>
  );
}

function DigestFact({ label, digest }: { label: string; digest: string | null }) {
  if (digest === null) return null;
  const [algorithm, hex] = digest.split(':');
  return (
    <Fact label={label} copy={digest} mono>
      <span title={digest}>{hex === undefined ? displayText(digest) : `${algorithm}:${hex.slice(0, 16)}…`}</span>
    </Fact>
  );
}
