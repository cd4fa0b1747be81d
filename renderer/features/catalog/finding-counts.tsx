import type { SeverityCounts } from '#contract';
import { Icon } from '../../components/icons.tsx';
import { words } from '../../words/index.ts';
import { formatCount } from '../../words/numbers.ts';
import styles from './catalog.module.css';

const SEVERITIES = ['error', 'warning', 'note'] as const;

/** How many findings an image has, by severity; null if unknown. */
export function FindingCounts({ counts }: { counts: SeverityCounts | null }) {
  if (counts === null) return <span className={styles.quiet}>{words.catalog.unknown}</span>;
  const some = SEVERITIES.filter((severity) => counts[severity] > 0);
  if (some.length === 0) return <span className={styles.quiet}>{words.catalog.noFindings}</span>;
  const total = some.reduce((sum, severity) => sum + counts[severity], 0);
  const text = words.frame.findings(counts);
  return (
    <span className={styles.findings} role="img" aria-label={`${words.frame.findingsCount(total)}: ${text}`} title={text}>
      {some.map((severity) => (
        <span key={severity} className={styles[severity]}>
          <Icon name={severity} size={12} />
          <span className="number">{formatCount(counts[severity])}</span>
        </span>
      ))}
    </span>
  );
}
