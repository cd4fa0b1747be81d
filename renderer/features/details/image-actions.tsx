import type { ArchiveSummary, ImageSummary } from '#contract';
import { Button } from '../../components/button.tsx';
import { Icon } from '../../components/icons.tsx';
import { MenuButton } from '../../components/menu.tsx';
import { setLayout } from '../../state/app-state.ts';
import { startExport } from '../../state/exporting.ts';
import { isMismatch, isOpenSecret, isSecret } from '../../state/findings.ts';
import { runningJob, wasDone } from '../../state/jobs.ts';
import { verifyImage } from '../../state/opening.ts';
import { importTargets, importToStore } from '../../state/stores/importing.ts';
import { storeTitle } from '../../state/stores/stores.ts';
import { words } from '../../words/index.ts';
import { ScanButton } from '../findings/scan-button.tsx';
import { useApp } from '../use-app.ts';
import { Fact, Facts } from './facts.tsx';
import styles from './layer-facts.module.css';

/** Buttons for the whole image: save, check, import. Below them, what the checks found. */
export function ImageActions({ archive, image }: { archive: ArchiveSummary; image: ImageSummary }) {
  const { archiveId } = archive;
  const checking = useApp((app) => runningJob(app.jobs, 'verify', archiveId, image.index) !== null);
  const importing = useApp((app) => runningJob(app.jobs, 'import', archiveId, image.index) !== null);
  const stores = useApp((app) => app.stores);
  const { stores: targets, areDone } = importTargets(stores, archive, image);
  const [target] = targets;
  return (
    <>
      <p className={`${styles.verify} ${styles.block}`}>
        <MenuButton
          label={words.details.saveImage}
          framed
          selected={null}
          choices={[
            { id: 'docker-archive', label: words.details.imageForms.docker, detail: words.details.imageForms.dockerDetail },
            { id: 'oci-archive', label: words.details.imageForms.oci, detail: words.details.imageForms.ociDetail },
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
          {words.details.saveImage}
        </MenuButton>
        <Button onPress={() => void startExport({ what: 'report', archiveId: archive.archiveId })}>{words.details.saveReport}</Button>
        <Button
          disabled={checking}
          otherLabels={[words.details.verify, words.details.verifying]}
          onPress={() => void verifyImage(archive.archiveId, image.index)}
        >
          {checking ? words.details.verifying : words.details.verify}
        </Button>
        <ScanButton archiveId={archiveId} image={image.index} />
        {areDone ? (
          <span className={styles.inStore} role="status">
            <Icon name="check" size={14} />
            {words.store.isImported}
          </span>
        ) : null}
        {targets.length === 1 && target !== undefined ? (
          <Button
            disabled={importing}
            otherLabels={[words.store.importTo, words.importing]}
            onPress={() => void importToStore(archive.archiveId, image.index, target.storeId)}
          >
            {importing ? words.importing : words.store.importTo}
          </Button>
        ) : null}
        {targets.length > 1 ? (
          <MenuButton
            label={words.store.importToWhich}
            framed
            selected={null}
            choices={targets.map((store) => ({ id: store.storeId, label: storeTitle(store), detail: store.driver }))}
            onChoose={(storeId) => void importToStore(archive.archiveId, image.index, storeId)}
          >
            {words.store.importToWhich}
          </MenuButton>
        ) : null}
      </p>
      <CheckResults archive={archive} image={image} />
    </>
  );
}

/** What the checks of an image found. Shown as long as the image is open. */
function CheckResults({ archive, image }: { archive: ArchiveSummary; image: ImageSummary }) {
  const isVerified = useApp((app) => wasDone(app.jobs, 'verify', archive.archiveId, image.index));
  const isScanned = image.scanned;
  const found = archive.findings.filter((each) => each.image === undefined || each.image === image.index);
  const mismatches = found.filter(({ code }) => isMismatch(code)).length;
  const secrets = found.filter(isOpenSecret).length;
  const minor = found.filter(({ code }) => isSecret(code)).length - secrets;
  const { checks } = words.details;
  if (!isVerified && !isScanned) return null;
  return (
    <Facts>
      {isVerified ? <CheckResult label={checks.digests} text={checks.mismatches(mismatches)} hasFindings={mismatches > 0} /> : null}
      {isScanned ? <CheckResult label={checks.secrets} text={checks.found(secrets, minor)} hasFindings={secrets + minor > 0} /> : null}
    </Facts>
  );
}

function CheckResult({ label, text, hasFindings }: { label: string; text: string; hasFindings: boolean }) {
  return (
    <Fact label={label}>
      {text}
      {hasFindings ? (
        <>
          {' '}
          <button type="button" className={styles.show} onClick={() => setLayout({ findingsOpen: true, wasteOpen: false })}>
            {words.show}
          </button>
        </>
      ) : null}
    </Fact>
  );
}
