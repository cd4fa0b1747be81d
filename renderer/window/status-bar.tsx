import type { ArchiveSummary, ImageSummary } from '#contract';
import { Icon } from '../components/icons.tsx';
import { phrase } from '../components/phrase.tsx';
import { sideLetter } from '../components/side-letter.ts';
import { Size, sizeTitle } from '../components/size.tsx';
import { useFindings } from '../features/findings/findings-panel.tsx';
import { useApp } from '../features/use-app.ts';
import { toggleFindings, toggleWaste } from '../state/commands.ts';
import { countFindings } from '../state/findings.ts';
import { runningCount } from '../state/jobs.ts';
import { words } from '../words/index.ts';
import styles from './status-bar.module.css';

/** Stores on the left; running jobs, waste and findings on the right. */
export function StatusBar({ found }: { found: { archive: ArchiveSummary; image: ImageSummary } | null }) {
  const info = useApp((app) => app.info);
  const isB = useApp(
    ({ selection: { mode, against, archiveId, image } }) =>
      mode === 'compare' && (against?.archiveId !== archiveId || against?.image !== image),
  );
  const running = useApp((app) => runningCount(app.jobs));
  return (
    <footer className={styles.bar}>
      <span className={`${styles.quiet} ${styles.about}`}>
        {info === null ? words.connecting : <StoreWords elevated={info.elevated && info.system === 'win32'} />}
      </span>
      <span className={styles.space} />
      {running === 0 ? null : (
        <span className={styles.running} role="status">
          {words.frame.jobsRunning(running)}
        </span>
      )}
      {found?.image.loaded && isB ? (
        <span className={sideLetter('B')} title={words.compare.ofB}>
          <span className="visually-hidden">{words.compare.ofB}</span>
          <span aria-hidden="true">B</span>
        </span>
      ) : null}
      {found?.image.loaded ? <Waste image={found.image} /> : null}
      {found === null ? null : <FindingsButton />}
    </footer>
  );
}

/** The size of the stores, and whether this program runs elevated on Windows. */
function StoreWords({ elevated }: { elevated: boolean }) {
  const stores = useApp((app) => app.stores) ?? [];
  const bytes = stores.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return (
    <span title={stores.map(({ home }) => home).join('\n')}>
      {stores.length === 0 ? null : phrase(words.frame.inStores(<Size bytes={bytes} />, stores.length))}
      {elevated ? ` · ${words.frame.administrator}` : ''}
    </span>
  );
}

function Waste({ image }: { image: ImageSummary }) {
  const open = useApp((app) => app.layout.wasteOpen);
  const { wastedBytes, fileBytes, efficiency } = image.totals;
  if (fileBytes === 0) return null;
  const title = words.waste.inFiles(sizeTitle(wastedBytes));
  return (
    <button type="button" className={styles.button} aria-expanded={open} title={title} data-opens="waste" onClick={toggleWaste}>
      <span>
        {phrase(words.waste.inStatusBar(<Size bytes={wastedBytes} />))}{' '}
        <span className={styles.quiet}>{words.waste.share(1 - efficiency)}</span>
      </span>
      <Icon name={open ? 'chevronDown' : 'chevronUp'} size={10} />
    </button>
  );
}

function FindingsButton() {
  const groups = useFindings();
  const open = useApp((app) => app.layout.findingsOpen);
  const counts = countFindings(groups);
  if (groups.length === 0) return <span className={styles.quiet}>{words.frame.noFindings}</span>;
  const severe = groups[0]?.severity ?? 'note';
  return (
    <button
      type="button"
      className={`${styles.button} ${styles[severe]}`}
      title={words.frame.findings(counts)}
      aria-expanded={open}
      data-opens="findings"
      onClick={toggleFindings}
    >
      <Icon name={severe} size={12} />
      {words.frame.findingsButton(counts)}
      <Icon name={open ? 'chevronDown' : 'chevronUp'} size={10} />
    </button>
  );
}
