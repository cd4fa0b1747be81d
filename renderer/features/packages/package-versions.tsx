import { displayText } from '#model';
import { MiddleText } from '../../components/middle-text.tsx';
import { words } from '../../words/index.ts';
import styles from './packages-view.module.css';

/**
 * A package's version, or the change from its previous one, which breaks only before the arrow. A version that doesn't fit on a line is cut
 * in the middle, because two versions often differ only at the end. The tooltip has both in full.
 */
export function VersionCell({ version, previousVersion }: { version: string; previousVersion: string | null }) {
  const [now, before] = [displayText(version), previousVersion === null ? null : displayText(previousVersion)];
  return (
    <td className={styles.version} title={words.packages.versions(now, before)}>
      {before === null ? (
        <MiddleText text={now} title={null} />
      ) : (
        <>
          <MiddleText text={before} title={null} /> <MiddleText text={words.packages.becomes(now)} title={null} />
        </>
      )}
    </td>
  );
}
