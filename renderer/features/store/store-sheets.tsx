import { useState } from 'react';
import { Button } from '../../components/button.tsx';
import { Icon, type IconName } from '../../components/icons.tsx';
import { Mark } from '../../components/mark.tsx';
import { Picker } from '../../components/picker.tsx';
import { Sheet } from '../../components/sheet.tsx';
import { matchesWords } from '../../state/palette.ts';
import { startImport } from '../../state/stores/importing.ts';
import { cleanUp, closeStoreSheet, elevate, removeStored } from '../../state/stores/store-actions.ts';
import { parentChoices, type StoreSheet, storeTitle } from '../../state/stores/stores.ts';
import { useApp } from '../use-app.ts';
import styles from './store.module.css';

/** What is asked and told about stores. */
export function StoreSheets() {
  const sheet = useApp((app) => app.storeSheet);
  if (sheet === null) return null;
  if (sheet.kind === 'remove') return <RemoveSheet sheet={sheet} />;
  if (sheet.kind === 'parent') return <ParentSheet sheet={sheet} />;
  if (sheet.kind === 'changes') return <ChangesSheet sheet={sheet} />;
  if (sheet.kind === 'elevate') return <ElevateSheet sheet={sheet} />;
  if (sheet.kind === 'cleanup') return <CleanupSheet sheet={sheet} />;
  return <CheckedSheet sheet={sheet} />;
}

type Of<K extends StoreSheet['kind']> = { readonly sheet: Extract<StoreSheet, { kind: K }> };

/** Cancel is what Enter does. */
function Answers({ yes, icon, onYes }: { yes: string; icon?: IconName; onYes: () => void }) {
  return (
    <p className={styles.ends}>
      <Button autoFocus onPress={closeStoreSheet}>
        Cancel
      </Button>
      <Button {...(icon === undefined ? {} : { icon })} onPress={onYes}>
        {yes}
      </Button>
    </p>
  );
}

function Refused({ why }: { why: string | null }) {
  if (why === null) return null;
  return (
    <p className={styles.refused} role="alert">
      {why}
    </p>
  );
}

/** What can't be undone is asked about. */
function RemoveSheet({ sheet }: Of<'remove'>) {
  return (
    <Sheet label="Remove from the store" onClose={closeStoreSheet}>
      <div className={styles.sheet}>
        <h2>Remove {sheet.title} from the store?</h2>
        <p>It goes, with all that nothing else needs. Archives that it came from stay as they are.</p>
        <Refused why={sheet.refused} />
        <Answers yes="Remove" onYes={() => void removeStored(sheet)} />
      </div>
    </Sheet>
  );
}

const NO_PARENT = ' none';

/** A layer tar says nothing of what it stands on. */
function ParentSheet({ sheet }: Of<'parent'>) {
  const store = useApp((app) => app.stores?.find(({ storeId }) => storeId === sheet.storeId));
  const [text, setText] = useState('');
  const { storeId, archiveId, image, title } = sheet;
  const choices = [{ id: NO_PARENT, label: 'On nothing: it is a base layer' }, ...(store === undefined ? [] : parentChoices(store))].filter(
    ({ label }) => matchesWords(label, text),
  );
  return (
    <Sheet label={`What does ${title} stand on?`} onClose={closeStoreSheet}>
      <div className={styles.sheet}>
        <h2>What does {title} stand on?</h2>
        <p>It is one layer, and its tar doesn’t say. Choose the layer below it.</p>
      </div>
      <Picker
        label="Layer below"
        placeholder="Image or layer"
        text={text}
        choices={choices}
        empty="No such layer in the store"
        onText={setText}
        onChoose={(id) => void startImport({ storeId, archiveId, image, parent: id === NO_PARENT ? null : id, title })}
      />
    </Sheet>
  );
}

function ChangesSheet({ sheet: { title, report } }: Of<'changes'>) {
  return (
    <Sheet label={`Changes of ${title}`} onClose={closeStoreSheet}>
      <div className={styles.sheet}>
        <h2>Changes of {title}</h2>
        {report === null ? (
          <p role="status">Looking…</p>
        ) : report.changes.length === 0 ? (
          <p>It changes nothing.</p>
        ) : (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
          <ul className={styles.list} aria-label="Changes" tabIndex={0}>
            {report.changes.map(({ kind, path }) => (
              <li key={`${kind} ${path}`}>
                <Mark name={kind} />
                {path}
              </li>
            ))}
          </ul>
        )}
        {report === null || report.complete ? null : <p>There are more; the command line lists them all.</p>}
        <p className={styles.ends}>
          <Button autoFocus onPress={closeStoreSheet}>
            Close
          </Button>
        </p>
      </div>
    </Sheet>
  );
}

function ElevateSheet({ sheet }: Of<'elevate'>) {
  const store = useApp((app) => app.stores?.find(({ storeId }) => storeId === sheet.storeId));
  if (store === undefined) return null;
  const { facts, refused } = sheet;
  return (
    <Sheet label="Work as administrator" onClose={closeStoreSheet}>
      <div className={styles.sheet}>
        <h2>Work as administrator in {storeTitle(store)}?</h2>
        <p>
          A second process without a window will run with an administrator’s rights: the driver {store.driver}, for {store.home} and nothing
          else. The window stays as it is. Windows will ask you; it ends with the window, or after ten minutes without work.
        </p>
        <Refused why={refused} />
        {facts === null ? (
          <p role="status">Looking at what is there…</p>
        ) : (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
          <ul className={styles.facts} aria-label="What the driver needs" tabIndex={0}>
            {facts.map(({ what, held, why }) => (
              <li key={what}>
                <Icon name={held ? 'check' : 'close'} size={12} />
                <span>
                  <span className="visually-hidden">{held ? 'there: ' : 'missing: '}</span>
                  {what}: {why}
                </span>
              </li>
            ))}
          </ul>
        )}
        <Answers yes="Continue" icon="shield" onYes={() => void elevate(sheet)} />
      </div>
    </Sheet>
  );
}

function CleanupSheet({ sheet: { storeId, names } }: Of<'cleanup'>) {
  return (
    <Sheet label="Clean up" onClose={closeStoreSheet}>
      <div className={styles.sheet}>
        <h2>
          Remove {names.length} {names.length === 1 ? 'leftover' : 'leftovers'}?
        </h2>
        <p>No layer and no image needs them: they are what a removal or an interrupted program left.</p>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
        <ul className={styles.list} aria-label="Leftovers" tabIndex={0}>
          {names.map((name) => (
            <li key={name}>{name}</li>
          ))}
        </ul>
        <Answers yes="Remove" onYes={() => void cleanUp(storeId)} />
      </div>
    </Sheet>
  );
}

function CheckedSheet({ sheet }: Of<'checked'>) {
  const store = useApp((app) => app.stores?.find(({ storeId }) => storeId === sheet.storeId));
  if (store === undefined || store.checked === null) return null;
  const { checked } = store;
  return (
    <Sheet label="What the check found" onClose={closeStoreSheet}>
      <div className={styles.sheet}>
        <h2>
          {checked.length} {checked.length === 1 ? 'problem' : 'problems'} in {storeTitle(store)}
        </h2>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
        <ul className={styles.list} aria-label="Problems" tabIndex={0}>
          {checked.map(({ name, message }) => (
            <li key={`${name} ${message}`}>
              {name.slice(0, 12)}: {message}
            </li>
          ))}
        </ul>
        <p>What is damaged can’t be mended here: remove it, and take it in again from its archive.</p>
        <p className={styles.ends}>
          <Button autoFocus onPress={closeStoreSheet}>
            Close
          </Button>
        </p>
      </div>
    </Sheet>
  );
}
