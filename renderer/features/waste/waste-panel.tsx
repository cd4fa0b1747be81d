import { useEffect } from 'react';
import type { ImageSummary, WastedFileReport, WasteReport } from '#contract';
import { displayPath, unescapePath } from '#model';
import { Button, IconButton } from '../../components/button.tsx';
import { ErrorText } from '../../components/notice.tsx';
import { phrase } from '../../components/phrase.tsx';
import { Size, sizeTitle } from '../../components/size.tsx';
import { setLayout } from '../../state/app-state.ts';
import { plainCommand, splitVerb } from '../../state/chain.ts';
import { chooseLayer, goTo } from '../../state/choosing.ts';
import { endedJob, runningJob } from '../../state/jobs.ts';
import { hintFor } from '../../state/plain-error.ts';
import { lookForRewritten, lookWhenIdle } from '../../state/rewritten.ts';
import { words } from '../../words/index.ts';
import head from '../pane-head.module.css';
import { useApp } from '../use-app.ts';
import { useRequest } from '../use-request.ts';
import { LayerLinks } from './layer-links.tsx';
import { WasteKinds } from './waste-kinds.tsx';
import styles from './waste-panel.module.css';
import { WhatIf } from './what-if.tsx';

/** Maximum number of files listed; the rest are only counted. */
const SHOWN = 500;

/** Jobs whose results are part of the report. */
const JOBS = ['rewritten', 'weigh'] as const;

/** Hidden bytes by the layer that wrote them and by cause and file, each with a link. */
export function WastePanel({ archiveId, image }: { archiveId: string; image: ImageSummary }) {
  const looking = useApp((app) => runningJob(app.jobs, 'rewritten', archiveId, image.index) !== null);
  // Ask again when a search for rewritten files, or packing, has ended. A job may end before it was seen running.
  const ended = useApp((app) => JOBS.map((kind) => endedJob(app.jobs, kind, archiveId, image.index)?.jobId ?? '').join('/'));
  const answer = useRequest(
    `${archiveId}/${image.index}/${ended}`,
    (client, signal) => client.call('image.waste', { archiveId, image: image.index, limit: SHOWN }, { signal }),
    { keepsLast: true },
  );
  const { fileBytes, finalBytes, wastedBytes, efficiency } = image.totals;
  return (
    <section className={styles.panel} aria-label={words.waste.title} data-pane="waste">
      <header className={`${head.head} ${styles.head}`}>
        <h2>{words.waste.title}</h2>
        <span className={styles.sums}>
          {phrase(words.waste.sums(<Size bytes={wastedBytes} />, <Size bytes={fileBytes} />, <Size bytes={finalBytes} />))}
          {' · '}
          <strong className="number">{words.efficiency(efficiency)}</strong>
        </span>
        <span className={head.tools}>
          <IconButton small label={words.waste.close} icon="close" onPress={() => setLayout({ wasteOpen: false })} />
        </span>
      </header>
      {answer.state === 'failed' ? <ErrorText error={answer.error} hint={hintFor(answer.error)} /> : null}
      {answer.state !== 'ready' ? null : wastedBytes === 0 && answer.value.kinds.length === 0 ? (
        <p className={styles.none}>{words.waste.none}</p>
      ) : (
        <div className={styles.body}>
          <ByLayer report={answer.value} image={image} />
          <div className={styles.right}>
            {answer.value.groups.map((group) => (
              <Group key={group.cause} group={group} report={answer.value} image={image} />
            ))}
            <Rewritten report={answer.value} archiveId={archiveId} image={image.index} looking={looking} />
            <WasteKinds kinds={answer.value.kinds} image={image} />
            <WhatIf reports={answer.value.whatIf} archiveId={archiveId} image={image} />
          </div>
        </div>
      )}
    </section>
  );
}

/** The state of the search for files that were rewritten unchanged. The search starts automatically when nothing else runs. */
function Rewritten({ report, archiveId, image, looking }: { report: WasteReport; archiveId: string; image: number; looking: boolean }) {
  const open = report.rewritten === null && !looking && report.groups.some(({ cause }) => cause === 'overwritten');
  useEffect(() => (open ? lookWhenIdle(archiveId, image) : undefined), [open, archiveId, image]);
  if (report.rewritten !== null) return report.rewritten.count === 0 ? <p className={styles.rest}>{words.waste.noneRewritten}</p> : null;
  return (
    <p className={styles.ask} role="status">
      {looking ? (
        words.waste.comparing
      ) : open ? (
        <Button kind="quiet" onPress={() => void lookForRewritten(archiveId, image)}>
          {words.waste.findRewritten}
        </Button>
      ) : null}
    </p>
  );
}

function ByLayer({ report, image }: { report: WasteReport; image: ImageSummary }) {
  const largest = Math.max(1, ...report.byLayer);
  const lines = report.byLayer.map((bytes, layer) => ({ bytes, layer })).filter(({ bytes }) => bytes > 0);
  return (
    <section className={styles.layers} aria-label={words.waste.byLayerLabel}>
      <h3 className={styles.title}>{words.waste.byLayer}</h3>
      <ul>
        {lines.reverse().map(({ bytes, layer }) => (
          <li key={layer}>
            <button
              type="button"
              className={styles.line}
              title={words.waste.wasted(sizeTitle(bytes))}
              onClick={() => chooseLayer(layer, false)}
            >
              <span className={`number ${styles.layer}`}>
                <span className="visually-hidden">{words.beforeNumber}</span>
                {layer}
              </span>
              <span className={styles.command}>{commandOf(image, layer)}</span>
              <span className={styles.share}>
                <i style={{ width: `${Math.max(2, (bytes / largest) * 100)}%` }} />
              </span>
              <Size bytes={bytes} className={styles.size} />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The command without its verb, to save space. */
function commandOf(image: ImageSummary, layer: number): string {
  const command = plainCommand(image.layers[layer]?.createdBy ?? null);
  return command === null ? words.commandUnknown : (splitVerb(command)?.rest ?? command);
}

/** Files whose bytes are hidden for the same reason, with advice. */
function Group({ group, report, image }: { group: WasteReport['groups'][number]; report: WasteReport; image: ImageSummary }) {
  const { title, hint } = words.waste.causes[group.cause];
  const files = report.files.filter(({ cause }) => cause === group.cause);
  const largest = Math.max(1, report.files[0]?.wastedBytes ?? 0);
  const listed = files.reduce((sum, { wastedBytes }) => sum + wastedBytes, 0);
  return (
    <section className={styles.files} aria-label={title}>
      <h3 className={styles.cause}>{phrase(words.waste.group(title, <Size bytes={group.bytes} />, group.files))}</h3>
      <p className={styles.hint}>{hint}</p>
      <ul>
        {files.map((file) => (
          <WastedLine key={file.path} file={file} image={image} largest={largest} />
        ))}
      </ul>
      {files.length < group.files ? (
        <p className={styles.rest}>{phrase(words.waste.moreFiles(group.files - files.length, <Size bytes={group.bytes - listed} />))}</p>
      ) : null}
    </section>
  );
}

/** A file with its hidden bytes, and below it, the layers that wrote them and the step that hid them. */
function WastedLine({ file, image, largest }: { file: WastedFileReport; image: ImageSummary; largest: number }) {
  const { path, wastedBytes, layers, hiddenBy, cause } = file;
  const below = layers.filter((layer) => layer < hiddenBy);
  const writers = below.length === 0 ? layers : below;
  const name = displayPath(unescapePath(path));
  return (
    <li className={styles.file}>
      <button
        type="button"
        className={styles.line}
        title={words.waste.fileWasted(name, sizeTitle(wastedBytes))}
        onClick={() => goTo(writers[0] ?? 0, path)}
      >
        <Size bytes={wastedBytes} className={styles.size} />
        <span className={styles.share}>
          <i style={{ width: `${Math.max(2, (wastedBytes / largest) * 100)}%` }} />
        </span>
        <span className={styles.path}>
          <bdi>{name}</bdi>
        </span>
      </button>
      <span className={styles.written}>
        {phrase(words.waste.story(<LayerLinks layers={writers} path={path} />, cause, <LayerLinks layers={[hiddenBy]} path={path} />))}
        <span className={styles.command} title={plainCommand(image.layers[hiddenBy]?.createdBy ?? null) ?? words.commandUnknown}>
          {plainCommand(image.layers[hiddenBy]?.createdBy ?? null) ?? words.commandUnknown}
        </span>
      </span>
    </li>
  );
}
