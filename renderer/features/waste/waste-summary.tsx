import { type ReactNode, useState } from 'react';
import type { ImageSummary, WastedFileReport, WasteReport } from '#contract';
import { displayPath, unescapePath } from '#model';
import { Advice } from '../../components/advice.tsx';
import { FirstItems } from '../../components/first-items.tsx';
import { MiddleText } from '../../components/middle-text.tsx';
import { phrase } from '../../components/phrase.tsx';
import { Size, sizeTitle } from '../../components/size.tsx';
import { splitVerb } from '../../state/chain.ts';
import { chooseLayer, goTo } from '../../state/choosing.ts';
import { causeLines, writersOf } from '../../state/waste.ts';
import { lineText, titleText } from '../../words/cut.ts';
import { words } from '../../words/index.ts';
import { commandOf, NamedCommand } from './layer-links.tsx';
import { listedKinds } from './waste-kinds.tsx';
import styles from './waste-panel.module.css';
import { WasteShare } from './waste-table.tsx';

/**
 * Every cause with its bytes, largest file, the command that hid it, and advice, then the kinds in the same form. Each links to its list.
 * `state`: the state of the search for files rewritten unchanged. It has its own line below the causes, so that they stay in place if the
 * search finds none.
 */
export function WasteSummary({ report, image, state }: { report: WasteReport; image: ImageSummary; state: ReactNode }) {
  const kinds = listedKinds(report.kinds);
  return (
    <section className={`${styles.files} ${styles.summary}`} aria-label={words.waste.summary}>
      <ul>
        {causeLines(report).map(({ cause, bytes, largest, next, others, otherBytes }) => {
          const { title, hint } = words.waste.causes[cause];
          return (
            <Entry key={cause} id={cause} title={title} bytes={bytes} advice={hint}>
              {largest === null ? null : (
                <>
                  <Largest path={largest.path} bytes={largest.wastedBytes} writers={writersOf(largest)} hider={largest.hiddenBy} />
                  <NamedCommand image={image} layer={largest.hiddenBy} />
                  <Others next={next} count={others} bytes={otherBytes} />
                </>
              )}
            </Entry>
          );
        })}
        {state === null ? null : <li className={styles.searched}>{state}</li>}
      </ul>
      {kinds.length === 0 ? null : (
        <>
          <h3 className={styles.cause}>{words.waste.kinds}</h3>
          <ul>
            {kinds.map(({ code, bytes, places: [largest] }) => (
              <Entry key={code} id={code} title={words.waste.kindLabel(code)} bytes={bytes} advice={words.waste.kindAdvice(code)}>
                {largest === undefined ? null : (
                  <Largest path={largest.path} bytes={largest.bytes} writers={[largest.layer]} hider={largest.removedIn ?? null} />
                )}
              </Entry>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function Entry({ id, title, bytes, advice, children }: { id: string; title: string; bytes: number; advice: string; children: ReactNode }) {
  function show(): void {
    const list = document.getElementById(id);
    list?.scrollIntoView({ block: 'start' });
    list?.focus({ preventScroll: true });
  }
  return (
    <li className={styles.entry}>
      <button type="button" className={styles.line} title={words.waste.showList(title)} onClick={show}>
        <Size bytes={bytes} className={styles.size} />
        <span className={styles.kindTitle}>{title}</span>
      </button>
      {children === null ? null : <p className={styles.culprit}>{children}</p>}
      <p className={styles.advice}>
        <Advice text={advice} />
      </p>
    </li>
  );
}

/** How many files a button adds to an entry, and how many of the largest it shows at most; the cause's list has all of them. */
const STEP = 5;
const MOST_NEXT = 4 * STEP;

/** The files of a cause after the largest: their number and bytes, which is a button that shows the next ones as long as there are any. */
function Others({ next, count, bytes }: { next: readonly WastedFileReport[]; count: number; bytes: number }) {
  const [shown, setShown] = useState(0);
  const drawn = next.slice(0, shown);
  const more = Math.min(STEP, Math.min(next.length, MOST_NEXT) - drawn.length);
  const left = count - drawn.length;
  const text = phrase(words.waste.others(left, <Size bytes={drawn.reduce((sum, { wastedBytes }) => sum - wastedBytes, bytes)} />));
  return (
    <>
      {drawn.map((file) => (
        <Largest key={file.path} path={file.path} bytes={file.wastedBytes} writers={writersOf(file)} hider={file.hiddenBy} />
      ))}
      {left === 0 ? null : more <= 0 ? (
        <span className={styles.others}>{text}</span>
      ) : (
        <button
          type="button"
          className={`${styles.others} ${styles.next}`}
          title={words.showMore(more)}
          onClick={() => setShown(shown + STEP)}
        >
          {text}
        </button>
      )}
    </>
  );
}

/** The largest file or place of a cause or kind, with the layers that wrote and hid it. */
function Largest({
  path,
  bytes,
  writers,
  hider,
}: {
  /** The path as escapePath prints it; null for many small places together. */
  path: string | null;
  bytes: number;
  writers: readonly number[];
  hider: number | null;
}) {
  const name = path === null ? words.waste.manyPlaces : displayPath(unescapePath(path));
  return (
    <button
      type="button"
      className={styles.largest}
      title={words.waste.largest(titleText(name), sizeTitle(bytes))}
      onClick={() => goTo(writers[0] ?? 0, path)}
    >
      <MiddleText text={name} />
      <Size bytes={bytes} className={styles.fixed} />
      <span className={styles.fixed}>{words.waste.layersOfLargest(writers, hider)}</span>
    </button>
  );
}

/** Number of layers listed at first; real images have at most 127. */
const MOST_LAYERS = 500;

/** Hidden bytes, by the layer that wrote them. */
export function ByLayer({ report, image }: { report: WasteReport; image: ImageSummary }) {
  const whole = report.byLayer.reduce((sum, bytes) => sum + bytes, 0);
  const lines = report.byLayer.map((bytes, layer) => ({ bytes, layer })).filter(({ bytes }) => bytes > 0);
  if (lines.length === 0) return null;
  return (
    <section className={styles.files} aria-label={words.waste.byLayerLabel}>
      <h3 className={styles.cause}>{words.waste.byLayer}</h3>
      <ul>
        <FirstItems items={lines.reverse()} first={MOST_LAYERS}>
          {({ bytes, layer }) => (
            <li key={layer}>
              <button
                type="button"
                className={styles.line}
                title={`${titleText(commandOf(image, layer))}\n${words.list([words.waste.hidden(sizeTitle(bytes)), words.waste.shareOfList(bytes / whole)])}`}
                onClick={() => chooseLayer(layer, false)}
              >
                <span className={`number ${styles.layer}`}>
                  <span className="visually-hidden">{words.beforeNumber}</span>
                  {layer}
                </span>
                <Size bytes={bytes} className={styles.size} />
                <WasteShare share={bytes / whole} />
                <span className={styles.layerCommand}>{lineText(withoutVerb(commandOf(image, layer)))}</span>
              </button>
            </li>
          )}
        </FirstItems>
      </ul>
    </section>
  );
}

/** Returns a command without its verb, to save space. */
function withoutVerb(command: string): string {
  return splitVerb(command)?.rest ?? command;
}
