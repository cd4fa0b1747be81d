import type { ImageSummary } from '#contract';
import { plainCommand } from '../../state/chain.ts';
import { goTo } from '../../state/choosing.ts';
import { words } from '../../words/index.ts';
import { formatCount } from '../../words/numbers.ts';
import styles from './waste-panel.module.css';
import table from './waste-table.module.css';

/** Maximum number of layers that are listed; more are only counted. */
const MOST = 2;

/** Numbers of layers, each of which leads to the path in that layer. */
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
        <span className="number" title={words.waste.inLayers(others)}>
          +{formatCount(others.length)}
        </span>
      )}
    </span>
  );
}

/** A layer's command. */
export function LayerCommand({ image, layer }: { image: ImageSummary; layer: number }) {
  const command = plainCommand(image.layers[layer]?.createdBy ?? null) ?? words.commandUnknown;
  return (
    <span className={styles.command} title={command}>
      {command}
    </span>
  );
}
