import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState } from 'react';
import type { PathMatch, SearchReport } from '#contract';
import { displayPath, formatCount, unescapePath } from '#model';
import { Mark } from '../../components/mark.tsx';
import { ErrorText, Notice } from '../../components/notice.tsx';
import { Size } from '../../components/size.tsx';
import { useApp } from '../../state/app-state.ts';
import type { PlainError } from '../../state/changes/changes.ts';
import { goTo } from '../../state/choosing.ts';
import { hintFor, plainError } from '../../state/messages.ts';
import styles from './search-results.module.css';

const SHOWN = 2_000;
const ROW_HEIGHT = 28;

type Answer =
  | { readonly state: 'waiting' }
  | { readonly state: 'failed'; readonly error: PlainError }
  | { readonly state: 'ready'; readonly report: SearchReport };

/** Paths that the filter's text finds in any layer, each with the layers that touch it. */
export function SearchResults({ archiveId, image, text }: { archiveId: string; image: number; text: string }) {
  const client = useApp((app) => app.client);
  const [answer, setAnswer] = useState<Answer>({ state: 'waiting' });
  useEffect(() => {
    if (client === null || text === '') return;
    const control = new AbortController();
    // Every layer is gone through: that waits for a pause in the typing.
    const timer = setTimeout(() => {
      client.call('image.search', { archiveId, image, text, limit: SHOWN }, { signal: control.signal }).then(
        (report) => !control.signal.aborted && setAnswer({ state: 'ready', report }),
        (error: unknown) => !control.signal.aborted && setAnswer({ state: 'failed', error: plainError(error) }),
      );
    }, 120);
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [client, archiveId, image, text]);
  if (text === '') return <Notice icon="search" title="Type what to look for in all layers" />;
  if (answer.state === 'failed') {
    return (
      <Notice icon="error" title="The search failed" tone="error">
        <ErrorText error={answer.error} hint={hintFor(answer.error)} />
      </Notice>
    );
  }
  if (answer.state === 'waiting') return <div className={styles.list} role="status" aria-label="Searching" />;
  const { problem, matches, total } = answer.report;
  if (problem !== null || matches.length === 0) return <Notice icon="search" title={problem ?? 'No layer touches such a path'} />;
  return <Matches matches={matches} total={total} />;
}

function Matches({ matches, total }: { matches: readonly PathMatch[]; total: number }) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: matches.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
  });
  return (
    <>
      <p className={`number ${styles.count}`} role="status">
        {formatCount(total)} {total === 1 ? 'path' : 'paths'} in all layers
        {total > matches.length ? `, the first ${formatCount(matches.length)} are shown` : ''}
      </p>
      <div className={styles.list} ref={scroller}>
        <ul style={{ height: virtual.getTotalSize() }} className={styles.ground} aria-label="Paths in all layers">
          {virtual.getVirtualItems().map(({ index, start }) => {
            const match = matches[index];
            return match === undefined ? null : (
              <li key={match.path} className={styles.row} style={{ transform: `translateY(${start}px)` }}>
                <Match match={match} />
              </li>
            );
          })}
        </ul>
      </div>
    </>
  );
}

function Match({ match: { path, touches } }: { match: PathMatch }) {
  const last = touches.at(-1);
  const text = displayPath(unescapePath(path));
  return (
    <>
      <button type="button" className={styles.path} title={text} onClick={() => last !== undefined && goTo(last.layer, path)}>
        {text}
      </button>
      {last === undefined || last.size === 0 ? null : <Size bytes={last.size} className={styles.size} />}
      <span className={styles.touches}>
        {touches.map(({ layer, kind }) => (
          <button
            key={layer}
            type="button"
            className={`number ${styles.touch}`}
            title={`${kind} in layer ${layer}`}
            onClick={() => goTo(layer, path)}
          >
            <Mark name={kind} />
            <span className="visually-hidden"> in layer </span>
            {layer}
          </button>
        ))}
      </span>
    </>
  );
}
