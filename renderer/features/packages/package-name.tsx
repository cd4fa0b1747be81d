import type { ReactNode } from 'react';
import { displayText } from '#model';
import { MiddleText } from '../../components/middle-text.tsx';
import styles from './packages-view.module.css';

/** The name and kind of a package. It is a button with the label `leads` if it leads to files; `onPress` is absent if the row does. */
export function PackageName({
  of: { name, type, arch },
  mark,
  leads,
  onPress,
}: {
  of: { readonly name: string; readonly type: string; readonly arch: string | null };
  mark: ReactNode;
  leads: string | null;
  onPress?: () => void;
}) {
  const shown = displayText(name);
  return (
    <span className={styles.package}>
      {mark}
      {leads === null ? (
        <MiddleText className={styles.name} text={shown} />
      ) : (
        <button type="button" className={styles.name} aria-label={leads} onClick={onPress}>
          <MiddleText text={shown} title={`${shown}\n${leads}`} />
        </button>
      )}
      <span className={styles.kind}> {displayText(arch === null ? type : `${type} ${arch}`)}</span>
    </span>
  );
}
