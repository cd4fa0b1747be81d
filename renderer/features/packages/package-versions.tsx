import { displayText } from '#model';
import { MiddleText } from '../../components/middle-text.tsx';
import { lineName, titleText } from '../../words/cut.ts';
import { words } from '../../words/index.ts';
import styles from './packages-view.module.css';

/** Maximum length of a version, in characters. No window has space for a longer one. */
const MOST = 100;

/**
 * A package's version, or the change from its previous one, which breaks only before the arrow. A version that doesn't fit on a line is cut
 * in the middle, because two versions often differ only at the end. The tooltip has both in full.
 */
export function VersionCell({ version, previousVersion }: { version: string; previousVersion: string | null }) {
  const [now, before] = [displayText(version), previousVersion === null ? null : displayText(previousVersion)];
  return (
    <td className={styles.version} title={titleText(words.packages.versions(now, before))}>
      {before === null ? (
        <MiddleText text={lineName(now, MOST)} title={null} />
      ) : (
        <>
          <MiddleText text={lineName(before, MOST)} title={null} />{' '}
          <MiddleText text={words.packages.becomes(lineName(now, MOST))} title={null} />
        </>
      )}
    </td>
  );
}
