import type { FolderReport } from '#contract';
import { displayPath, toHex, unescapePath } from '#model';
import { FirstItems } from '../../components/first-items.tsx';
import { Mark } from '../../components/mark.tsx';
import { MiddleText } from '../../components/middle-text.tsx';
import { ErrorText, Notice } from '../../components/notice.tsx';
import { Size } from '../../components/size.tsx';
import { choosePath, goTo } from '../../state/choosing.ts';
import { hintFor } from '../../state/plain-error.ts';
import type { Side } from '../../state/selection.ts';
import { words } from '../../words/index.ts';
import { formatCount } from '../../words/numbers.ts';
import { useRequest } from '../use-request.ts';
import { Fact, Facts, Section } from './facts.tsx';
import styles from './folder-facts.module.css';

/**
 * What takes up space in a folder, as seen at a layer or, including hidden bytes, in the whole image: its biggest files, and sums by layer
 * and by file type.
 */
export function FolderFacts({ path, view, withHidden }: { path: string; view: Side; withHidden: boolean }) {
  const pathHex = toHex(unescapePath(path));
  const { archiveId, image, layer } = view;
  const answer = useRequest(`${archiveId}/${image}/${withHidden ? 'whole' : layer}/${pathHex}`, (client, signal) =>
    client.call('entry.folder', { archiveId, image, layer, pathHex, withHidden }, { signal }),
  );
  if (answer.state === 'failed') {
    return (
      <Notice icon="error" title={words.details.folderFailed} tone="error">
        <ErrorText error={answer.error} hint={hintFor(answer.error)} />
      </Notice>
    );
  }
  if (answer.state !== 'ready') return <Counting />;
  return <Report report={answer.value} path={path} title={withHidden ? words.details.folder : words.details.folderAt(layer)} />;
}

/** Shown in place of the sums of a huge folder until they arrive. */
function Counting() {
  return (
    <div className={styles.counting} role="status" aria-label={words.details.folderCounting}>
      {[38, 62, 54, 70, 46].map((width) => (
        <span key={width} style={{ width: `${width}%` }} />
      ))}
    </div>
  );
}

function Report({ report, path, title }: { report: FolderReport; path: string; title: string }) {
  const { bytes, hiddenBytes = 0, files, folders, biggest, layers, types } = report;
  const all = bytes + hiddenBytes;
  return (
    <div className={styles.body}>
      <Section title={title}>
        <Facts>
          <Fact label={words.details.attributes.size} main number>
            <Size bytes={all} />
          </Fact>
          {hiddenBytes === 0 ? null : (
            <>
              <Fact label={words.details.labels.visible} title={words.details.visibleTitle} number>
                <Size bytes={bytes} />
              </Fact>
              <Fact label={words.details.labels.hidden} title={words.details.hiddenTitle} number>
                <Size bytes={hiddenBytes} />
              </Fact>
            </>
          )}
          <Fact label={words.details.folderFiles} number>
            <span className="number">{hiddenBytes === 0 ? formatCount(files) : words.details.visibleFiles(files)}</span>
          </Fact>
          <Fact label={words.details.folderFolders} number>
            <span className="number">{formatCount(folders)}</span>
          </Fact>
        </Facts>
      </Section>
      <Sums
        title={words.details.biggestFiles}
        whole={all}
        lines={biggest.map((file) => {
          const name = displayPath(unescapePath(path === '' ? file.path : file.path.slice(path.length + 1)));
          return { id: file.path, ...file, name, isPath: true, go: () => choosePath(file.path) };
        })}
      />
      <Sums
        title={words.details.writtenBy}
        whole={all}
        lines={layers.map((each) => ({ id: each.layer, ...each, name: words.layerTitle(each.layer), go: () => goTo(each.layer, path) }))}
      />
      <Sums
        title={words.details.byType}
        whole={all}
        lines={types.map((each) => ({
          id: each.extension,
          ...each,
          name: each.extension === '' ? words.details.noExtension : `.${each.extension}`,
        }))}
      />
    </div>
  );
}

/** Number of lines listed at first; real images have at most 127 layers. */
const MOST_LINES = 500;

/** Maximum number of characters that stay visible at the end of a file's name. */
const PATH_END = 32;

interface Line {
  readonly id: string | number;
  readonly name: string;
  readonly bytes: number;
  readonly hiddenBytes?: number;
  readonly files?: number;
  readonly isPath?: boolean;
  /** Follows the link on the name. */
  readonly go?: () => void;
}

/** A section with one line per part of `whole` bytes. Renders nothing if there are no lines. */
function Sums({ title, whole, lines }: { title: string; whole: number; lines: readonly Line[] }) {
  if (lines.length === 0) return null;
  // If one line has a mark, all have the space for one, so that names start at the same place.
  const hasMarks = lines.some(({ hiddenBytes = 0 }) => hiddenBytes > 0);
  return (
    <Section title={title}>
      <ol className={styles.list}>
        <FirstItems items={lines} first={MOST_LINES}>
          {({ id, name, bytes, hiddenBytes = 0, files, isPath = false, go }) => {
            const all = bytes + hiddenBytes;
            const hides =
              hiddenBytes === 0 ? null : (
                <Mark name={bytes === 0 ? 'hidden' : 'partlyHidden'} title={words.details.hiddenOf(hiddenBytes)} />
              );
            // Only visible files are counted.
            const count =
              files === undefined || (bytes === 0 && hiddenBytes > 0) ? null : (
                <span className={styles.quiet}>{words.details.countFiles(files)}</span>
              );
            return (
              <li key={id} className={styles.line}>
                <Bar share={whole === 0 ? 0 : all / whole} />
                {hasMarks ? <span className={styles.hides}>{hides}</span> : null}
                {go === undefined ? (
                  <span className={styles.text}>
                    {name} {count}
                  </span>
                ) : (
                  <button type="button" className={styles.name} onClick={go}>
                    {isPath ? <MiddleText className={styles.path} text={name} mostTail={PATH_END} /> : name} {count}
                  </button>
                )}
                <Size bytes={all} />
              </li>
            );
          }}
        </FirstItems>
      </ol>
    </Section>
  );
}

function Bar({ share }: { share: number }) {
  return <span className={styles.bar} style={{ width: `${share * 100}%` }} title={words.percent(share)} />;
}
