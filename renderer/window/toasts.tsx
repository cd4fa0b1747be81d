import { Breakable } from '../components/breakable.tsx';
import { Button, IconButton } from '../components/button.tsx';
import { useApp } from '../features/use-app.ts';
import { dismissToast } from '../state/messages.ts';
import { words } from '../words/index.ts';
import styles from './toasts.module.css';

/**
 * Short messages that disappear by themselves; screen readers announce them. They cover the rows, which scroll, but not the details.
 * `details`: the width of the details pane in px, `drawer` if the details cover the rows, or null if they aren't shown.
 */
export function Toasts({ details }: { details: number | 'drawer' | null }) {
  const toasts = useApp((app) => app.toasts);
  return (
    <div
      className={`${styles.toasts} ${details === 'drawer' ? styles.beside : ''}`}
      role="status"
      aria-live="polite"
      style={typeof details === 'number' ? { right: details + 12 } : {}}
    >
      {toasts.map(({ id, text, action }) => (
        <div key={id} className={styles.toast}>
          <span className={styles.text}>
            <Breakable text={text} />
          </span>
          {action === null ? null : (
            <Button
              kind="quiet"
              onPress={() => {
                action.run();
                dismissToast(id);
              }}
            >
              {action.label}
            </Button>
          )}
          <IconButton small label={words.frame.dismiss} icon="close" onPress={() => dismissToast(id)} />
        </div>
      ))}
    </div>
  );
}
