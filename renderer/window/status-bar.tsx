import type { ArchiveSummary, ImageSummary } from '#contract';
import { Icon } from '../components/icons.tsx';
import { Size, sizeTitle } from '../components/size.tsx';
import { useFindings } from '../features/findings/findings-panel.tsx';
import { useApp } from '../features/use-app.ts';
import { setLayout } from '../state/app-state.ts';
import { runningCount } from '../state/jobs.ts';
import { countOf, WORDS } from '../state/words.ts';
import styles from './status-bar.module.css';

/** Store and version on the left; running jobs, waste and findings on the right. */
export function StatusBar({ found }: { found: { archive: ArchiveSummary; image: ImageSummary } | null }) {
  const info = useApp((app) => app.info);
  const connection = useApp((app) => app.connection);
  const running = useApp((app) => runningCount(app.jobs));
  return (
    <footer className={styles.bar}>
      {connection.state === 'lost' ? (
        <span className={styles.lost} role="alert">
          <Icon name="warning" size={12} /> Lost connection, reconnecting…
        </span>
      ) : (
        <span className={`${styles.quiet} ${styles.about}`}>
          <StoreWords elevated={info?.elevated ?? false} />
          {info === null ? WORDS.connecting : `Layerscope ${info.version} · ${info.host === 'electron' ? 'desktop' : 'browser'}`}
        </span>
      )}
      <span className={styles.space} />
      {running === 0 ? null : <span role="status">{countOf(running, 'job')} running</span>}
      {found?.image.loaded ? <Waste image={found.image} /> : null}
      {found === null ? null : <FindingsButton />}
    </footer>
  );
}

/** The stores' drivers, their rights, and how much they hold. */
function StoreWords({ elevated }: { elevated: boolean }) {
  const stores = useApp((app) => app.stores);
  if (stores === null) return null;
  const drivers = [...new Set(stores.map(({ driver }) => driver))].join(', ');
  const homes = stores.map(({ driver, home }) => `${driver}: ${home}`).join('\n');
  const bytes = stores.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return (
    <span title={homes}>
      {`${drivers} · ${elevated ? 'elevated' : 'not elevated'} · `}
      <Size bytes={bytes} /> in {stores.length === 1 ? 'store' : countOf(stores.length, 'store')}
      {' · '}
    </span>
  );
}

function Waste({ image }: { image: ImageSummary }) {
  const open = useApp((app) => app.layout.wasteOpen);
  const { wastedBytes, fileBytes, efficiency } = image.totals;
  if (fileBytes === 0) return null;
  const title = `${sizeTitle(wastedBytes)} in files that a later layer removes or overwrites`;
  return (
    <button
      type="button"
      className={styles.button}
      aria-expanded={open}
      title={title}
      onClick={() => setLayout({ wasteOpen: !open, findingsOpen: false })}
    >
      <span>
        wasted <Size bytes={wastedBytes} /> <span className={styles.quiet}>({((1 - efficiency) * 100).toFixed(1)} %)</span>
      </span>
      <Icon name={open ? 'chevronDown' : 'chevronUp'} size={10} />
    </button>
  );
}

function FindingsButton() {
  const groups = useFindings();
  const open = useApp((app) => app.layout.findingsOpen);
  let total = 0;
  for (const group of groups) total += group.findings.length;
  if (total === 0) return <span className={styles.quiet}>No findings</span>;
  const severe = groups[0]?.severity ?? 'note';
  return (
    <button
      type="button"
      className={`${styles.button} ${styles[severe]}`}
      aria-expanded={open}
      onClick={() => setLayout({ findingsOpen: !open, wasteOpen: false })}
    >
      <Icon name={severe} size={12} />
      {countOf(total, 'finding')}
      <Icon name={open ? 'chevronDown' : 'chevronUp'} size={10} />
    </button>
  );
}
