import type { ReactNode } from 'react';
import type { BreakdownReport, ImageRef, ImageSummary } from '#contract';
import { displayPath, toHex, unescapePath } from '#model';
import { Size } from '../../components/size.tsx';
import { plainCommand } from '../../state/chain.ts';
import { chooseWhole, goTo } from '../../state/choosing.ts';
import { lineText, titleText } from '../../words/cut.ts';
import { words } from '../../words/index.ts';
import { useBreakdown } from '../breakdown/use-breakdown.ts';
import { useRequest } from '../use-request.ts';
import styles from './culprits.module.css';

/**
 * One line that names what makes an image big: a layer, a folder and the hidden bytes, each with a link. The last two have reserved places,
 * so that nothing below moves when they become known.
 */
export function Culprits({ archiveId, image }: { archiveId: string; image: ImageSummary }) {
  const answer = useBreakdown({ archiveId, image: image.index }, { what: 'image' });
  const { layers, totals } = image;
  const [biggest] = [...layers].sort((a, b) => b.fileBytes - a.fileBytes || a.index - b.index);
  const isPending = answer.state === 'loading' || answer.state === 'idle';
  const { largestFolder = null, mostHidden = null } = answer.state === 'ready' ? answer.value : {};
  const { culprits } = words.changes;
  if (totals.fileBytes === 0) return null;
  const command = plainCommand(biggest?.createdBy ?? null) ?? '';
  const hidden = mostHidden === null ? '' : displayPath(unescapePath(mostHidden.path));
  const folder = largestFolder === null ? '' : `${displayPath(unescapePath(largestFolder.path))}/`;
  return (
    <ul className={styles.culprits} aria-label={culprits.label} aria-busy={isPending}>
      {biggest === undefined || layers.length < 2 ? null : (
        <Culprit of="layer" bytes={biggest.fileBytes} title={titleText(command)} onGo={() => goTo(biggest.index, null)}>
          {biggest.index} {lineText(command)}
        </Culprit>
      )}
      {largestFolder !== null ? (
        <Culprit of="folder" bytes={largestFolder.bytes} title={folder} onGo={() => chooseWhole(largestFolder.path)}>
          {folder}
        </Culprit>
      ) : isPending ? (
        <Place of="folder" />
      ) : null}
      {mostHidden !== null ? (
        <Culprit of="hidden" bytes={mostHidden.bytes} title={hiddenTitle(hidden, mostHidden)} onGo={() => chooseWhole(mostHidden.path)}>
          {hidden}
          <HiddenStory of={{ archiveId, image: image.index }} culprit={mostHidden} top={layers.length - 1} />
        </Culprit>
      ) : isPending && totals.wastedBytes > 0 ? (
        <Place of="hidden" />
      ) : null}
    </ul>
  );
}

function hiddenTitle(path: string, { isFolder, hiddenIn }: NonNullable<BreakdownReport['mostHidden']>): string {
  return !isFolder || hiddenIn === null ? path : `${path}/\n${words.changes.culprits.folderStory(hiddenIn)}`;
}

/** Shown after the path with the most hidden bytes: the layers in which the path, or its contents, were written and hidden. */
export function HiddenStory({
  of,
  culprit: { path, isFolder, hiddenIn },
  top,
}: {
  of: ImageRef;
  culprit: NonNullable<BreakdownReport['mostHidden']>;
  top: number;
}) {
  if (!isFolder) return <Story of={of} path={path} top={top} />;
  return <>/{hiddenIn === null ? null : <span className={styles.story}> {words.changes.culprits.folderStory(hiddenIn)}</span>}</>;
}

function Story({ of: { archiveId, image }, path, top }: { of: ImageRef; path: string; top: number }) {
  const pathHex = toHex(unescapePath(path));
  const answer = useRequest(`${archiveId}/${image}/${pathHex}`, (client, signal) =>
    client.call('entry.details', { archiveId, image, layer: top, pathHex }, { signal }),
  );
  if (answer.state !== 'ready') return null;
  const { history } = answer.value;
  const steps = history.length > MOST_STEPS ? [...history.slice(0, 1), ...history.slice(-1)] : history;
  return <span className={styles.story}> {words.changes.culprits.story(steps)}</span>;
}

/** Maximum number of steps shown. If there are more, only the first and the last are. */
const MOST_STEPS = 3;

type Kind = 'layer' | 'folder' | 'hidden';

function Culprit({
  of,
  bytes,
  title,
  onGo,
  children,
}: {
  of: Kind;
  bytes: number;
  /** The full name, which may be cut on screen. */
  title: string;
  onGo: () => void;
  children: ReactNode;
}) {
  return (
    <li className={`${styles.culprit} ${styles[of]}`}>
      <button type="button" className={styles.link} title={title} onClick={onGo}>
        <Label of={of} /> <span className={styles.name}>{children}</span> <Size bytes={bytes} className={styles.size} />
      </button>
    </li>
  );
}

/** A placeholder for a culprit. */
function Place({ of }: { of: Kind }) {
  return (
    <li className={`${styles.culprit} ${styles[of]}`} aria-hidden="true">
      <span className={styles.link}>
        <Label of={of} />
      </span>
    </li>
  );
}

function Label({ of }: { of: Kind }) {
  return (
    <>
      <span className={styles.label}>{words.changes.culprits[of]}</span>
      <span className={styles.short} aria-hidden="true">
        {words.changes.culprits.short[of]}
      </span>
    </>
  );
}
