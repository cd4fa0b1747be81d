import { useEffect, useRef } from 'react';
import { Button } from '../components/button.tsx';
import { CopyButton } from '../features/copy-button.tsx';
import { ArrivalState, AwaitedState, useOpening } from '../features/jobs/arrivals.tsx';
import { useApp } from '../features/use-app.ts';
import { awaitedName } from '../state/awaited.ts';
import { showOpenName } from '../state/open-name/open-name-actions.ts';
import { choose, openSample } from '../state/opening.ts';
import { words } from '../words/index.ts';
import styles from './empty-state.module.css';
import { RecentFiles } from './recent-files.tsx';

/** Shown in a window without an image: ways to open one or, while one is being opened, its progress. */
export function EmptyState() {
  const info = useApp((app) => app.info);
  const opening = useOpening();
  const awaited = useApp(awaitedName);
  // Held over reports that leave a gap between them.
  const held = useRef('');
  const name = opening[0]?.name ?? awaited;
  useEffect(() => {
    held.current = name === '' ? held.current : (name ?? '');
  }, [name]);
  if (opening.length > 0) {
    return (
      <div className={styles.empty}>
        <Drawing />
        <ArrivalState all={opening} />
      </div>
    );
  }
  if (awaited !== null) {
    const known = awaited === '' ? held.current : awaited;
    return known === '' ? null : (
      <div className={styles.empty}>
        <Drawing />
        <AwaitedState name={known} />
      </div>
    );
  }
  return (
    <div className={styles.empty}>
      <Drawing />
      <h2 className={styles.title}>{words.frame.dropHere}</h2>
      <p className={styles.text}>{words.frame.opens(info?.host === 'electron')}</p>
      <div className={styles.buttons}>
        <Button kind="primary" icon="open" onPress={() => void choose('files')}>
          {words.open}
        </Button>
        {info?.host === 'electron' ? (
          <Button icon="folder" onPress={() => void choose('folder')}>
            {words.openFolder}
          </Button>
        ) : null}
        {info?.opensNames ? <Button onPress={() => showOpenName()}>{words.openName.button}</Button> : null}
        {info?.sample ? <Button onPress={() => void openSample()}>{words.frame.exploreSample}</Button> : null}
      </div>
      <p className={styles.hint}>
        <span>{words.frame.toMakeArchive}</span>
        <code className={`${styles.command} selectable`}>{words.frame.archiveCommand}</code>
        <CopyButton label={words.frame.copyCommand} text={words.frame.archiveCommand} />
      </p>
      <RecentFiles />
    </div>
  );
}

/** A cross-section of three strata with a drill core. */
function Drawing() {
  return (
    <svg className={styles.drawing} viewBox="0 0 280 150" role="img" aria-label={words.frame.drawing}>
      <path className={styles.top} d="M8 34c34-12 62-10 96-4s70 10 104 2 44-10 64-6v26c-24-6-42 2-70 8s-70 2-100-4-62-6-94 6z" />
      <path className={styles.middle} d="M8 66c32-12 64-12 94-6s72 10 100 4 46-14 70-8v40c-26-6-48 6-76 10s-62-2-92-8-62-8-96 4z" />
      <path className={styles.bottom} d="M8 106c34-12 66-10 96-4s64 12 92 8 50-16 76-10v36c0 4-2 6-6 6H14c-4 0-6-2-6-6z" />
      <g className={styles.speckles}>
        <circle cx="52" cy="84" r="2" />
        <circle cx="76" cy="78" r="1.5" />
        <circle cx="206" cy="88" r="2" />
        <circle cx="228" cy="80" r="1.5" />
        <circle cx="108" cy="88" r="1.5" />
        <path d="M30 124h14M62 130h20M104 122h10M212 126h18M236 132h14M176 134h12" />
      </g>
      <path className={styles.core} d="M150 8v114" />
      <circle className={styles.ring} cx="150" cy="44" r="5" />
      <circle className={styles.ring} cx="150" cy="84" r="5" />
      <circle className={styles.full} cx="150" cy="122" r="6" />
    </svg>
  );
}
