import { displayText } from '#model';
import { useApp } from '../../app/store.ts';
import { askToRemove, openStoredImage, removeStored } from '../../app/storing.ts';
import { Button, IconButton } from '../../components/button.tsx';
import { Icon } from '../../components/icons.tsx';
import { Sheet } from '../../components/sheet.tsx';
import { Size } from '../../components/size.tsx';
import styles from './library-pane.module.css';
import { lastPart } from './library-state.ts';

/** The user's store: its images, each to be opened or removed. */
export function StoreGroup() {
  const stored = useApp((app) => app.stored);
  const archives = useApp((app) => app.archives);
  if (stored === null) return null;
  const open = new Set((archives ?? []).map(({ title }) => title));
  return (
    <section className={styles.group} aria-label="Store">
      <header className={styles.groupHead}>
        <h3>Store</h3>
        {stored.images.length === 0 ? null : <Size bytes={stored.sizeBytes} className={styles.groupSize} />}
      </header>
      {stored.problem === null ? null : <p className={styles.problem}>{stored.problem}</p>}
      {stored.images.length === 0 && stored.problem === null ? (
        <p className={styles.none}>Images that you take into the store stay here. It is empty.</p>
      ) : null}
      <ul className={styles.list}>
        {stored.images.map(({ name, names, platform, sizeBytes, problem }) => {
          const title = names[0] ?? displayText(name.slice(0, 19));
          return (
            <li key={`${name} ${platform}`} className={styles.line}>
              <button
                type="button"
                className={styles.image}
                title={`${names.join('\n') || name}\n${problem ?? `in ${stored.home}`}`}
                onClick={() => void openStoredImage(name)}
                disabled={open.has(`store:${name}`)}
              >
                <Icon name={problem === null ? 'image' : 'warning'} className={styles.icon ?? ''} />
                <span className={styles.words}>
                  <span className={styles.title}>{lastPart(title)}</span>
                  <span className={styles.sub}>
                    {platform} · <Size bytes={sizeBytes} />
                  </span>
                </span>
              </button>
              <IconButton
                small
                className={styles.close}
                label={`Remove ${title} from the store…`}
                icon="close"
                onPress={() => askToRemove(name)}
              />
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** What can't be undone is asked about; Cancel is what Enter does. */
export function RemoveSheet() {
  const name = useApp((app) => app.removing);
  if (name === null) return null;
  const cancel = () => askToRemove(null);
  return (
    <Sheet label="Remove from the store" onClose={cancel}>
      <div className={styles.ask}>
        <h2>Remove {displayText(name)} from the store?</h2>
        <p>The name goes, and all that no other image needs. Archives that it came from stay as they are.</p>
        <p className={styles.answers}>
          <Button autoFocus onPress={cancel}>
            Cancel
          </Button>
          <Button onPress={() => void removeStored(name)}>Remove</Button>
        </p>
      </div>
    </Sheet>
  );
}
