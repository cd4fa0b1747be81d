import type { ReactNode } from 'react';
import type { ImageSummary, WasteReport } from '#contract';
import { Size, sizeTitle } from '../../components/size.tsx';
import { plainCommand, splitVerb } from '../../state/chain.ts';
import { chooseLayer } from '../../state/choosing.ts';
import { words } from '../../words/index.ts';
import { listedKinds } from './waste-kinds.tsx';
import styles from './waste-panel.module.css';

/** Every cause and kind of waste with its bytes and advice, most bytes first in either group. Each leads to its list. */
export function WasteSummary({ report }: { report: WasteReport }) {
  return (
    <section className={styles.files} aria-label={words.waste.summary}>
      <ul>
        {report.groups.map(({ cause, bytes }) => {
          const { title, hint } = words.waste.causes[cause];
          return <Entry key={cause} id={cause} title={title} bytes={bytes} advice={hint} />;
        })}
        {listedKinds(report.kinds).map(({ code, bytes }) => (
          <Entry key={code} id={code} title={words.waste.kindLabel(code)} bytes={bytes} advice={words.waste.kindAdvice(code)} />
        ))}
      </ul>
    </section>
  );
}

function Entry({ id, title, bytes, advice }: { id: string; title: string; bytes: number; advice: ReactNode }) {
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
      <p className={styles.advice}>{advice}</p>
    </li>
  );
}

/** Hidden bytes by the layer that wrote them. */
export function ByLayer({ report, image }: { report: WasteReport; image: ImageSummary }) {
  const largest = Math.max(1, ...report.byLayer);
  const lines = report.byLayer.map((bytes, layer) => ({ bytes, layer })).filter(({ bytes }) => bytes > 0);
  if (lines.length === 0) return null;
  return (
    <section className={styles.files} aria-label={words.waste.byLayerLabel}>
      <h3 className={styles.cause}>{words.waste.byLayer}</h3>
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
              <Size bytes={bytes} className={styles.size} />
              <span className={styles.share}>
                <i style={{ width: `${Math.max(2, (bytes / largest) * 100)}%` }} />
              </span>
              <span className={styles.layerCommand}>{commandOf(image, layer)}</span>
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
