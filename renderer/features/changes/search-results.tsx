import { useVirtualizer } from '@tanstack/react-virtual';
import { useRef } from 'react';
import type { PathMatch } from '#contract';
import { displayPath, unescapePath } from '#model';
import { Mark } from '../../components/mark.tsx';
import { ErrorText, Notice } from '../../components/notice.tsx';
import { Size } from '../../components/size.tsx';
import { goTo } from '../../state/choosing.ts';
import { hintFor } from '../../state/plain-error.ts';
import { words } from '../../words/index.ts';
import { useRequest } from '../use-request.ts';
import styles from './search-results.module.css';

const SHOWN = 2_000;
const ROW_HEIGHT = 28;

/** How long, in ms, typing must pause before a search, which goes through every layer. */
const SEARCH_AFTER = 120;

/** Paths in any layer that match the filter's text, each with the layers that touch it. */
export function SearchResults({ archiveId, image, text }: { archiveId: string; image: number; text: string }) {
  const answer = useRequest(
    text === '' ? null : `${archiveId}/${image}/${text}`,
    (client, signal) => client.call('image.search', { archiveId, image, text, limit: SHOWN }, { signal }),
    { delay: SEARCH_AFTER, keepsLast: true },
  );
  if (text === '') return <Notice icon="search" title={words.changes.typeToSearch} />;
  if (answer.state === 'failed') {
    return (
      <Notice icon="error" title={words.changes.searchFailed} tone="error">
        <ErrorText error={answer.error} hint={hintFor(answer.error)} />
      </Notice>
    );
  }
  if (answer.state !== 'ready') return <div className={styles.list} role="status" aria-label={words.changes.searching} />;
  const { problem, matches, total } = answer.value;
  if (problem !== null || matches.length === 0) return <Notice icon="search" title={problem ?? words.changes.noPath} />;
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
        {words.changes.found(total, matches.length)}
      </p>
      <div className={styles.list} ref={scroller}>
        <ul style={{ height: virtual.getTotalSize() }} className={styles.ground} aria-label={words.changes.foundLabel}>
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
        <bdi dir="ltr">{text}</bdi>
      </button>
      {last === undefined || last.size === 0 ? null : <Size bytes={last.size} className={styles.size} />}
      <span className={styles.touches}>
        {touches.map(({ layer, kind }) => (
          <button
            key={layer}
            type="button"
            className={`number ${styles.touch}`}
            title={words.changedIn[kind](layer)}
            onClick={() => goTo(layer, path)}
          >
            <Mark name={kind} />
            <span className="visually-hidden">{words.changes.inLayer}</span>
            {layer}
          </button>
        ))}
      </span>
    </>
  );
}
