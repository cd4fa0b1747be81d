import { displayText } from '#model';
import { Button } from '../../components/button.tsx';
import { Progress } from '../../components/progress.tsx';
import { SheetHead } from '../../components/sheet.tsx';
import type { OpenNameStep } from '../../state/open-name/open-name.ts';
import { cancelOpenName, closeOpenName } from '../../state/open-name/open-name-actions.ts';
import { words } from '../../words/index.ts';
import { formatSize } from '../../words/numbers.ts';
import { useApp } from '../use-app.ts';
import styles from './open-name.module.css';

/** Progress of finding an image and opening it. */
export function OpeningProgress({ step }: { step: Extract<OpenNameStep, { kind: 'looking' | 'opening' }> }) {
  const jobId = step.kind === 'opening' ? step.jobId : null;
  const job = useApp((app) => app.jobs.jobs.find((each) => each.jobId === jobId) ?? null);
  const title = step.kind === 'looking' ? words.openName.looking(step.reference) : words.openName.opening(step.reference);
  const done = job?.doneBytes ?? 0;
  const total = job?.totalBytes ?? null;
  const amount = done === 0 ? '' : total === null ? formatSize(done) : words.amountOf(done, total);
  const phase = job === null ? '' : displayText(job.phase);
  return (
    <>
      <SheetHead title={title} close={words.close} onClose={step.kind === 'looking' ? cancelOpenName : closeOpenName} />
      <div className={styles.head}>
        <Progress label={words.openName.progress} done={done} total={total} />
        <p className="number">{[phase, amount].filter((part) => part !== '').join(' · ') || '\u00a0'}</p>
        <p className={styles.ends}>
          {step.kind === 'looking' ? null : <Button onPress={closeOpenName}>{words.openName.background}</Button>}
          <Button autoFocus onPress={cancelOpenName}>
            {words.cancel}
          </Button>
        </p>
      </div>
    </>
  );
}
