import { useVirtualizer } from '@tanstack/react-virtual';
import { useRef, useState } from 'react';
import type { PathMatch } from '#contract';
import { displayPath, unescapePath } from '#model';
import { Button } from '../../components/button.tsx';
import { Mark } from '../../components/mark.tsx';
import { MarkedText } from '../../components/match-text.tsx';
import { ErrorText, Notice } from '../../components/notice.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { Size } from '../../components/size.tsx';
import { matchInPath } from '../../state/changes/row-text.ts';
import { goTo } from '../../state/choosing.ts';
import { hintFor } from '../../state/plain-error.ts';
import { words } from '../../words/index.ts';
import { formatSize } from '../../words/numbers.ts';
import { useRequest } from '../use-request.ts';
import styles from './search-results.module.css';

const SHOWN = 2_000;
const ROW_HEIGHT = 28;

type Order = 'best' | 'size';

const ORDERS = (['best', 'size'] as const).map((value) => ({ value, label: words.changes.foundOrders[value] }));

/** How long, in ms, typing must pause before a search, which goes through every layer. */
const SEARCH_AFTER = 120;

/** Paths in any layer that match the filter's text, each with the layers that touch it. */
export function SearchResults({ archiveId, image, text }: { archiveId: string; image: number; text: string }) {
  const [order, setOrder] = useState<Order>('best');
  const [similarTo, setSimilarTo] = useState('');
  const scattered = text === similarTo;
  const answer = useRequest(
    text === '' ? null : `${archiveId}/${image}/${order}/${scattered}/${text}`,
    (client, signal) => client.call('image.search', { archiveId, image, text, limit: SHOWN, order, scattered }, { signal }),
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
  const { problem, matches, total, bytes } = answer.value;
  if (problem !== null) return <Notice icon="search" title={problem} />;
  if (matches.length === 0) {
    return (
      <Notice icon="search" title={words.changes.noPath}>
        {scattered ? null : (
          <Button kind="quiet" onPress={() => setSimilarTo(text)}>
            {words.changes.showSimilarPaths}
          </Button>
        )}
      </Notice>
    );
  }
  return <Matches text={text} matches={matches} total={total} bytes={bytes} order={order} onOrder={setOrder} />;
}

function Matches({
  text,
  matches,
  total,
  bytes,
  order,
  onOrder,
}: {
  /** What was searched for. */
  text: string;
  matches: readonly PathMatch[];
  total: number;
  /** Total bytes of everything that was found. */
  bytes: number;
  order: Order;
  onOrder: (order: Order) => void;
}) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: matches.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
  });
  return (
    <>
      <div className={styles.count}>
        <p className={`number ${styles.sum}`} role="status">
          {words.changes.found(total, formatSize(bytes), matches.length)}
        </p>
        <Segmented small label={words.changes.foundOrder} value={order} options={ORDERS} onChange={onOrder} />
      </div>
      <div className={styles.list} ref={scroller}>
        <ul style={{ height: virtual.getTotalSize() }} className={styles.ground} aria-label={words.changes.foundLabel}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const match = matches[index];
            return match === undefined ? null : (
              <li key={match.path} className={styles.row} style={{ transform: `translateY(${start}px)` }}>
                <Match match={match} wanted={text} />
              </li>
            );
          })}
        </ul>
      </div>
    </>
  );
}

/** Maximum number of layers listed after a path: as many as an engine allows an image to have. */
const MOST_TOUCHES = 127;

function Match({ match: { path, size, touches: all }, wanted }: { match: PathMatch; wanted: string }) {
  const last = all.at(-1);
  // Keep the newest touches, because pressing the path goes to the last one.
  const touches = all.slice(-MOST_TOUCHES);
  const text = displayPath(unescapePath(path));
  return (
    <>
      <button type="button" className={styles.path} title={text} onClick={() => last !== undefined && goTo(last.layer, path)}>
        <bdi dir="ltr">
          <MarkedText text={text} part={matchInPath(text, wanted)} />
        </bdi>
      </button>
      {size === 0 ? null : <Size bytes={size} className={styles.size} />}
      <span className={styles.touches}>
        {all.length > touches.length ? words.andMore(all.length - touches.length) : null}
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
