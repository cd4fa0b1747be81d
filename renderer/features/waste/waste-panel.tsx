import type { ReactNode } from 'react';
import type { ImageSummary, RewrittenReport, WasteReport } from '#contract';
import { displayPath, formatCount, unescapePath } from '#model';
import { Button, IconButton } from '../../components/button.tsx';
import { ErrorText } from '../../components/notice.tsx';
import { Size, sizeTitle } from '../../components/size.tsx';
import { connectedClient, setLayout } from '../../state/app-state.ts';
import { plainCommand, splitVerb } from '../../state/chain.ts';
import { chooseLayer, goTo } from '../../state/choosing.ts';
import { runningJob } from '../../state/jobs.ts';
import { toast } from '../../state/messages.ts';
import { hintFor, plainError } from '../../state/plain-error.ts';
import { WORDS } from '../../state/words.ts';
import head from '../pane-head.module.css';
import { useApp } from '../use-app.ts';
import { useRequest } from '../use-request.ts';
import styles from './waste-panel.module.css';

/** Files listed; the rest is counted. */
const SHOWN = 500;

/** Hidden and overwritten bytes by layer and by file, each with a link to where they are. */
export function WastePanel({ archiveId, image }: { archiveId: string; image: ImageSummary }) {
  const looking = useApp((app) => runningJob(app.jobs, 'rewritten', archiveId, image.index) !== null);
  // Asked again when the search for rewritten files begins or ends.
  const answer = useRequest(
    `${archiveId}/${image.index}/${looking}`,
    (client, signal) => client.call('image.waste', { archiveId, image: image.index, limit: SHOWN }, { signal }),
    { keepsLast: true },
  );
  const { fileBytes, finalBytes, wastedBytes, efficiency } = image.totals;
  return (
    <section className={styles.panel} aria-label="Waste" data-pane="waste">
      <header className={`${head.head} ${styles.head}`}>
        <h2>Waste</h2>
        <span className={styles.sums}>
          <Size bytes={wastedBytes} /> of <Size bytes={fileBytes} /> hidden or overwritten, <Size bytes={finalBytes} /> visible ·{' '}
          <strong className="number">efficiency {(efficiency * 100).toFixed(1)} %</strong>
        </span>
        <span className={head.tools}>
          <IconButton small label="Close waste" icon="close" onPress={() => setLayout({ wasteOpen: false })} />
        </span>
      </header>
      {answer.state === 'failed' ? <ErrorText error={answer.error} hint={hintFor(answer.error)} /> : null}
      {answer.state !== 'ready' ? null : wastedBytes === 0 ? (
        <p className={styles.none}>Nothing is wasted: every file of every layer is visible in the image.</p>
      ) : (
        <div className={styles.body}>
          <ByLayer report={answer.value} image={image} />
          <div className={styles.right}>
            {answer.value.rewritten === null ? (
              <p className={styles.ask}>
                <Button kind="quiet" disabled={looking} onPress={() => void lookForRewritten(archiveId, image.index)}>
                  {looking ? 'Comparing…' : 'Find files rewritten without changes'}
                </Button>
              </p>
            ) : (
              <ByRewriting rewritten={answer.value.rewritten} />
            )}
            <ByFile report={answer.value} />
          </div>
        </div>
      )}
    </section>
  );
}

async function lookForRewritten(archiveId: string, image: number): Promise<void> {
  const client = await connectedClient();
  try {
    await client.call('image.rewritten', { archiveId, image });
  } catch (error) {
    toast(plainError(error).message);
  }
}

/** Files that a layer stores again with the same bytes, as a chmod or chown in a step of its own does. */
function ByRewriting({ rewritten }: { rewritten: RewrittenReport }) {
  const largest = Math.max(1, rewritten.files[0]?.bytes ?? 0);
  return (
    <section className={styles.files} aria-label="Rewritten without changes">
      <h3 className={styles.title}>
        Rewritten without changes{' '}
        {rewritten.count === 0 ? null : (
          <>
            · {formatCount(rewritten.count)} · <Size bytes={rewritten.bytes} />
          </>
        )}
      </h3>
      {rewritten.count === 0 ? <p className={styles.word}>None: every rewritten file really changed.</p> : null}
      <ul>
        {rewritten.files.slice(0, SHOWN).map(({ path, layer, bytes }) => (
          <li key={`${layer} ${path}`} className={styles.file}>
            <FileLine path={path} layer={layer} bytes={bytes} largest={largest} what={`rewritten in layer ${layer}`}>
              <span className={`number ${styles.word}`}>layer {layer}</span>
            </FileLine>
          </li>
        ))}
      </ul>
    </section>
  );
}

function ByLayer({ report, image }: { report: WasteReport; image: ImageSummary }) {
  const largest = Math.max(1, ...report.byLayer);
  const lines = report.byLayer.map((bytes, layer) => ({ bytes, layer })).filter(({ bytes }) => bytes > 0);
  return (
    <section className={styles.layers} aria-label="Waste by layer">
      <h3 className={styles.title}>By layer</h3>
      <ul>
        {lines.reverse().map(({ bytes, layer }) => (
          <li key={layer}>
            <button type="button" className={styles.line} title={`${sizeTitle(bytes)} wasted`} onClick={() => chooseLayer(layer, false)}>
              <span className={`number ${styles.layer}`}>
                <span className="visually-hidden">Layer </span>
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
  return command === null ? WORDS.commandUnknown : (splitVerb(command)?.rest ?? command);
}

/** A file with its bytes, and a link to it at a layer. */
function FileLine({
  path,
  layer,
  bytes,
  largest,
  what,
  children,
}: {
  path: string;
  layer: number;
  bytes: number;
  /** Bytes of the longest bar. */
  largest: number;
  /** What the bytes are, in words. */
  what: string;
  children?: ReactNode;
}) {
  const name = displayPath(unescapePath(path));
  return (
    <button type="button" className={styles.line} title={`${name}: ${sizeTitle(bytes)} ${what}`} onClick={() => goTo(layer, path)}>
      <span className={styles.path}>
        <bdi>{name}</bdi>
      </span>
      {children}
      <span className={styles.share}>
        <i style={{ width: `${Math.max(2, (bytes / largest) * 100)}%` }} />
      </span>
      <Size bytes={bytes} className={styles.size} />
    </button>
  );
}

function ByFile({ report }: { report: WasteReport }) {
  const largest = Math.max(1, report.files[0]?.wastedBytes ?? 0);
  const listed = report.files.reduce((sum, { wastedBytes }) => sum + wastedBytes, 0);
  return (
    <section className={styles.files} aria-label="Waste by file">
      <h3 className={styles.title}>By file</h3>
      <ul>
        {report.files.map(({ path, wastedBytes, layers }) => {
          const first = layers[0] ?? 0;
          return (
            <li key={path} className={styles.file}>
              <FileLine path={path} layer={first} bytes={wastedBytes} largest={largest} what="wasted" />
              <span className={styles.written}>
                <span className={styles.word}>{layers.length === 1 ? 'written in' : `written ${layers.length} times, in`}</span>
                {layers.map((layer) => (
                  <button
                    key={layer}
                    type="button"
                    className={`number ${styles.at}`}
                    aria-label={`${layer}: show in layer ${layer}`}
                    onClick={() => goTo(layer, path)}
                  >
                    {layer}
                  </button>
                ))}
              </span>
            </li>
          );
        })}
      </ul>
      {listed < report.wastedBytes ? (
        <p className={styles.rest}>
          <Size bytes={report.wastedBytes - listed} /> more in other files
        </p>
      ) : null}
    </section>
  );
}
