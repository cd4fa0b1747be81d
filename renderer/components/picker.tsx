import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { lineText, titleText } from '../words/cut.ts';
import { words } from '../words/index.ts';
import { MoreItems, useFirst } from './first-items.tsx';
import { Icon } from './icons.tsx';
import { MiddleText } from './middle-text.tsx';
import styles from './picker.module.css';
import { Keys } from './sheet.tsx';

export interface PickerChoice {
  readonly id: string;
  readonly label: string;
  /** Whether the label is a path, which stays on one line and is cut in the middle, because its end is distinctive. */
  readonly isPath?: boolean;
  readonly detail?: ReactNode;
  /** Heading for a group of consecutive choices. */
  readonly group?: string;
  /** Whether the choice was found for text typed earlier, and may not match the current text. */
  readonly isEarlier?: boolean;
}

/** Maximum number of choices that are drawn at first. There are rarely more layers or images to choose from. Typing finds the others. */
const MOST = 500;

/** Maximum number of characters that stay visible at the end of a path. */
const PATH_END = 48;

/** A field and the choices that match its text: arrow keys move, Enter chooses. Source: WAI-ARIA, Combobox with list popup. */
export function Picker({
  label,
  placeholder,
  text,
  choices,
  empty,
  isSearching = false,
  onText,
  onChoose,
}: {
  label: string;
  placeholder: string;
  text: string;
  choices: readonly PickerChoice[];
  /** Shown instead of choices if there are none. */
  empty: string;
  /** Whether choices for the current text are still to come. Until then, Enter waits for the first of them. */
  isSearching?: boolean;
  onText: (text: string) => void;
  onChoose: (id: string) => void;
}) {
  const listId = useId();
  const field = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const [wanted, setWanted] = useState(0);
  /** Whether Enter was pressed before the choices for the current text arrived. */
  const [isEntered, setEntered] = useState(false);
  const { shown, left, onMore } = useFirst(choices, MOST);
  const at = Math.min(wanted, shown.length - 1);
  useEffect(() => field.current?.focus(), []);
  useEffect(() => {
    list.current?.querySelectorAll('[role="option"]')[at]?.scrollIntoView({ block: 'nearest' });
  }, [at]);
  const first = choices[0]?.id;
  useEffect(() => {
    if (!isEntered || isSearching) return;
    setEntered(false);
    if (first !== undefined) onChoose(first);
  }, [isEntered, isSearching, first, onChoose]);

  function onKeyDown(event: KeyboardEvent) {
    const last = shown.length - 1;
    const next = { ArrowDown: at >= last ? 0 : at + 1, ArrowUp: at <= 0 ? last : at - 1, PageDown: Math.min(last, at + 8), PageUp: at - 8 }[
      event.key
    ];
    const chosen = shown[at];
    // A choice reached with the arrow keys is accepted even if it was found for text typed earlier.
    const isPresent = chosen !== undefined && (at > 0 || chosen.isEarlier !== true);
    if (next !== undefined) {
      setWanted(Math.max(0, next));
      setEntered(false);
    } else if (event.key !== 'Enter' || event.nativeEvent.isComposing) return;
    else if (isPresent) onChoose(chosen.id);
    else setEntered(isSearching);
    event.preventDefault();
  }

  return (
    <>
      <div className={styles.top}>
        <Icon name="search" className={styles.icon ?? ''} />
        <input
          ref={field}
          className={styles.input}
          role="combobox"
          aria-label={label}
          aria-expanded="true"
          aria-controls={listId}
          aria-autocomplete="list"
          aria-activedescendant={at < 0 ? undefined : `${listId}-${at}`}
          spellCheck={false}
          autoComplete="off"
          placeholder={placeholder}
          value={text}
          onChange={({ currentTarget }) => {
            setWanted(0);
            setEntered(false);
            onText(currentTarget.value);
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <div className={styles.list} ref={list} id={listId} role="listbox" aria-label={label} tabIndex={-1}>
        {inGroups(shown).map(({ group, first, members }) => (
          <Group key={`${group} ${first}`} group={group} headingId={`${listId}-group-${first}`}>
            {members.map((choice, place) => {
              const index = first + place;
              return (
                // biome-ignore lint/a11y/useKeyWithClickEvents: the field handles the keys
                <div
                  key={choice.id}
                  id={`${listId}-${index}`}
                  className={styles.choice}
                  role="option"
                  tabIndex={-1}
                  aria-selected={index === at}
                  {...(left === 0 ? {} : { 'aria-setsize': choices.length, 'aria-posinset': index + 1 })}
                  onPointerMove={() => setWanted(index)}
                  onClick={() => onChoose(choice.id)}
                >
                  {choice.isPath === true ? (
                    <MiddleText className={styles.path} text={choice.label} mostTail={PATH_END} />
                  ) : (
                    <span className={styles.label}>{lineText(choice.label)}</span>
                  )}
                  {choice.detail === undefined ? null : <Detail>{choice.detail}</Detail>}
                </div>
              );
            })}
          </Group>
        ))}
      </div>
      <MoreItems left={left} onMore={onMore} />
      <p className={choices.length === 0 ? styles.empty : 'visually-hidden'} role="status">
        {choices.length === 0 ? empty : words.choices(choices.length)}
      </p>
      <p className={styles.hints} aria-hidden="true">
        <span>
          <Keys keys={['↵']} /> {words.choose}
        </span>
        <span>
          <Keys keys={[words.keys.escape]} /> {words.close}
        </span>
      </p>
    </>
  );
}

function Detail({ children }: { children: ReactNode }) {
  if (typeof children !== 'string') return <span className={styles.detail}>{children}</span>;
  return (
    <span className={styles.detail} title={titleText(children)}>
      {lineText(children)}
    </span>
  );
}

interface ChoiceGroup {
  readonly group: string | undefined;
  /** Index of the group's first choice among all choices. */
  readonly first: number;
  readonly members: readonly PickerChoice[];
}

function inGroups(choices: readonly PickerChoice[]): readonly ChoiceGroup[] {
  const starts = choices.flatMap(({ group }, index) => (index === 0 || group !== choices[index - 1]?.group ? [index] : []));
  return starts.map((first, at) => ({ group: choices[first]?.group, first, members: choices.slice(first, starts[at + 1]) }));
}

function Group({ group, headingId, children }: { group: string | undefined; headingId: string; children: ReactNode }) {
  if (group === undefined) return children;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a listbox can't contain a fieldset
    <div role="group" aria-labelledby={headingId}>
      <div id={headingId} className={styles.group} role="presentation">
        {group}
      </div>
      {children}
    </div>
  );
}
