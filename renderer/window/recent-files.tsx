import { Icon } from '../components/icons.tsx';
import { useApp } from '../features/use-app.ts';
import { useRequest } from '../features/use-request.ts';
import { openAgain } from '../state/opening.ts';
import { words } from '../words/index.ts';
import styles from './recent-files.module.css';

interface RecentFile {
  readonly name: string;
  readonly folder: string;
}

const NONE: readonly RecentFile[] = [];

/** Returns the recent files; none in a browser. Opening a file changes the list, so it is fetched again whenever the library changes. */
export function useRecentFiles(): readonly RecentFile[] {
  const archives = useApp((app) => app.archives);
  const answer = useRequest(archives, (client, signal) => client.call('files.recent', {}, { signal }), { keepsLast: true });
  return answer.state === 'ready' ? answer.value.files : NONE;
}

const SHOWN = 6;

/** The most recently opened files, for a window without an image. */
export function RecentFiles() {
  const files = useRecentFiles();
  if (files.length === 0) return null;
  return (
    <section className={styles.recent} aria-label={words.frame.recent}>
      <h3 className={styles.title}>{words.frame.recent}</h3>
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
