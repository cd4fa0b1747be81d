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
import { countOf, WORDS } from '../../state/words.ts';
import { useApp } from '../use-app.ts';
import styles from './store.module.css';

/** The sheet about a store that is open, if one is. */
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

/** Enter cancels. */
function Answers({ yes, icon, onYes }: { yes: string; icon?: IconName; onYes: () => void }) {
  return (
    <p className={styles.ends}>
      <Button autoFocus onPress={closeStoreSheet}>
        {WORDS.cancel}
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

/** A removal can't be undone, so it is confirmed first. */
function RemoveSheet({ sheet }: Of<'remove'>) {
  return (
    <Sheet label="Remove from the store" onClose={closeStoreSheet}>
      <div className={styles.sheet}>
        <h2>Remove {sheet.title} from the store?</h2>
        <p>Deletes it, and any layers that nothing else in the store uses. The archive file is not touched.</p>
        <Refused why={sheet.refused} />
        <Answers yes="Remove" onYes={() => void removeStored(sheet)} />
      </div>
    </Sheet>
  );
}

const NO_PARENT = ' none';

/** A layer tar doesn't say which layer it belongs on. */
function ParentSheet({ sheet }: Of<'parent'>) {
  const store = useApp((app) => app.stores?.find(({ storeId }) => storeId === sheet.storeId));
  const [text, setText] = useState('');
  const { storeId, archiveId, image, title } = sheet;
  const choices = [{ id: NO_PARENT, label: 'None: this is a base layer' }, ...(store === undefined ? [] : parentChoices(store))].filter(
    ({ label }) => matchesWords(label, text),
  );
  return (
    <Sheet label={`Choose a parent for ${title}`} onClose={closeStoreSheet}>
      <div className={styles.sheet}>
        <h2>Choose a parent for {title}</h2>
        <p>A layer tar doesn’t record which layer it belongs on.</p>
      </div>
      <Picker
        label="Parent layer"
        placeholder="Image or layer"
        text={text}
        choices={choices}
        empty="No matching layer in the store"
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
          <p role="status">{WORDS.loading}</p>
        ) : report.changes.length === 0 ? (
          <p>No changes.</p>
        ) : (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
          <ul className={styles.list} aria-label="Changes" tabIndex={0}>
            {report.changes.map(({ kind, path }) => (
              <li key={`${kind} ${path}`}>
                <Mark name={kind} />
                {path}
              </li>
            ))}
          </ul>
        )}
        {report === null || report.complete ? null : <p>More changes exist; the command line lists all of them.</p>}
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
    <Sheet label="Run as administrator" onClose={closeStoreSheet}>
      <div className={styles.sheet}>
        <h2>Run {storeTitle(store)} as administrator?</h2>
        <p>
          Starts a second process, without a window, that runs the driver {store.driver} as administrator for {store.home} only. This window
          is not elevated. Windows asks for your consent. The process ends with this window, or after ten minutes without work.
        </p>
        <Refused why={refused} />
        {facts === null ? (
          <p role="status">Checking requirements…</p>
        ) : (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
          <ul className={styles.facts} aria-label="Requirements" tabIndex={0}>
            {facts.map(({ what, held, why }) => (
              <li key={what}>
                <Icon name={held ? 'check' : 'close'} size={12} />
                <span>
                  <span className="visually-hidden">{held ? 'met: ' : 'missing: '}</span>
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
        <h2>Remove {countOf(names.length, 'leftover')}?</h2>
        <p>No image or layer uses these files. A removal or an interrupted program left them behind.</p>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
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
    <Sheet label="Problems in the store" onClose={closeStoreSheet}>
      <div className={styles.sheet}>
        <h2>
          {countOf(checked.length, 'problem')} in {storeTitle(store)}
        </h2>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
        <ul className={styles.list} aria-label="Problems" tabIndex={0}>
          {checked.map(({ name, message }) => (
            <li key={`${name} ${message}`}>
              {name.slice(0, 12)}: {message}
            </li>
          ))}
        </ul>
        <p>Damaged items can’t be repaired. Remove them, then import them again from their archives.</p>
        <p className={styles.ends}>
          <Button autoFocus onPress={closeStoreSheet}>
            Close
          </Button>
        </p>
      </div>
    </Sheet>
  );
}
