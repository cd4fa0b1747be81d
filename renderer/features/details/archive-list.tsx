import { useVirtualizer } from '@tanstack/react-virtual';
import { useRef } from 'react';
import type { ListingReport } from '#contract';
import { formatCount, toHex, unescapePath } from '#model';
import { ErrorText, Notice } from '../../components/notice.tsx';
import { Size } from '../../components/size.tsx';
import { viewOfEntry } from '../../state/details/views.ts';
import { hintFor } from '../../state/plain-error.ts';
import { WORDS } from '../../state/words.ts';
import { useApp } from '../use-app.ts';
import { useRequest } from '../use-request.ts';
import styles from './content-tab.module.css';

/** Entries listed at most. */
const MOST = 5_000;
const LINE_HEIGHT = 20;

/** What the selected file holds where it is an archive itself. Nothing is unpacked. */
export function ArchiveList() {
  const selection = useApp((app) => app.selection);
  const details = useApp((app) => (app.details.details.state === 'ready' ? app.details.details.value : null));
  const view = details === null || selection.path === null ? null : viewOfEntry(details, selection);
  const entry = view === null || selection.path === null ? null : { ...view, pathHex: toHex(unescapePath(selection.path)), limit: MOST };
  const answer = useRequest(entry === null ? null : JSON.stringify(entry), async (client, signal) =>
    entry === null ? null : (await client.call('entry.listing', entry, { signal })).listing,
  );
  if (answer.state === 'failed') {
    return (
      <Notice icon="error" title="Could not read the archive" tone="error">
        <ErrorText error={answer.error} hint={hintFor(answer.error)} />
      </Notice>
    );
  }
  if (answer.state !== 'ready') return <Notice title={WORDS.reading}>An archive is read to its end or to its index.</Notice>;
  const listing = answer.value;
  if (listing === null) return <Notice icon="file" title="Compressed, but not an archive of a known format" />;
  return <Entries listing={listing} />;
}

function Entries({ listing: { format, entries, complete, problem } }: { listing: ListingReport }) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: entries.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_HEIGHT,
    overscan: 20,
  });
  const count = `${complete || problem !== null ? '' : 'first '}${formatCount(entries.length)} ${entries.length === 1 ? 'entry' : 'entries'}`;
  return (
    <>
      <p className={styles.listed}>
        {format} · {count}
        {problem === null ? '' : ` · ${problem}`}
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
      <section className={`${styles.view} selectable`} ref={scroller} tabIndex={0} aria-label="Entries of the archive">
        <ul className={styles.lines} style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const entry = entries[index];
            return entry === undefined ? null : (
              <li key={index} className={styles.entry} style={{ transform: `translateY(${start}px)` }}>
                <span className={styles.entryName} title={entry.name}>
                  {entry.name}
                </span>
                {entry.type === 'file' ? <Size bytes={entry.size} /> : <span className={styles.entryType}>{entry.type}</span>}
              </li>
            );
          })}
        </ul>
      </section>
    </>
  );
}
