import type { ReactNode } from 'react';
import type { ImageRef, ImageSummary } from '#contract';
import { displayPath, toHex, unescapePath } from '#model';
import { Size } from '../../components/size.tsx';
import { plainCommand } from '../../state/chain.ts';
import { chooseWhole, goTo } from '../../state/choosing.ts';
import { words } from '../../words/index.ts';
import { useBreakdown } from '../breakdown/use-breakdown.ts';
import { useRequest } from '../use-request.ts';
import styles from './culprits.module.css';

/** Names what makes an image big in one line: a layer, a folder and the hidden bytes, each with a link. */
export function Culprits({ archiveId, image }: { archiveId: string; image: ImageSummary }) {
  const answer = useBreakdown({ archiveId, image: image.index }, { what: 'image' });
  const { layers, totals } = image;
  const [biggest] = [...layers].sort((a, b) => b.fileBytes - a.fileBytes || a.index - b.index);
  const { largestFolder = null, mostHidden = null } = answer.state === 'ready' ? answer.value : {};
  if (totals.fileBytes === 0) return null;
  return (
    <ul className={styles.culprits} aria-label={words.changes.culprits.label}>
      {biggest === undefined || layers.length < 2 ? null : (
        <Culprit label={words.changes.culprits.layer} bytes={biggest.fileBytes} onGo={() => goTo(biggest.index, null)}>
          {biggest.index} {plainCommand(biggest.createdBy) ?? ''}
        </Culprit>
      )}
      {largestFolder === null ? null : (
        <Culprit label={words.changes.culprits.folder} bytes={largestFolder.bytes} onGo={() => chooseWhole(largestFolder.path)}>
          {displayPath(unescapePath(largestFolder.path))}/
        </Culprit>
      )}
      {mostHidden === null ? null : (
        <Culprit label={words.changes.culprits.hidden} bytes={mostHidden.bytes} onGo={() => chooseWhole(mostHidden.path)}>
          {displayPath(unescapePath(mostHidden.path))}
          {mostHidden.isFolder ? '/' : <Story of={{ archiveId, image: image.index }} path={mostHidden.path} top={layers.length - 1} />}
        </Culprit>
      )}
    </ul>
  );
}

/** In which layers a file was added and hidden. */
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

/** Of more steps, only the first and the last are named. */
const MOST_STEPS = 3;

function Culprit({ label, bytes, onGo, children }: { label: string; bytes: number; onGo: () => void; children: ReactNode }) {
  return (
    <li className={styles.culprit}>
      <button type="button" className={styles.link} onClick={onGo}>
        <span className={styles.label}>{label}</span> <span className={styles.name}>{children}</span> <Size bytes={bytes} />
      </button>
    </li>
  );
}
