import { useMemo } from 'react';
import type { Finding } from '#model';
import { displayText } from '#model';
import { Advice } from '../../components/advice.tsx';
import { FirstItems } from '../../components/first-items.tsx';
import { Icon } from '../../components/icons.tsx';
import { setLayout } from '../../state/app-state.ts';
import { goTo } from '../../state/choosing.ts';
import { countFindings, type FindingGroup, groupFindings } from '../../state/findings.ts';
import { selectedImage } from '../../state/selection.ts';
import { lineText } from '../../words/cut.ts';
import { words } from '../../words/index.ts';
import { formatCount } from '../../words/numbers.ts';
import { PanelHead } from '../panel-head.tsx';
import { useApp } from '../use-app.ts';
import styles from './findings-panel.module.css';
import { ScanButton } from './scan-button.tsx';

/** Number of findings listed per code at first. */
const SHOWN = 100;

/** Returns the findings of the selected image, grouped by code. */
export function useFindings(): readonly FindingGroup[] {
  const archives = useApp((app) => app.archives);
  const selection = useApp((app) => app.selection);
  const found = selectedImage(archives ?? [], selection);
  const findings = found?.archive.findings;
  return useMemo(() => (findings === undefined ? [] : groupFindings(findings, selection.image)), [findings, selection.image]);
}

/** All findings, grouped by code, with advice and links to the places concerned. */
export function FindingsPanel() {
  const groups = useFindings();
  const archives = useApp((app) => app.archives);
  const selection = useApp((app) => app.selection);
  const found = selectedImage(archives ?? [], selection);
  if (groups.length === 0) return null;
  const among = groups.reduce((sum, { findings }) => sum + findings.length, 0);
  return (
    <section className={styles.panel} aria-label={words.findings.title} data-pane="findings">
      <PanelHead
        title={words.findings.title}
        close={words.findings.close}
        onClose={() => setLayout({ findingsOpen: false })}
        tools={
          found === null || found.image.scanned || !found.image.loaded ? null : (
            <ScanButton archiveId={found.archive.archiveId} image={found.image.index} isQuiet />
          )
        }
      >
        {words.frame.findings(countFindings(groups))}
      </PanelHead>
      <div className={styles.body}>
        {groups.map((group) => (
          <Group key={group.code} group={group} among={among} />
        ))}
      </div>
    </section>
  );
}

/** `among`: number of findings in all groups. */
function Group({ group, among }: { group: FindingGroup; among: number }) {
  return (
    <section className={styles.group}>
      <h3 className={styles.title}>
        <Icon name={group.severity} size={14} className={`${styles.icon} ${styles[group.severity]}`} />
        <span className="visually-hidden">{words.findings.severities[group.severity]}</span>
        {group.title}
        <span className={`number ${styles.count}`}>{formatCount(group.findings.length)}</span>
        <code className={styles.code}>{group.code}</code>
      </h3>
      <p className={styles.hint}>
        <Advice text={group.hint} />
      </p>
      <ul className={styles.list}>
        <FirstItems items={group.findings} first={SHOWN}>
          {(finding, index) => (
            <li key={index}>
              <FindingLine finding={finding} among={among} />
            </li>
          )}
        </FirstItems>
      </ul>
    </section>
  );
}

function FindingLine({ finding, among }: { finding: Finding; among: number }) {
  const { layer, path, message, where } = finding;
  const place = where === undefined || where === 'file' ? words.findings.archive : words.findings.config;
  const content = (
    <>
      <span className={styles.where}>{layer === undefined ? place : words.layer(layer)}</span>
      <span className={styles.message}>
        {displayText(lineText(message, among))}{' '}
        {path === undefined || message.includes(path) ? null : <span className={styles.path}>{displayText(lineText(path, among))}</span>}
      </span>
    </>
  );
  if (layer === undefined) return <div className={`${styles.line} selectable`}>{content}</div>;
  return (
    <button type="button" className={`${styles.line} ${styles.link}`} title={words.show} onClick={() => goTo(layer, path ?? null)}>
      {content}
    </button>
  );
}
