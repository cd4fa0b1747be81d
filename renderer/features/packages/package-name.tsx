import type { ReactNode } from 'react';
import { displayText } from '#model';
import { MiddleText } from '../../components/middle-text.tsx';
import { lineName } from '../../words/cut.ts';
import styles from './packages-view.module.css';

/** Maximum length of a kind, in characters. */
const MOST = 100;

/**
 * The name and kind of a package. If it links to files, it is a button with the label `leads`; `onPress` is absent if the row handles the
 * press.
 */
export function PackageName({
  of: { name, type, arch },
  mark,
  leads,
  isGone = false,
  onPress,
}: {
  of: { readonly name: string; readonly type: string; readonly arch: string | null };
  mark: ReactNode;
  leads: string | null;
  /** Whether the package has been removed. */
  isGone?: boolean;
  onPress?: () => void;
}) {
  const shown = displayText(name);
  const style = `${styles.name} ${isGone ? styles.gone : ''}`;
  return (
    <span className={styles.package}>
      {mark}
      {leads === null ? (
        <MiddleText className={style} text={shown} />
      ) : (
        <button type="button" className={style} aria-label={leads} onClick={onPress}>
          <MiddleText text={shown} title={`${shown}\n${leads}`} />
        </button>
      )}
      <span className={styles.kind}> {lineName(displayText(arch === null ? type : `${type} ${arch}`), MOST)}</span>
    </span>
  );
}
