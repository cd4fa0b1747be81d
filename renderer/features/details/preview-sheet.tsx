import { useEffect } from 'react';
import { displayPath, unescapePath } from '#model';
import { IconButton } from '../../components/button.tsx';
import { Sheet } from '../../components/sheet.tsx';
import { setOverlay } from '../../state/commands.ts';
import { useApp } from '../use-app.ts';
import { ContentTab } from './content-tab.tsx';
import styles from './preview-sheet.module.css';

const close = () => setOverlay('none');

/** The content of the selected file, as large as the window allows. Space closes it, as it opened it. */
export function PreviewSheet() {
  const path = useApp((app) => app.selection.path);
  const state = useApp((app) => app.details);
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const isButton = event.target instanceof Element && event.target.closest('button, [role="radio"], input') !== null;
      if (event.key !== ' ' || isButton) return;
      event.preventDefault();
      close();
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, []);
  if (path === null) return null;
  return (
    <Sheet label="Preview" onClose={close} large>
      <div className={styles.preview}>
        <header className={styles.head}>
          <h2 className={`${styles.path} selectable`}>{displayPath(unescapePath(path))}</h2>
          <IconButton label="Close preview" keys="Space" icon="close" onPress={close} />
        </header>
        {state.details.state === 'ready' ? <ContentTab state={state} details={state.details.value} /> : null}
      </div>
    </Sheet>
  );
}
