import { Button } from '../../components/button.tsx';
import { MiddleText } from '../../components/middle-text.tsx';
import { askToCommit, askToRemove, mountLayer, revealMount, unmountLayer } from '../../state/stores/store-actions.ts';
import { copyTitle, type StoredCopy } from '../../state/stores/stores.ts';
import { words } from '../../words/index.ts';
import { CopyButton } from '../copy-button.tsx';
import { useApp } from '../use-app.ts';
import styles from './working-copy-bar.module.css';

/** Where the working copy on screen is written to, and what can be done with it. */
export function WorkingCopyBar({ copy }: { copy: StoredCopy }) {
  const electron = useApp((app) => app.info?.host === 'electron');
  const { store, layer } = copy;
  const { storeId } = store;
  const { id, mountPath } = layer;
  const title = copyTitle(copy);
  return (
    <section className={styles.bar} aria-label={words.store.copyHead}>
      <span className={styles.where}>
        {mountPath === null ? (
          words.store.notMounted
        ) : (
          <>
            <MiddleText text={mountPath} className={styles.path} />
            <CopyButton label={words.copyPath} text={mountPath} />
          </>
        )}
      </span>
      <span className={styles.actions}>
        {mountPath === null ? (
          <Button kind="quiet" onPress={() => void mountLayer(storeId, id)}>
            {words.store.mount}
          </Button>
        ) : (
          <>
            {electron ? (
              <Button kind="quiet" onPress={() => void revealMount(storeId, id, mountPath)}>
                {words.store.openFolder}
              </Button>
            ) : null}
            <Button kind="quiet" onPress={() => void unmountLayer(storeId, id)}>
              {words.store.unmount}
            </Button>
          </>
        )}
        <Button kind="quiet" onPress={() => askToCommit(store, layer, title)}>
          {words.store.commitShort}
        </Button>
        <Button kind="quietDanger" onPress={() => void askToRemove(storeId, id, title)}>
          {words.store.discard}
        </Button>
      </span>
    </section>
  );
}
