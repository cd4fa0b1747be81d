import { useEffect } from 'react';
import { Sheet, SheetHead } from '../../components/sheet.tsx';
import { setOverlay } from '../../state/commands.ts';
import { imageOf, pathParts } from '../../state/details/shown-path.ts';
import { keysOfId } from '../../state/key-names.ts';
import { words } from '../../words/index.ts';
import { useApp } from '../use-app.ts';
import { ContentTab } from './content-tab.tsx';
import styles from './preview-sheet.module.css';

const close = () => setOverlay('none');

/** The content of the selected file, as large as the window allows. Space opens and closes it. */
export function PreviewSheet() {
  const path = useApp((app) => app.selection.path);
  const state = useApp((app) => app.details);
  const image = useApp(imageOf);
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
    <Sheet label={words.details.preview} onClose={close} large>
      <div className={styles.preview}>
        <SheetHead
          title={pathParts(path, image).at(-1)?.shown ?? ''}
          close={words.details.closePreview}
          keys={keysOfId('preview')}
          onClose={close}
        />
        {state.details.state === 'ready' ? <ContentTab state={state} details={state.details.value} withSize /> : null}
      </div>
    </Sheet>
  );
}
