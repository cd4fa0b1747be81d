import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState } from 'react';
import type { ListingReport } from '#contract';
import { formatCount, toHex, unescapePath } from '#model';
import { ErrorText, Notice } from '../../components/notice.tsx';
import { Size } from '../../components/size.tsx';
import { connectedClient, useApp } from '../../state/app-state.ts';
import type { PlainError } from '../../state/changes/changes.ts';
import { viewOfEntry } from '../../state/loading.ts';
import { hintFor, plainError } from '../../state/messages.ts';
import styles from './content-tab.module.css';

/** As many entries as are asked for: more are a number. */
const MOST = 5_000;
const LINE_HEIGHT = 20;

type State = { listing: ListingReport | null } | { error: PlainError } | null;

/** What the chosen file, an archive itself, holds. Nothing of it is unpacked. */
export function ArchiveList() {
  const selection = useApp((app) => app.selection);
  const details = useApp((app) => (app.details.details.state === 'ready' ? app.details.details.value : null));
  const [state, setState] = useState<State>(null);
  useEffect(() => {
    if (details === null || selection.path === null) return;
    const view = viewOfEntry(details, selection);
    if (view === null) return;
    const control = new AbortController();
    const entry = { ...view, pathHex: toHex(unescapePath(selection.path)), limit: MOST };
    setState(null);
    connectedClient()
      .then((client) => client.call('entry.listing', entry, { signal: control.signal }))
      .then(
        (reply) => control.signal.aborted || setState(reply),
        (error: unknown) => control.signal.aborted || setState({ error: plainError(error) }),
      );
    return () => control.abort();
  }, [details, selection]);
  if (state === null) return <Notice title="Reading…">An archive is read up to its end, or its list.</Notice>;
  if ('error' in state)
    return (
      <Notice icon="error" title="The archive could not be read" tone="error">
        <ErrorText error={state.error} hint={hintFor(state.error)} />
      </Notice>
    );
  if (state.listing === null) return <Notice icon="file" title="Packed, and no archive that is known here" />;
  return <Entries listing={state.listing} />;
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
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls is reached by the keyboard */}
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
