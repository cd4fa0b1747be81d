import type { ArchiveSummary, ImageSummary, Job, WhatIfReport } from '#contract';
import { displayText } from '#model';
import { Button } from '../../components/button.tsx';
import { Progress } from '../../components/progress.tsx';
import { Size } from '../../components/size.tsx';
import { runningJob } from '../../state/jobs.ts';
import { cancelJob } from '../../state/opening.ts';
import { bestWhatIf, packWhatIfs, whatIfCommand } from '../../state/weigh.ts';
import { words } from '../../words/index.ts';
import { CopyButton } from '../copy-button.tsx';
import { useApp } from '../use-app.ts';
import styles from './waste-panel.module.css';

/** What the image's size would be if its layers were built differently: one row for each change that may save something. */
export function WhatIf({ reports, archive, image }: { reports: readonly WhatIfReport[]; archive: ArchiveSummary; image: ImageSummary }) {
  const { archiveId } = archive;
  const job = useApp((app) => runningJob(app.jobs, 'weigh', archiveId, image.index));
  if (reports.length === 0) return null;
  const { whatIf, whatIfHint, whatIfOnly, whatIfColumns, whatIfNow, whatIfChange, copyCommand, copyCommandFor } = words.waste;
  const best = bestWhatIf(reports, image.totals.fileBytes);
  const command = best === null ? null : whatIfCommand(archive, image, best);
  const changeOf = ({ kind, from }: WhatIfReport) => whatIfChange(kind, from, image.layers.length - 1);
  const isOpen = reports.some(({ storedBytes, obstacle }) => storedBytes === null && obstacle === null);
  return (
    <section className={styles.files} aria-label={whatIf}>
      <h3 className={styles.cause}>{whatIf}</h3>
      <p className={styles.hint}>{command === null ? whatIfOnly : whatIfHint}</p>
      {command === null ? null : (
        <p className={styles.shell}>
          <code className="selectable">{command}</code>
          <CopyButton label={copyCommand} text={command} />
        </p>
      )}
      <table className={styles.ifs}>
        <thead>
          <tr>
            <th scope="col">{whatIfColumns.change}</th>
            <th scope="col">{whatIfColumns.layers}</th>
            <th scope="col">{whatIfColumns.size}</th>
            <th scope="col" className={styles.saved}>
              {whatIfColumns.saved}
            </th>
            <th scope="col">{whatIfColumns.stored}</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">{whatIfNow}</th>
            <td className="number">{image.layers.length}</td>
            <td>
              <Size bytes={image.totals.fileBytes} />
            </td>
            <td className={styles.saved} />
            <td>
              <Size bytes={image.layers.reduce((sum, { blobBytes }) => sum + blobBytes, 0)} />
            </td>
          </tr>
          {reports.map((report) => (
            <tr key={`${report.kind} ${report.from}`} className={report === best ? styles.best : ''}>
              <th scope="row">
                <span className={styles.change}>
                  {changeOf(report)}
                  <CopyButton label={copyCommandFor(changeOf(report))} text={whatIfCommand(archive, image, report)} />
                </span>
              </th>
              <td className="number">{report.layers}</td>
              <td>
                <Size bytes={report.fileBytes} />
              </td>
              <td className={styles.saved}>
                {report.fileBytes === image.totals.fileBytes ? null : <Size bytes={image.totals.fileBytes - report.fileBytes} />}
              </td>
              <td>
                <Stored report={report} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {isOpen || job !== null ? <Packing job={job} onStart={() => void packWhatIfs(archiveId, image.index)} /> : null}
    </section>
  );
}

function Stored({ report: { storedBytes, obstacle } }: { report: WhatIfReport }) {
  if (storedBytes !== null) return <Size bytes={storedBytes} />;
  const { notPacked, cannotPack } = words.waste;
  if (obstacle !== null) return <span title={displayText(obstacle)}>{cannotPack}</span>;
  return (
    <span title={notPacked}>
      <span aria-hidden="true">–</span>
      <span className="visually-hidden">{notPacked}</span>
    </span>
  );
}

/** The button that packs and, while it does, the progress. One button starts and stops, so that it keeps the focus. */
function Packing({ job, onStart }: { job: Job | null; onStart: () => void }) {
  const { pack, packStop, packing } = words.waste;
  return (
    <div className={styles.packing}>
      <Button kind="quiet" onPress={job === null ? onStart : () => void cancelJob(job.jobId)}>
        {job === null ? pack : packStop}
      </Button>
      {job === null ? null : (
        <>
          <span className={styles.progress}>
            <Progress label={packing} done={job.doneBytes} total={job.totalBytes} />
          </span>
          <span role="status">{job.state === 'queued' ? words.jobs.waiting : displayText(job.phase)}</span>
        </>
      )}
    </div>
  );
}
