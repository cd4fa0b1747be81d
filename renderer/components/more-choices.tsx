import { MenuItem } from 'react-aria-components/Menu';
import { words } from '../words/index.ts';
import styles from './menu.module.css';

/** Maximum number of choices in a menu. Libraries rarely have more images, or images more layers. The palette finds the omitted choices. */
const MOST = 500;

/** Returns the choices that a menu draws: its first ones, and the current one if it isn't among them. */
export function firstChoices<T extends { readonly id: string }>(choices: readonly T[], selected: string | null): readonly T[] {
  if (choices.length <= MOST) return choices;
  const current = selected === null ? undefined : choices.slice(MOST).find(({ id }) => id === selected);
  return current === undefined ? choices.slice(0, MOST) : [...choices.slice(0, MOST), current];
}

/** How many choices a menu doesn't draw; nothing if it draws all. */
export function MoreChoices({ left }: { left: number }) {
  if (left === 0) return null;
  return (
    <MenuItem id="more" className={styles.item ?? ''} isDisabled>
      <span className={styles.label}>{words.andMore(left)}</span>
    </MenuItem>
  );
}
