import type { ReactNode } from 'react';
import { IconButton } from '../components/button.tsx';
import head from './pane-head.module.css';
import styles from './panel-head.module.css';

/** The header of a panel below the changes: its title, its sums, its tools and the button that closes it. */
export function PanelHead({
  title,
  close,
  onClose,
  tools,
  children,
}: {
  title: string;
  /** The name of the button that closes the panel. */
  close: string;
  onClose: () => void;
  tools: ReactNode;
  children: ReactNode;
}) {
  return (
    <header className={`${head.head} ${styles.head}`}>
      <h2>{title}</h2>
      <span className={styles.sums}>{children}</span>
      <span className={head.tools}>
        {tools}
        <IconButton small label={close} icon="close" onPress={onClose} />
      </span>
    </header>
  );
}
