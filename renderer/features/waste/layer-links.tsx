import type { ImageSummary } from '#contract';
import { phrase } from '../../components/phrase.tsx';
import { plainCommand } from '../../state/chain.ts';
import { goTo } from '../../state/choosing.ts';
import { lineText, titleText } from '../../words/cut.ts';
import { words } from '../../words/index.ts';
import { formatCount } from '../../words/numbers.ts';
import styles from './waste-panel.module.css';
import table from './waste-table.module.css';

/** Maximum number of layers that are listed; more are only counted. */
const MOST = 2;

/** Numbers of layers. Each links to the path in that layer. */
export function LayerLinks({ layers, path }: { layers: readonly number[]; path: string | null }) {
  const shown = layers.slice(0, MOST);
  const others = layers.slice(MOST);
  return (
    <span className={table.links}>
      {shown.map((layer) => (
        <button
          key={layer}
          type="button"
          className={`number ${table.at}`}
          aria-label={words.waste.showInLayer(layer)}
          onClick={() => goTo(layer, path)}
        >
          {layer}
        </button>
      ))}
      {others.length === 0 ? null : (
        <span className="number" title={titleText(words.waste.inLayers(others))}>
          +{formatCount(others.length)}
        </span>
      )}
    </span>
  );
}

/** A layer's command, on one line. The tooltip has the complete command and the layer. */
export function LayerCommand({ image, layer }: { image: ImageSummary; layer: number }) {
  const command = commandOf(image, layer);
  return (
    <span className={styles.command} title={titleText(words.waste.commandOf(layer, command).join(''))}>
      {lineText(command)}
    </span>
  );
}

/** A layer and its command, on as many lines as there is space for. */
export function NamedCommand({ image, layer }: { image: ImageSummary; layer: number }) {
  const command = commandOf(image, layer);
  return (
    <span className={`selectable ${styles.named}`} title={titleText(command)}>
      {phrase(words.waste.commandOf(layer, <code>{command}</code>))}
    </span>
  );
}

/** Returns a layer's command, safe to show. */
export function commandOf({ layers }: ImageSummary, layer: number): string {
  return plainCommand(layers[layer]?.createdBy ?? null) ?? words.commandUnknown;
}
