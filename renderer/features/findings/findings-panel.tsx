import { useMemo } from 'react';
import type { Finding, Severity } from '#model';
import { displayText, formatCount } from '#model';
import { IconButton } from '../../components/button.tsx';
import { Icon } from '../../components/icons.tsx';
import { setLayout } from '../../state/app-state.ts';
import { goTo } from '../../state/choosing.ts';
import { type FindingGroup, groupFindings } from '../../state/findings.ts';
import { selectedImage } from '../../state/selection.ts';
import head from '../pane-head.module.css';
import { useApp } from '../use-app.ts';
import styles from './findings-panel.module.css';

/** Findings listed per code; the rest is counted. */
const SHOWN = 100;

/** Findings of the selected image, grouped by code. */
export function useFindings(): readonly FindingGroup[] {
  const archives = useApp((app) => app.archives);
  const selection = useApp((app) => app.selection);
  const found = selectedImage(archives ?? [], selection);
  const findings = found?.archive.findings;
  return useMemo(() => (findings === undefined ? [] : groupFindings(findings, selection.image)), [findings, selection.image]);
}

/** All findings, grouped by code, with advice and links to where they are. */
export function FindingsPanel() {
  const groups = useFindings();
  if (groups.length === 0) return null;
  return (
    <section className={styles.panel} aria-label="Findings" data-pane="findings">
      <header className={head.head}>
        <h2>Findings</h2>
        <span className={head.tools}>
          <IconButton small label="Close findings" icon="close" onPress={() => setLayout({ findingsOpen: false })} />
        </span>
      </header>
      <div className={styles.body}>
        {groups.map((group) => (
          <Group key={group.code} group={group} />
        ))}
      </div>
    </section>
  );
}

const SEVERITY_WORDS: Record<Severity, string> = { error: 'Error', warning: 'Warning', note: 'Note' };

function Group({ group }: { group: FindingGroup }) {
  const rest = group.findings.length - SHOWN;
  return (
    <section className={styles.group}>
      <h3 className={styles.title}>
        <Icon name={group.severity} size={14} className={`${styles.icon} ${styles[group.severity]}`} />
        <span className="visually-hidden">{SEVERITY_WORDS[group.severity]}: </span>
        {group.title}
        <span className={`number ${styles.count}`}>{formatCount(group.findings.length)}</span>
        <code className={styles.code}>{group.code}</code>
      </h3>
      <p className={styles.hint}>{group.hint}</p>
      <ul className={styles.list}>
        {group.findings.slice(0, SHOWN).map((finding, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: findings have no id and are never reordered
          <li key={index}>
            <FindingLine finding={finding} />
          </li>
        ))}
      </ul>
      {rest > 0 ? <p className={styles.rest}>and {formatCount(rest)} more</p> : null}
    </section>
  );
}

function FindingLine({ finding }: { finding: Finding }) {
  const { layer, path, message } = finding;
  const content = (
    <>
      <span className={styles.where}>{layer === undefined ? 'archive' : `layer ${layer}`}</span>
      <span className={styles.message}>
        {displayText(message)}
        {path === undefined || message.includes(path) ? null : <span className={styles.path}> {displayText(path)}</span>}
      </span>
    </>
  );
  if (layer === undefined) return <div className={`${styles.line} selectable`}>{content}</div>;
  return (
    <button type="button" className={`${styles.line} ${styles.link}`} title="Show" onClick={() => goTo(layer, path ?? null)}>
      {content}
    </button>
  );
}
