import { useVirtualizer } from '@tanstack/react-virtual';
import { useRef } from 'react';
import type { ListingReport } from '#contract';
import { toHex, unescapePath } from '#model';
import { ErrorText, Notice } from '../../components/notice.tsx';
import { Size } from '../../components/size.tsx';
import { viewOfEntry } from '../../state/details/views.ts';
import { hintFor } from '../../state/plain-error.ts';
import { drawnText, titleText } from '../../words/cut.ts';
import { words } from '../../words/index.ts';
import { useApp } from '../use-app.ts';
import { useRequest } from '../use-request.ts';
import roll from './content-lines.module.css';
import styles from './content-tab.module.css';

/** Maximum number of entries listed. */
const MOST = 5_000;
const LINE_HEIGHT = 20;

/** Lists the entries of the selected file, if it is an archive itself, without unpacking it. */
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
      <Notice icon="error" title={words.details.archiveFailed} tone="error">
        <ErrorText error={answer.error} hint={hintFor(answer.error)} />
      </Notice>
    );
  }
  if (answer.state !== 'ready') return <Notice title={words.reading}>{words.details.archiveReading}</Notice>;
  const listing = answer.value;
  if (listing === null) return <Notice icon="file" title={words.details.archiveUnknown} />;
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
  const count = complete || problem !== null ? words.details.entries(entries.length) : words.details.firstEntries(entries.length);
  return (
    <>
      <p className={styles.listed}>
        {format} · {count}
        {problem === null ? '' : ` · ${problem}`}
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
      <section className={`${roll.view} selectable`} ref={scroller} tabIndex={0} aria-label={words.details.entriesLabel}>
        <ul className={roll.lines} style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const entry = entries[index];
            return entry === undefined ? null : (
              <li key={index} className={styles.entry} style={{ transform: `translateY(${start}px)` }}>
                <span className={styles.entryName} title={titleText(entry.name)}>
                  {drawnText(entry.name)}
                </span>
                {entry.type === 'file' ? (
                  <Size bytes={entry.size} />
                ) : (
                  <span className={styles.entryType}>{words.entryType(entry.type)}</span>
                )}
              </li>
            );
          })}
        </ul>
      </section>
    </>
  );
}
