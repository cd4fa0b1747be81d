import { displayText } from '#model';
import { words } from '../../words/index.ts';
import styles from './packages-view.module.css';

/** A package's version, or the change from its previous one, which breaks only before the arrow. The tooltip has both in full. */
export function VersionCell({ version, previousVersion }: { version: string; previousVersion: string | null }) {
  const [now, before] = [displayText(version), previousVersion === null ? null : displayText(previousVersion)];
  return (
    <td className={styles.version} title={words.packages.versions(now, before)}>
      {before === null ? (
        <span className={styles.oneVersion}>{now}</span>
      ) : (
        <>
          <span className={styles.oneVersion}>{before}</span> <span className={styles.oneVersion}>{words.packages.becomes(now)}</span>
        </>
      )}
    </td>
  );
}
