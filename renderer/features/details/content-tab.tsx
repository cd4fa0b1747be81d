import { type ReactNode, useEffect, useMemo, useState } from 'react';
import type { EntryDetails } from '#contract';
import { displayText, toHex, unescapePath } from '#model';
import { Button } from '../../components/button.tsx';
import { ErrorText, Notice } from '../../components/notice.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { dispatchDetails, setLayout } from '../../state/app-state.ts';
import { showInView } from '../../state/choosing.ts';
import type { DetailsState, LoadedContent } from '../../state/details/details.ts';
import { diffOf } from '../../state/details/diff-of.ts';
import { loadMore, retryDetails } from '../../state/details/load-details.ts';
import { pictureSize } from '../../state/details/picture-size.ts';
import { IMAGE_LIMIT_BYTES, mayBeArchive, type PreviewKind, previewKind, textEncoding } from '../../state/details/preview.ts';
import { viewBefore, viewOfEntry } from '../../state/details/views.ts';
import { hintFor } from '../../state/plain-error.ts';
import { words } from '../../words/index.ts';
import { formatSize } from '../../words/numbers.ts';
import { useApp } from '../use-app.ts';
import { ArchiveList } from './archive-list.tsx';
import { ContentBar } from './content-bar.tsx';
import { ContentDiff } from './content-diff.tsx';
import styles from './content-tab.module.css';
import { FolderFacts } from './folder-facts.tsx';
import { HexView } from './hex-view.tsx';
import { Picture } from './picture.tsx';
import { TextView } from './text-view.tsx';

/** What a folder contains. The list shows a removed folder as a single row, so a button shows its former contents. */
function FolderNotice({ details }: { details: EntryDetails }) {
  const selection = useApp((app) => app.selection);
  const view = viewOfEntry(details, selection);
  if (view === null || selection.path === null) return <Notice icon="folder" title={words.details.folder} />;
  if (details.now !== null) return <FolderFacts path={selection.path} view={view} withHidden={selection.mode === 'image'} />;
  const compares = selection.mode === 'compare';
  return (
    <Notice icon="folder" title={compares ? words.details.folderOnlyInA : words.details.removedFolder}>
      <Button onPress={() => showInView(view)}>
        {compares ? words.details.showContentsAtA : words.details.showContentsAt(view.layer)}
      </Button>
    </Notice>
  );
}

/** Returns whether the selected file can be compared with another one, and whether their contents differ. */
function useDiff(details: EntryDetails): 'none' | 'same' | 'modified' {
  const table = useApp((app) => app.changes.table);
  const path = useApp((app) => app.selection.path);
  return useMemo(() => diffOf(details, table, path), [details, table, path]);
}

/** A file as text, picture or bytes; for anything else, a note on what it is. */
export function ContentTab({
  state,
  details,
  withSize = false,
}: {
  state: DetailsState;
  details: EntryDetails;
  /** Whether to show the file's size, because nothing around it does. */
  withSize?: boolean;
}) {
  const diff = useDiff(details);
  const entry = details.now ?? details.before;
  if (entry === null) return <Notice title={words.details.notAtLayer} />;
  if (entry.type === 'directory') return <FolderNotice details={details} />;
  if (entry.type === 'symlink') {
    return (
      <Notice icon="link" title={words.details.symlink}>
        <code className="selectable">{displayText(entry.linkname ?? '')}</code>
      </Notice>
    );
  }
  if (entry.type !== 'file' && entry.type !== 'hardlink') {
    const { fifo, block, character } = words.details;
    return <Notice icon="device" title={entry.type === 'fifo' ? fifo : entry.type === 'block' ? block : character} />;
  }
  const { content } = state;
  if (content.state === 'failed') {
    return (
      <Notice icon="error" title={words.details.contentFailed} tone="error">
        <ErrorText error={content.error} hint={hintFor(content.error)} />
        <p className={styles.again}>
          <Button icon="retry" onPress={retryDetails}>
            {words.tryAgain}
          </Button>
        </p>
      </Notice>
    );
  }
  if (content.state !== 'ready') return <Waiting />;
  return (
    <Loaded
      key={state.key}
      content={content.value}
      showAs={state.showAs}
      removedFrom={details.now === null ? entry.layer : null}
      diff={diff}
      withSize={withSize}
    />
  );
}

/** A picture that is drawn once it is completely loaded. */
function WholePicture({ bytes, kind, complete }: { bytes: Uint8Array; kind: PreviewKind; complete: boolean }) {
  const size = useMemo(() => pictureSize(bytes, kind), [bytes, kind]);
  return complete ? <Picture bytes={bytes} kind={kind} size={size} /> : <Waiting />;
}

/** Compares the file with its previous version, or with side A. */
function Diff(bar: { note: string; views: ReactNode }) {
  const selection = useApp((app) => app.selection);
  const { archiveId, image, to, path } = selection;
  const a = viewBefore(selection);
  if (archiveId === null || path === null || a === null) return null;
  return <ContentDiff a={a} b={{ archiveId, image, layer: to }} pathHex={toHex(unescapePath(path))} {...bar} />;
}

/** A placeholder that is empty at first, so that fast reads don't flicker. */
function Waiting() {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 250);
    return () => clearTimeout(timer);
  }, []);
  return late ? <Notice title={words.reading}>{words.details.unpacking}</Notice> : null;
}

function Loaded({
  content,
  showAs,
  removedFrom,
  diff,
  withSize,
}: {
  content: LoadedContent;
  showAs: DetailsState['showAs'];
  /** The layer that wrote the content, if the path has been removed since. */
  removedFrom: number | null;
  /** Whether there is a file to compare with, and whether its content differs. */
  diff: 'none' | 'same' | 'modified';
  withSize: boolean;
}) {
  const compares = useApp((app) => app.selection.mode === 'compare');
  const modifiedAs = useApp((app) => app.layout.modifiedAs);
  const { bytes, totalBytes, more } = content;
  const complete = bytes.length >= totalBytes;
  const kind = useMemo(() => previewKind(bytes, complete), [bytes, complete]);
  const encoding = useMemo(() => (kind === 'text' ? textEncoding(bytes, complete) : null), [bytes, complete, kind]);
  const archive = useMemo(() => mayBeArchive(bytes), [bytes]);
  if (totalBytes === 0 && diff === 'none') return <Notice icon="file" title={words.details.emptyFile} />;
  const picture = kind !== 'text' && kind !== 'hex' && totalBytes <= IMAGE_LIMIT_BYTES;
  const first = archive ? 'archive' : kind === 'text' ? 'text' : picture ? 'image' : 'hex';
  const opensDiff = diff === 'modified' && modifiedAs === 'diff' && (compares || kind === 'text' || picture);
  const chosen = showAs === 'auto' && opensDiff ? 'diff' : showAs === 'diff' && diff === 'none' ? 'auto' : showAs;
  const shown = chosen === 'auto' || chosen === 'own' ? first : chosen;
  const own = archive ? words.details.views.archive : picture ? words.details.views.image : null;
  const options = [
    ...(own === null ? [] : [{ value: 'own', label: own } as const]),
    { value: 'text', label: words.details.views.text },
    { value: 'hex', label: words.details.views.hex },
    ...(diff === 'none' ? [] : [{ value: 'diff', label: words.details.views.diff } as const]),
  ] as const;
  /** Shows the content as chosen, and remembers the choice for the next modified file. */
  const choose = (value: (typeof options)[number]['value']) => {
    dispatchDetails({ type: 'shownAs', showAs: value });
    if (diff === 'modified' && value !== 'hex') setLayout({ modifiedAs: value === 'diff' ? 'diff' : 'content' });
  };
  const notes = [
    removedFrom === null ? '' : compares ? words.details.fromSideA(removedFrom) : words.details.fromLayer(removedFrom),
    // A diff has its own note on how much of the files it compares.
    complete ? (withSize ? formatSize(totalBytes) : '') : shown === 'diff' ? '' : words.details.firstOf(bytes.length, totalBytes),
    encoding === null || encoding === 'utf-8' ? '' : words.details.encodings[encoding],
  ];
  const note = words.details.notes(notes);
  const views = (
    <Segmented
      small
      label={words.details.showAs}
      value={shown === 'image' || shown === 'archive' ? 'own' : shown}
      options={options}
      onChange={choose}
    />
  );
  return (
    <>
      {shown === 'diff' || (shown === 'text' && note === '') ? null : <ContentBar note={note} views={shown === 'text' ? null : views} />}
      {shown === 'archive' ? (
        <ArchiveList />
      ) : shown === 'text' ? (
        <TextView bytes={bytes} views={views} />
      ) : shown === 'diff' ? (
        <Diff note={note} views={views} />
      ) : shown === 'hex' ? (
        <HexView bytes={bytes} label={words.details.fileBytes} />
      ) : (
        <WholePicture bytes={bytes} kind={kind} complete={complete} />
      )}
      {more === 'none' || shown === 'image' || shown === 'archive' || shown === 'diff' ? null : (
        <div className={styles.more}>
          {content.moreError === null ? null : <span className={styles.failed}>{content.moreError.message}</span>}
          <Button onPress={() => void loadMore()} disabled={more === 'loading'}>
            {more === 'loading' ? words.loading : words.details.loadMore}
          </Button>
        </div>
      )}
    </>
  );
}
