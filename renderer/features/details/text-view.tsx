import { type KeyboardEvent, type ReactNode, useEffect, useMemo, useState } from 'react';
import { IconButton } from '../../components/button.tsx';
import { Icon } from '../../components/icons.tsx';
import { setLayout } from '../../state/app-state.ts';
import { findText } from '../../state/details/find-text.ts';
import type { Token } from '../../state/details/highlight.ts';
import { highlight } from '../../state/details/highlighting.ts';
import { languageOf } from '../../state/details/languages.ts';
import { type TextLine, textLines } from '../../state/details/preview.ts';
import { words } from '../../words/index.ts';
import { useApp } from '../use-app.ts';
import roll from './content-lines.module.css';
import styles from './content-tab.module.css';
import { useLines } from './use-lines.ts';

/** Returns the highlighted lines; null until they are ready, for an unknown language, and for text that stays plain. */
function useHighlighted(lines: readonly TextLine[]): readonly (readonly Token[])[] | null {
  const path = useApp((app) => app.selection.path) ?? '';
  const [done, setDone] = useState<{ lines: readonly TextLine[]; tokens: readonly (readonly Token[])[] } | null>(null);
  useEffect(() => {
    const language = languageOf(path, lines[0]?.text ?? '');
    if (language === null) return;
    const texts = lines.map(({ text }) => text);
    return highlight(texts, language, (tokens) => setDone({ lines, tokens }));
  }, [lines, path]);
  return done?.lines === lines ? done.tokens : null;
}

/** Text with numbered lines and a search field. `views`: the choice of other views of the content, at the right end of the tools. */
export function TextView({ bytes, views }: { bytes: Uint8Array; views: ReactNode }) {
  const wraps = useApp((app) => app.layout.wraps);
  const lines = useMemo(() => textLines(bytes), [bytes]);
  const highlighted = useHighlighted(lines);
  const [wanted, setWanted] = useState('');
  const found = useMemo(() => findText(lines, wanted), [lines, wanted]);
  const [at, setAt] = useState(0);
  const { scroller, virtual, place } = useLines({ count: lines.length, wraps });
  const longest = useMemo(
    () => lines.reduce((most, { text }) => Math.max(most, text.length + (text.includes('\t') ? 8 * text.split('\t').length : 0)), 0),
    [lines],
  );
  const digits = String(lines.at(-1)?.number ?? lines.length).length;
  const show = (index: number) => {
    if (found.length === 0) return;
    const next = (index + found.length) % found.length;
    setAt(next);
    virtual.scrollToIndex(found[next] as number, { align: 'center' });
  };
  const search = (text: string) => {
    setWanted(text);
    setAt(0);
    const [first] = findText(lines, text);
    if (first !== undefined) virtual.scrollToIndex(first, { align: 'center' });
  };
  const view = wraps ? `${roll.view} ${styles.wraps}` : roll.view;
  return (
    <>
      <Tools
        wanted={wanted}
        found={found.length}
        at={at}
        wraps={wraps}
        views={views}
        onSearch={search}
        onStep={(step) => show(at + step)}
      />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
      <section className={`${view} selectable`} ref={scroller} tabIndex={0} aria-label={words.details.fileText}>
        <div
          className={roll.lines}
          style={{ height: virtual.getTotalSize(), ...(wraps ? {} : { width: `calc(${longest + digits + 4}ch + 24px)` }) }}
        >
          {virtual.getVirtualItems().map(({ index, start }) => {
            const line = lines[index];
            if (line === undefined) return null;
            const isCurrent = found[at] === index;
            return (
              <div key={index} className={`${roll.line} ${styles.line} ${isCurrent ? styles.current : ''}`} {...place(index, start)}>
                <span className={styles.number} style={{ width: `${digits + 1}ch` }} data-number={line.number ?? '↪'} />
                <span className={styles.text}>{marked(line.text, wanted) ?? highlighted?.[index]?.map(drawToken) ?? line.text}</span>
              </div>
            );
          })}
        </div>
      </section>
    </>
  );
}

function Tools({
  wanted,
  found,
  at,
  wraps,
  views,
  onSearch,
  onStep,
}: {
  wanted: string;
  /** Number of lines that contain the searched text. */
  found: number;
  at: number;
  wraps: boolean;
  views: ReactNode;
  onSearch: (text: string) => void;
  onStep: (step: 1 | -1) => void;
}) {
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter') onStep(event.shiftKey ? -1 : 1);
    else if (event.key === 'Escape' && wanted !== '') onSearch('');
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className={styles.tools}>
      <label className={styles.find}>
        <Icon name="search" size={12} className={styles.findIcon ?? ''} />
        <span className="visually-hidden">{words.details.findLabel}</span>
        <input
          className={styles.findInput}
          type="search"
          spellCheck={false}
          autoComplete="off"
          placeholder={words.details.findPlaceholder}
          value={wanted}
          onChange={({ currentTarget }) => onSearch(currentTarget.value)}
          onKeyDown={onKeyDown}
        />
      </label>
      <span className={`number ${styles.found}`} role="status">
        {wanted === '' ? '' : words.details.foundLines(found === 0 ? 0 : at + 1, found)}
      </span>
      {wanted === '' ? null : (
        <>
          <IconButton small label={words.details.previousMatch} icon="chevronUp" disabled={found === 0} onPress={() => onStep(-1)} />
          <IconButton small label={words.details.nextMatch} icon="chevronDown" disabled={found === 0} onPress={() => onStep(1)} />
        </>
      )}
      <span className={styles.toolsEnd}>
        <IconButton small label={words.details.wrapLines} icon="wrap" pressed={wraps} onPress={() => setLayout({ wraps: !wraps })} />
        {views}
      </span>
    </div>
  );
}

/** Returns the text with every occurrence of `wanted` marked; null if there is none. */
function marked(text: string, wanted: string): ReactNode {
  if (wanted === '') return null;
  const [plain, lower] = [text.toLowerCase(), wanted.toLowerCase()];
  // Some letters change length in lower case, which shifts all positions. Such a line is left unmarked.
  if (plain.length !== text.length || !plain.includes(lower)) return null;
  const parts: ReactNode[] = [];
  let from = 0;
  for (let at = plain.indexOf(lower); at >= 0; at = plain.indexOf(lower, from)) {
    parts.push(text.slice(from, at), <mark key={at}>{text.slice(at, at + lower.length)}</mark>);
    from = at + lower.length;
  }
  parts.push(text.slice(from));
  return parts;
}

function drawToken({ text, kind }: Token, at: number) {
  return kind === null ? (
    text
  ) : (
    <span key={at} className={styles[kind]}>
      {text}
    </span>
  );
}
