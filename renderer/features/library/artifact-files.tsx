import { useState } from 'react';
import { type ArtifactFileReport, CONTENT_PAGE_BYTES, type ContentPage } from '#contract';
import { type ArtifactReport, displayText, shortDigest } from '#model';
import { FirstItems } from '../../components/first-items.tsx';
import { ErrorText } from '../../components/notice.tsx';
import { Sheet, SheetHead } from '../../components/sheet.tsx';
import { artifactTitle } from '../../state/library.ts';
import { hintFor } from '../../state/plain-error.ts';
import { drawnText, lineText, titleText } from '../../words/cut.ts';
import { words } from '../../words/index.ts';
import { formatSize } from '../../words/numbers.ts';
import { HexView } from '../details/hex-view.tsx';
import { useRequest } from '../use-request.ts';
import styles from './artifact-files.module.css';

/** The files of an artifact, each of which can be viewed. They are listed when the user asks for them. */
export function ArtifactFiles({ archiveId, artifact }: { archiveId: string; artifact: ArtifactReport }) {
  const [isOpen, setOpen] = useState(false);
  const [shown, setShown] = useState<number | null>(null);
  const { index } = artifact;
  const answer = useRequest(isOpen ? `${archiveId}/${index}` : null, (client, signal) =>
    client.call('artifact.files', { archiveId, artifact: index }, { signal }),
  );
  const files = answer.state === 'ready' ? answer.value.files : [];
  const file = shown === null ? undefined : files[shown];
  return (
    <details className={styles.files} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary aria-label={words.origin.filesOf(artifactTitle(artifact))}>{words.origin.labels.files}</summary>
      {answer.state === 'failed' ? <ErrorText error={answer.error} hint={hintFor(answer.error)} /> : null}
      <ul aria-label={words.origin.filesOf(artifactTitle(artifact))}>
        <FirstItems items={files}>
          {(each, at) => (
            <li key={at}>
              {each.isHere ? (
                <button
                  type="button"
                  className={styles.file}
                  title={each.mediaType === null ? undefined : titleText(each.mediaType)}
                  onClick={() => setShown(at)}
                >
                  {fileTitle(each, at)} <span className={styles.size}>{formatSize(each.size)}</span>
                </button>
              ) : (
                <span className={styles.size}>
                  {fileTitle(each, at)} · {words.origin.missingFile}
                </span>
              )}
            </li>
          )}
        </FirstItems>
      </ul>
      {shown === null || file === undefined ? null : (
        <FileSheet archiveId={archiveId} artifact={index} file={shown} title={fileTitle(file, shown)} onClose={() => setShown(null)} />
      )}
    </details>
  );
}

function fileTitle({ name, digest }: ArtifactFileReport, at: number): string {
  return name !== null ? lineText(name) : digest === null ? words.origin.file(at + 1) : shortDigest(digest);
}

function FileSheet({
  archiveId,
  artifact,
  file,
  title,
  onClose,
}: {
  archiveId: string;
  artifact: number;
  file: number;
  title: string;
  onClose: () => void;
}) {
  const answer = useRequest(`${archiveId}/${artifact}/${file}`, (client, signal) =>
    client.call('artifact.content', { archiveId, artifact, file, offset: 0, length: CONTENT_PAGE_BYTES }, { signal }),
  );
  return (
    <Sheet label={title} onClose={onClose} large>
      <SheetHead title={title} close={words.details.closePreview} onClose={onClose} />
      <div className={styles.sheet}>
        {answer.state === 'failed' ? <ErrorText error={answer.error} hint={hintFor(answer.error)} /> : null}
        {answer.state === 'ready' ? <FileContent page={answer.value} /> : null}
      </div>
    </Sheet>
  );
}

/**
 * Limits for the text that is drawn. An ordinary document that fits into one request is shorter, even with its JSON spread over several
 * lines.
 */
const FILE_TEXT = { characters: 1_000_000, lines: 10_000 };

function FileContent({ page: { bytes, totalBytes } }: { page: ContentPage }) {
  const isWhole = bytes.length === totalBytes;
  const text = textOf(bytes, isWhole);
  return (
    <>
      {isWhole ? null : <p className={styles.size}>{words.details.firstOf(bytes.length, totalBytes)}</p>}
      {text === null ? (
        <HexView bytes={bytes} label={words.details.fileBytes} />
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
        <section className={`${styles.text} selectable`} tabIndex={0} aria-label={words.details.fileText}>
          <pre>{drawnText(text, FILE_TEXT)}</pre>
        </section>
      )}
    </>
  );
}

/** Returns the text, with JSON on several lines; null if the bytes aren't text. */
function textOf(bytes: Uint8Array, isWhole: boolean): string | null {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: !isWhole });
  } catch {
    return null;
  }
  if (text.includes('\0')) return null;
  return (isWhole ? formatted(text) : text)
    .split('\n')
    .map((line) => displayText(line))
    .join('\n');
}

/** JSON that is nested more deeply isn't indented, because indentation would multiply its size. */
const MOST_DEPTH = 50;

function formatted(text: string): string {
  if (depthOf(text) > MOST_DEPTH) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** Returns how deeply brackets are nested in text, including those inside JSON strings. */
function depthOf(text: string): number {
  let [depth, deepest] = [0, 0];
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '[' || character === '{') deepest = Math.max(deepest, ++depth);
    else if (character === ']' || character === '}') depth--;
  }
  return deepest;
}
