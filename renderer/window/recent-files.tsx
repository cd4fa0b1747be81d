import { useEffect, useState } from 'react';
import { Icon } from '../components/icons.tsx';
import { connectedClient, useApp } from '../state/app-state.ts';
import { openAgain } from '../state/opening.ts';
import styles from './recent-files.module.css';

interface RecentFile {
  readonly name: string;
  readonly folder: string;
}

/** Files that were opened lately; asked for again whenever the library changes. Empty in a browser, which has no files of the user's. */
export function useRecentFiles(): readonly RecentFile[] {
  const archives = useApp((app) => app.archives);
  const [files, setFiles] = useState<readonly RecentFile[]>([]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is open changes what was opened lately
  useEffect(() => {
    let current = true;
    connectedClient()
      .then((client) => client.call('files.recent', {}))
      .then(
        (reply) => current && setFiles(reply.files),
        () => current && setFiles([]),
      );
    return () => {
      current = false;
    };
  }, [archives]);
  return files;
}

const SHOWN = 6;

/** The last of them, in a window without an image. */
export function RecentFiles() {
  const files = useRecentFiles();
  if (files.length === 0) return null;
  return (
    <section className={styles.recent} aria-label="Opened lately">
      <h3 className={styles.title}>Opened lately</h3>
      <ul>
        {files.slice(0, SHOWN).map(({ name, folder }, index) => (
          <li key={`${folder}/${name}`}>
            <button type="button" className={styles.file} title={`${folder}/${name}`} onClick={() => void openAgain(index, name)}>
              <Icon name="image" />
              <span className={styles.name}>{name}</span>
              <span className={styles.folder}>{folder}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
