import { type ReactNode, useState } from 'react';
import type { RemovalReport } from '#contract';
import { Button } from '../../components/button.tsx';
import { FirstItems } from '../../components/first-items.tsx';
import { Icon, type IconName } from '../../components/icons.tsx';
import { Mark } from '../../components/mark.tsx';
import { phrase } from '../../components/phrase.tsx';
import { Picker } from '../../components/picker.tsx';
import { Sheet, SheetHead } from '../../components/sheet.tsx';
import { Size } from '../../components/size.tsx';
import { matchesWords } from '../../state/palette.ts';
import { startImport } from '../../state/stores/importing.ts';
import { cleanUp, closeStoreSheet, commitLayer, elevate, removeStored } from '../../state/stores/store-actions.ts';
import { changesOfCopies, parentChoices, type StoreSheet, shortId, storeTitle } from '../../state/stores/stores.ts';
import { lineText } from '../../words/cut.ts';
import { words } from '../../words/index.ts';
import type { Phrase } from '../../words/language.ts';
import { useApp } from '../use-app.ts';
import styles from './store.module.css';

/** The open sheet of a store, if any. */
export function StoreSheets() {
  const sheet = useApp((app) => app.storeSheet);
  if (sheet === null) return null;
  if (sheet.kind === 'remove') return <RemoveSheet sheet={sheet} />;
  if (sheet.kind === 'commit') return <CommitSheet sheet={sheet} />;
  if (sheet.kind === 'parent') return <ParentSheet sheet={sheet} />;
  if (sheet.kind === 'changes') return <ChangesSheet sheet={sheet} />;
  if (sheet.kind === 'elevate') return <ElevateSheet sheet={sheet} />;
  if (sheet.kind === 'cleanup') return <CleanupSheet sheet={sheet} />;
  return <CheckedSheet sheet={sheet} />;
}

type Of<K extends StoreSheet['kind']> = { readonly sheet: Extract<StoreSheet, { kind: K }> };

/** The buttons of a sheet. Enter cancels. */
function Answers({
  yes,
  icon,
  danger = false,
  disabled = false,
  onYes,
}: {
  yes: string;
  icon?: IconName;
  /** Whether `onYes` deletes something. */
  danger?: boolean;
  disabled?: boolean;
  onYes: () => void;
}) {
  return (
    <p className={styles.ends}>
      <Button autoFocus onPress={closeStoreSheet}>
        {words.cancel}
      </Button>
      <Button {...(icon === undefined ? {} : { icon })} kind={danger ? 'danger' : 'plain'} disabled={disabled} onPress={onYes}>
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

/** A removal can't be undone, so the sheet says beforehand what will be removed and how much space that frees. */
function RemoveSheet({ sheet }: Of<'remove'>) {
  const { plan, title, refused } = sheet;
  const copies = useApp((app) => app.copies);
  const changesIn = (ids: readonly string[]) => changesOfCopies(copies, sheet.storeId, ids);
  const isCopy = plan?.kind === 'copy';
  const label = isCopy ? words.store.discardLabel : words.store.removeLabel;
  const yes = isCopy ? words.store.discardYes : plan !== null && plan.mounted > 0 ? words.store.unmountAndRemove : words.store.removeYes;
  return (
    <Sheet label={label} onClose={closeStoreSheet}>
      <SheetHead
        title={isCopy ? words.store.discardTitle(title) : words.store.removeTitle(title)}
        close={words.close}
        onClose={closeStoreSheet}
      />
      <div className={styles.sheet}>
        {plan === null ? (
          <p role="status">{words.loading}</p>
        ) : (
          <>
            {plan.copies.length > 0 ? (
              <p className={styles.loss}>{words.store.removeCopies(plan.copies.length, changesIn(plan.copies))}</p>
            ) : null}
            <p>{phrase(removed(plan, changesIn([sheet.name])))}</p>
            {plan.others.length > 0 ? (
              <p>{words.store.removeOthers(plan.others.length, words.list(plan.others.slice(0, 5).map(shortId)))}</p>
            ) : null}
            {plan.mounted > 0 ? <p>{words.store.removeMounted(plan.mounted)}</p> : null}
          </>
        )}
        <Refused why={refused} />
        <Answers danger yes={yes} disabled={plan === null || plan.others.length > 0} onYes={() => void removeStored(sheet)} />
      </div>
    </Sheet>
  );
}

/** Returns what a removal deletes. `changes`: the number of changes in the discarded working copy; null if unknown. */
function removed({ kind, layers, freedBytes }: RemovalReport, changes: number | null): Phrase<ReactNode> {
  const freed = <Size bytes={freedBytes} />;
  const { removeWhat } = words.store;
  if (kind === 'copy') return changes === 0 ? removeWhat.unchangedCopy() : removeWhat.copy(changes, freed);
  return removeWhat[kind](layers, freed);
}

/** Asks for the name of the new image and a comment for its history. */
function CommitSheet({ sheet: { storeId, id, title, suggested } }: Of<'commit'>) {
  const [name, setName] = useState(suggested);
  const [comment, setComment] = useState('');
  const commit = () =>
    void commitLayer(storeId, id, name.trim() === '' ? null : name.trim(), comment.trim() === '' ? null : comment.trim());
  return (
    <Sheet label={words.store.commitLabel} onClose={closeStoreSheet}>
      <SheetHead title={words.store.commitTitle(title)} close={words.close} onClose={closeStoreSheet} />
      <form
        className={styles.sheet}
        onSubmit={(event) => {
          event.preventDefault();
          commit();
        }}
      >
        <p>{words.store.commitWhat}</p>
        <label className={styles.field}>
          {words.store.commitName}
          <input
            // biome-ignore lint/a11y/noAutofocus: the sheet is opened to fill this in
            autoFocus
            value={name}
            spellCheck={false}
            placeholder={words.store.commitNameHint}
            // Selected, so that typing replaces the suggested name.
            onFocus={({ currentTarget }) => currentTarget.select()}
            onChange={({ currentTarget }) => setName(currentTarget.value)}
          />
        </label>
        <label className={styles.field}>
          {words.store.commitComment}
          <input value={comment} disabled={name.trim() === ''} onChange={({ currentTarget }) => setComment(currentTarget.value)} />
        </label>
        <p className={styles.ends}>
          <Button onPress={closeStoreSheet}>{words.cancel}</Button>
          <Button kind="primary" onPress={commit}>
            {words.store.commitYes}
          </Button>
        </p>
      </form>
    </Sheet>
  );
}

const NO_PARENT = ' none';

/** Asks for the parent: a layer tar doesn't say which layer it belongs on. */
function ParentSheet({ sheet }: Of<'parent'>) {
  const store = useApp((app) => app.stores?.find(({ storeId }) => storeId === sheet.storeId));
  const [text, setText] = useState('');
  const { storeId, archiveId, image, title } = sheet;
  const choices = [{ id: NO_PARENT, label: words.store.noParent }, ...(store === undefined ? [] : parentChoices(store))].filter(
    ({ label }) => matchesWords(label, text),
  );
  return (
    <Sheet label={words.store.parentTitle(title)} onClose={closeStoreSheet}>
      <SheetHead title={words.store.parentTitle(title)} close={words.close} onClose={closeStoreSheet} />
      <div className={styles.sheet}>
        <p>{words.store.parentWhy}</p>
      </div>
      <Picker
        label={words.store.parentField}
        placeholder={words.store.parentPlaceholder}
        text={text}
        choices={choices}
        empty={words.store.noSuchParent}
        onText={setText}
        onChoose={(id) => void startImport({ storeId, archiveId, image, parent: id === NO_PARENT ? null : id, title })}
      />
    </Sheet>
  );
}

function ChangesSheet({ sheet: { title, report } }: Of<'changes'>) {
  return (
    <Sheet label={words.store.changesOf(title)} onClose={closeStoreSheet}>
      <SheetHead title={words.store.changesOf(title)} close={words.close} onClose={closeStoreSheet} />
      <div className={styles.sheet}>
        {report === null ? (
          <p role="status">{words.loading}</p>
        ) : report.changes.length === 0 ? (
          <p>{words.store.noChanges}</p>
        ) : (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
          <ul className={styles.list} aria-label={words.store.changes} tabIndex={0}>
            <FirstItems items={report.changes}>
              {({ kind, path }) => (
                <li key={`${kind} ${path}`}>
                  <Mark name={kind} />
                  {lineText(path, report.changes.length)}
                </li>
              )}
            </FirstItems>
          </ul>
        )}
        {report === null || report.complete ? null : <p>{words.store.moreChanges}</p>}
      </div>
    </Sheet>
  );
}

function ElevateSheet({ sheet }: Of<'elevate'>) {
  const store = useApp((app) => app.stores?.find(({ storeId }) => storeId === sheet.storeId));
  if (store === undefined) return null;
  const { facts, refused } = sheet;
  return (
    <Sheet label={words.store.elevateLabel} onClose={closeStoreSheet}>
      <SheetHead title={words.store.elevateTitle(storeTitle(store))} close={words.close} onClose={closeStoreSheet} />
      <div className={styles.sheet}>
        <p>{words.store.elevateWhat(store.driver, store.home)}</p>
        <Refused why={refused} />
        {facts === null ? (
          <p role="status">{words.store.checking}</p>
        ) : (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
          <ul className={styles.facts} aria-label={words.store.requirements} tabIndex={0}>
            {facts.map(({ what, held, why }) => (
              <li key={what}>
                <Icon name={held ? 'check' : 'close'} size={12} />
                <span>
                  <span className="visually-hidden">{words.store.requirement(held)}</span>
                  {what}: {why}
                </span>
              </li>
            ))}
          </ul>
        )}
        <Answers yes={words.store.proceed} icon="shield" onYes={() => void elevate(sheet)} />
      </div>
    </Sheet>
  );
}

function CleanupSheet({ sheet: { storeId, names } }: Of<'cleanup'>) {
  return (
    <Sheet label={words.store.cleanUpLabel} onClose={closeStoreSheet}>
      <SheetHead title={words.store.cleanUpTitle(names.length)} close={words.close} onClose={closeStoreSheet} />
      <div className={styles.sheet}>
        <p>{words.store.cleanUpWhy}</p>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
        <ul className={styles.list} aria-label={words.store.leftoversLabel} tabIndex={0}>
          <FirstItems items={names}>{(name) => <li key={name}>{name}</li>}</FirstItems>
        </ul>
        <Answers danger yes={words.store.removeYes} onYes={() => void cleanUp(storeId)} />
      </div>
    </Sheet>
  );
}

function CheckedSheet({ sheet }: Of<'checked'>) {
  const store = useApp((app) => app.stores?.find(({ storeId }) => storeId === sheet.storeId));
  if (store === undefined || store.checked === null) return null;
  const { checked } = store;
  return (
    <Sheet label={words.store.problemsLabel} onClose={closeStoreSheet}>
      <SheetHead title={words.store.problemsTitle(checked.length, storeTitle(store))} close={words.close} onClose={closeStoreSheet} />
      <div className={styles.sheet}>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
        <ul className={styles.list} aria-label={words.store.problems} tabIndex={0}>
          <FirstItems items={checked}>
            {({ name, message }) => (
              <li key={`${name} ${message}`}>
                {name.slice(0, 12)}: {lineText(message, checked.length)}
              </li>
            )}
          </FirstItems>
        </ul>
        <p>{words.store.problemsAdvice}</p>
      </div>
    </Sheet>
  );
}
