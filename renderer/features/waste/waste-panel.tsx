import { useEffect, useMemo, useRef, useState } from 'react';
import type { ArchiveSummary, ImageSummary, WasteReport } from '#contract';
import { IconButton } from '../../components/button.tsx';
import { ErrorText } from '../../components/notice.tsx';
import { phrase } from '../../components/phrase.tsx';
import { Size } from '../../components/size.tsx';
import { setLayout } from '../../state/app-state.ts';
import { endedJob, runningJob } from '../../state/jobs.ts';
import { hintFor } from '../../state/plain-error.ts';
import { lookForRewritten, lookWhenIdle } from '../../state/rewritten.ts';
import { type CauseLine, causeLines, fileLines, mayBeRewritten } from '../../state/waste.ts';
import { words } from '../../words/index.ts';
import { PanelHead } from '../panel-head.tsx';
import { useApp } from '../use-app.ts';
import { useRequest } from '../use-request.ts';
import { WasteKinds } from './waste-kinds.tsx';
import styles from './waste-panel.module.css';
import { ByLayer, WasteSummary } from './waste-summary.tsx';
import { WASTE_STEP, WasteTable } from './waste-table.tsx';
import { WhatIf } from './what-if.tsx';

/** Maximum number of files listed; the rest are only counted. */
const MOST = 4 * WASTE_STEP;

/** Jobs whose results are part of the report. */
const JOBS = ['rewritten', 'weigh'] as const;

/** Causes and kinds of waste with advice, then what-ifs, and below them the files, each with a link. */
export function WastePanel({ archive, image }: { archive: ArchiveSummary; image: ImageSummary }) {
  const { archiveId } = archive;
  const tall = useApp((app) => app.layout.wasteTall);
  const selection = useApp((app) => app.selection);
  const seen = useRef(selection);
  useEffect(() => {
    // A tall panel covers the pane that shows the selection, so shrink the panel when the selection changes.
    if (seen.current !== selection) setLayout({ wasteTall: false });
    seen.current = selection;
  }, [selection]);
  const looking = useApp((app) => runningJob(app.jobs, 'rewritten', archiveId, image.index) !== null);
  // Request the report again when a search for rewritten files, or packing, has ended. Compare the ids of ended jobs, because a job may end
  // before this component sees it running.
  const ended = useApp((app) => JOBS.map((kind) => endedJob(app.jobs, kind, archiveId, image.index)?.jobId ?? '').join('/'));
  const [limit, setLimit] = useState(WASTE_STEP);
  const answer = useRequest(
    `${archiveId}/${image.index}/${ended}/${limit}`,
    (client, signal) => client.call('image.waste', { archiveId, image: image.index, limit }, { signal }),
    { keepsLast: true, remembersAs: 'waste' },
  );
  const { fileBytes, wastedBytes, efficiency } = image.totals;
  return (
    <section className={`${styles.panel} ${tall ? styles.tall : ''}`} aria-label={words.waste.title} data-pane="waste">
      <PanelHead
        title={words.waste.title}
        close={words.waste.close}
        onClose={() => setLayout({ wasteOpen: false })}
        tools={
          <IconButton
            small
            label={tall ? words.waste.lower : words.waste.taller}
            icon={tall ? 'chevronDown' : 'chevronUp'}
            onPress={() => setLayout({ wasteTall: !tall })}
          />
        }
      >
        {phrase(words.waste.sums(<Size bytes={wastedBytes} />, <Size bytes={fileBytes} />))}
        {' · '}
        <strong className="number">{words.efficiency(efficiency)}</strong>
      </PanelHead>
      {answer.state === 'failed' ? <ErrorText error={answer.error} hint={hintFor(answer.error)} /> : null}
      {answer.state === 'loading' || answer.state === 'idle' ? (
        <p className={`${styles.none} ${styles.waiting}`} role="status">
          {words.waste.adding}
        </p>
      ) : null}
      {answer.state !== 'ready' ? null : wastedBytes === 0 && answer.value.kinds.length === 0 ? (
        <p className={styles.none}>{words.waste.none}</p>
      ) : (
        <div className={styles.body}>
          <div className={styles.top}>
            <WasteSummary
              report={answer.value}
              image={image}
              state={
                mayBeRewritten(answer.value) ? (
                  <RewrittenState isOpen={answer.value.rewritten === null} archiveId={archiveId} image={image.index} looking={looking} />
                ) : null
              }
            />
            <div className={styles.beside}>
              <WhatIf reports={answer.value.whatIf} archive={archive} image={image} />
              <ByLayer report={answer.value} image={image} />
            </div>
          </div>
          {causeLines(answer.value).map(({ cause }) => (
            <Group
              key={cause}
              cause={cause}
              report={answer.value}
              image={image}
              onMore={limit >= MOST ? null : () => setLimit(limit + WASTE_STEP)}
            />
          ))}
          <WasteKinds kinds={answer.value.kinds} image={image} />
        </div>
      )}
    </section>
  );
}

/**
 * The state of the search for files rewritten unchanged, until any are found. The search starts automatically when nothing else is running.
 */
function RewrittenState({
  isOpen,
  archiveId,
  image,
  looking,
}: {
  /** Whether the search hasn't run yet. */
  isOpen: boolean;
  archiveId: string;
  image: number;
  looking: boolean;
}) {
  const isIdle = isOpen && !looking;
  useEffect(() => (isIdle ? lookWhenIdle(archiveId, image) : undefined), [isIdle, archiveId, image]);
  return (
    <span role="status">
      {looking ? (
        words.waste.comparing
      ) : isOpen ? (
        <button type="button" className={styles.largest} onClick={() => void lookForRewritten(archiveId, image)}>
          {words.waste.findRewritten}
        </button>
      ) : (
        words.waste.noneRewritten
      )}
    </span>
  );
}

/** Files whose bytes are hidden for the same reason. */
function Group({
  cause,
  report,
  image,
  onMore,
}: {
  cause: CauseLine['cause'];
  report: WasteReport;
  image: ImageSummary;
  onMore: (() => void) | null;
}) {
  const lines = useMemo(() => fileLines(report, cause), [report, cause]);
  const group = report.groups.find((each) => each.cause === cause);
  if (group === undefined) return null;
  const { bytes, files: count } = group;
  const { title } = words.waste.causes[cause];
  const listed = lines.reduce((sum, line) => sum + line.bytes, 0);
  return (
    <WasteTable
      id={cause}
      label={title}
      title={phrase(words.waste.group(title, <Size bytes={bytes} />, count))}
      lines={lines}
      image={image}
      hiddenIn={words.waste.columns.hiddenIn[cause]}
      rest={{ count: count - lines.length, bytes: bytes - listed, whole: bytes }}
      onMore={onMore}
    />
  );
}
