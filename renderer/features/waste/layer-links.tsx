import type { ImageSummary } from '#contract';
import { plainCommand } from '../../state/chain.ts';
import { goTo } from '../../state/choosing.ts';
import { words } from '../../words/index.ts';
import styles from './waste-panel.module.css';

/** Numbers of layers; each leads to the path there. */
export function LayerLinks({ layers, path }: { layers: readonly number[]; path: string | null }) {
  return (
    <>
      {layers.map((layer) => (
        <button
          key={layer}
          type="button"
          className={`number ${styles.at}`}
          aria-label={words.waste.showInLayer(layer)}
          onClick={() => goTo(layer, path)}
        >
          {layer}
        </button>
      ))}
    </>
  );
}

/** The command of a layer. */
export function LayerCommand({ image, layer }: { image: ImageSummary; layer: number }) {
  const command = plainCommand(image.layers[layer]?.createdBy ?? null) ?? words.commandUnknown;
  return (
    <span className={styles.command} title={command}>
      {command}
    </span>
  );
}
