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
