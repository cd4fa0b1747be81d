import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { EntryDetails } from '#contract';
import { displayText, formatSize, toHex, unescapePath } from '#model';
import { Button } from '../../components/button.tsx';
import { ErrorText, Notice } from '../../components/notice.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { Size } from '../../components/size.tsx';
import { dispatchDetails } from '../../state/app-state.ts';
import { showInView } from '../../state/choosing.ts';
import type { DetailsState, LoadedContent } from '../../state/details/details.ts';
import type { Token } from '../../state/details/highlight.ts';
import { languageOf } from '../../state/details/languages.ts';
import { loadMore, retryDetails } from '../../state/details/load-details.ts';
import { IMAGE_LIMIT_BYTES, mayBeArchive, previewKind, type TextLine, textLines } from '../../state/details/preview.ts';
import { viewBefore, viewOfEntry } from '../../state/details/views.ts';
import { hintFor } from '../../state/plain-error.ts';
import { WORDS } from '../../state/words.ts';
import { useApp } from '../use-app.ts';
import { ArchiveList } from './archive-list.tsx';
import { ContentDiff } from './content-diff.tsx';
import styles from './content-tab.module.css';
import { HexView } from './hex-view.tsx';

/** The list has a single row for a removed folder, so a button leads to what it held. */
function FolderNotice({ details }: { details: EntryDetails }) {
  const selection = useApp((app) => app.selection);
  const view = viewOfEntry(details, selection);
  if (details.now !== null || view === null) {
    return (
      <Notice icon="folder" title="Folder">
        Its contents are in the list.
      </Notice>
    );
  }
  const where = selection.mode === 'compare' ? 'side A' : `layer ${view.layer}`;
  return (
    <Notice icon="folder" title={selection.mode === 'compare' ? 'Folder only in side A' : 'Removed folder'}>
      <Button onPress={() => showInView(view)}>Show its contents at {where}</Button>
    </Notice>
  );
}

/** A file as text, picture or bytes; for anything else, what it is. */
export function ContentTab({ state, details }: { state: DetailsState; details: EntryDetails }) {
  const entry = details.now ?? details.before;
  if (entry === null) return <Notice title={WORDS.notAtLayer} />;
  if (entry.type === 'directory') return <FolderNotice details={details} />;
  if (entry.type === 'symlink') {
    return (
      <Notice icon="link" title="Symbolic link">
        <code className="selectable">{displayText(entry.linkname ?? '')}</code>
      </Notice>
    );
  }
  if (entry.type !== 'file' && entry.type !== 'hardlink') {
    return (
      <Notice icon="device" title={entry.type === 'fifo' ? 'Named pipe' : `${entry.type === 'block' ? 'Block' : 'Character'} device`} />
    );
  }
  const { content } = state;
  if (content.state === 'failed') {
    return (
      <Notice icon="error" title={WORDS.contentFailed} tone="error">
        <ErrorText error={content.error} hint={hintFor(content.error)} />
        <p className={styles.again}>
          <Button icon="retry" onPress={retryDetails}>
            {WORDS.tryAgain}
          </Button>
        </p>
      </Notice>
    );
  }
  if (content.state !== 'ready') return <Waiting />;
  const diff = (entry.type === 'file' || entry.type === 'hardlink') && details.now !== null && details.before?.type === entry.type;
  return <Loaded key={state.key} content={content.value} showAs={state.showAs} removed={details.now === null} diff={diff} />;
}

/** The file compared with the one below it, or with side A. */
function Diff() {
  const selection = useApp((app) => app.selection);
  const { archiveId, image, to, path } = selection;
  const a = viewBefore(selection);
  if (archiveId === null || path === null || a === null) return null;
  return <ContentDiff a={a} b={{ archiveId, image, layer: to }} pathHex={toHex(unescapePath(path))} />;
}

/** Stays empty at first, so that fast reads don't flicker. */
function Waiting() {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 250);
    return () => clearTimeout(timer);
  }, []);
  return late ? <Notice title={WORDS.reading}>The first time, a compressed layer is unpacked up to this file.</Notice> : null;
}

function Loaded({
  content,
  showAs,
  removed,
  diff,
}: {
  content: LoadedContent;
  showAs: DetailsState['showAs'];
  removed: boolean;
  /** Whether there is a file to compare with. */
  diff: boolean;
}) {
  const compares = useApp((app) => app.selection.mode === 'compare');
  const { bytes, totalBytes, more } = content;
  const complete = bytes.length >= totalBytes;
  const kind = useMemo(() => previewKind(bytes, complete), [bytes, complete]);
  const archive = useMemo(() => mayBeArchive(bytes), [bytes]);
  if (totalBytes === 0 && !diff) return <Notice icon="file" title="Empty file" />;
  const picture = kind !== 'text' && kind !== 'hex' && totalBytes <= IMAGE_LIMIT_BYTES;
  const chosen = showAs === 'auto' && compares && diff ? 'diff' : showAs === 'diff' && !diff ? 'auto' : showAs;
  const first = archive ? 'archive' : kind === 'text' ? 'text' : picture ? 'image' : 'hex';
  const shown = chosen === 'auto' ? first : chosen;
  const auto = archive ? 'Archive' : picture ? 'Image' : null;
  const options = [
    ...(auto === null ? [] : [{ value: 'auto', label: auto } as const]),
    { value: 'text', label: 'Text' },
    { value: 'hex', label: 'Hex' },
    ...(diff ? [{ value: 'diff', label: 'Diff' } as const] : []),
  ] as const;
  return (
    <>
      <div className={styles.bar}>
        <span className={styles.note}>
          {removed ? `from layer ${content.layer} · ` : ''}
          {complete ? (
            <Size bytes={totalBytes} />
          ) : (
            <span className="number">{`first ${formatSize(bytes.length)} of ${formatSize(totalBytes)}`}</span>
          )}
        </span>
        <Segmented
          small
          label="Show as"
          value={shown === 'image' || shown === 'archive' ? 'auto' : shown}
          options={options}
          onChange={(value) => dispatchDetails({ type: 'shownAs', showAs: value })}
        />
      </div>
      {shown === 'archive' ? (
        <ArchiveList />
      ) : shown === 'text' ? (
        <TextView bytes={bytes} />
      ) : shown === 'diff' ? (
        <Diff />
      ) : shown === 'hex' ? (
        <HexView bytes={bytes} label="File bytes" />
      ) : (
        <Picture bytes={bytes} kind={kind} complete={complete} />
      )}
      {more === 'none' || shown === 'image' || shown === 'archive' || shown === 'diff' ? null : (
        <div className={styles.more}>
          {content.moreError === null ? null : <span className={styles.failed}>{content.moreError.message}</span>}
          <Button onPress={() => void loadMore()} disabled={more === 'loading'}>
            {more === 'loading' ? WORDS.loading : 'Load more'}
          </Button>
        </div>
      )}
    </>
  );
}

const LINE_HEIGHT = 18;

/** Longer texts aren't highlighted: that works on the whole text, and would block the page. */
const HIGHLIGHTED_LETTERS = 100_000;

/** Highlighted lines, once the highlighter is loaded; null for an unknown language or a text that is too long. */
function useHighlighted(lines: readonly TextLine[]): readonly (readonly Token[])[] | null {
  const path = useApp((app) => app.selection.path) ?? '';
  const [done, setDone] = useState<{ lines: readonly TextLine[]; tokens: readonly (readonly Token[])[] } | null>(null);
  useEffect(() => {
    const language = languageOf(path, lines[0]?.text ?? '');
    const letters = lines.reduce((sum, { text }) => sum + text.length, 0);
    if (language === null || letters > HIGHLIGHTED_LETTERS) return;
    let current = true;
    import('../../state/details/highlight.ts').then(
      ({ highlightLines }) => {
        if (!current) return;
        const texts = lines.map(({ text }) => text);
        setDone({ lines, tokens: highlightLines(texts, language) });
      },
      () => {}, // Plain text will do.
    );
    return () => {
      current = false;
    };
  }, [lines, path]);
  return done?.lines === lines ? done.tokens : null;
}

function TextView({ bytes }: { bytes: Uint8Array }) {
  const lines = useMemo(() => textLines(bytes), [bytes]);
  const highlighted = useHighlighted(lines);
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_HEIGHT,
    overscan: 20,
  });
  const longest = useMemo(
    () => lines.reduce((most, { text }) => Math.max(most, text.length + (text.includes('\t') ? 8 * text.split('\t').length : 0)), 0),
    [lines],
  );
  const digits = String(lines.at(-1)?.number ?? lines.length).length;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className={`${styles.view} selectable`} ref={scroller} tabIndex={0} aria-label="File text">
      <div className={styles.lines} style={{ height: virtual.getTotalSize(), width: `calc(${longest + digits + 4}ch + 24px)` }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const line = lines[index];
          if (line === undefined) return null;
          return (
            <div key={index} className={styles.line} style={{ transform: `translateY(${start}px)` }}>
              <span className={styles.number} style={{ width: `${digits + 1}ch` }} data-number={line.number ?? '↪'} />
              <span className={styles.text}>{highlighted?.[index]?.map(drawToken) ?? line.text}</span>
            </div>
          );
        })}
      </div>
    </section>
  );
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

function Picture({ bytes, kind, complete }: { bytes: Uint8Array; kind: string; complete: boolean }) {
  const [shown, setShown] = useState<{ url: string; size: string } | null>(null);
  const [broken, setBroken] = useState(false);
  useEffect(() => {
    if (!complete) return;
    const url = URL.createObjectURL(new Blob([bytes.slice()], { type: `image/${kind}` }));
    setShown({ url, size: '' });
    setBroken(false);
    return () => URL.revokeObjectURL(url);
  }, [bytes, kind, complete]);
  if (broken)
    return (
      <Notice icon="warning" title="Damaged picture">
        Choose Hex to see its bytes.
      </Notice>
    );
  if (shown === null) return <Waiting />;
  return (
    <div className={styles.picture}>
      <img
        className={styles.image}
        src={shown.url}
        alt="File preview"
        onError={() => setBroken(true)}
        onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) => setShown({ ...shown, size: `${naturalWidth} × ${naturalHeight}` })}
      />
      <p className={styles.note}>{shown.size}</p>
    </div>
  );
}
