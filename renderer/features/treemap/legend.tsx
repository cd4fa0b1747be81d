import type { ReactNode } from 'react';
import { Size } from '../../components/size.tsx';
import { plainCommand } from '../../state/chain.ts';
import { layerColour, sideColour, typeColour } from '../../state/layer-colours.ts';
import { type Selection, selectedImage } from '../../state/selection.ts';
import type { Coloured } from '../../state/treemap.ts';
import { words } from '../../words/index.ts';
import { useApp } from '../use-app.ts';
import { useTheme } from '../use-theme.ts';
import styles from './treemap-view.module.css';

/** What the colours, numbers or areas mean. `lead` says which of them the legend explains. */
function Legend({ lead, label, children }: { lead: string; label: string; children: ReactNode }) {
  return (
    <div className={styles.legend}>
      <span className={styles.lead}>{lead}</span>
      <ul className={styles.keys} aria-label={label}>
        {children}
      </ul>
    </div>
  );
}

/** The file types that take up most of the picture, in their colours, or with their numbers if colours are forced. */
export function TypeLegend({ types, forced }: { types: readonly Coloured<string>[]; forced: boolean }) {
  const dark = useTheme() === 'dark';
  return (
    <Legend lead={forced ? words.treemap.numbers.types : words.treemap.colours.types} label={words.treemap.types}>
      {types.map(({ of: type, bytes }, at) => (
        <li key={type}>
          {forced ? (
            <b className="number" aria-hidden="true">
              {at + 1}
            </b>
          ) : (
            <i style={{ background: typeColour(type, dark).fill }} />
          )}
          {words.breakdown.typeNames[type] ?? type} <Size bytes={bytes} />
        </li>
      ))}
    </Legend>
  );
}

/** The layers that wrote most of the picture, in their colours. If colours are forced, the picture has their numbers. */
export function LayerLegend({
  writers,
  layers,
  forced,
  selection,
}: {
  writers: readonly Coloured<number>[];
  layers: number;
  forced: boolean;
  selection: Selection;
}) {
  const dark = useTheme() === 'dark';
  const archives = useApp((app) => app.archives);
  const image = selectedImage(archives ?? [], selection)?.image;
  const commandOf = (layer: number) => plainCommand(image?.layers[layer]?.createdBy ?? null) ?? words.commandUnknownTitle;
  return (
    <Legend lead={forced ? words.treemap.numbers.layers : words.treemap.colours.layers} label={words.treemap.layerColours}>
      {writers.map(({ of: layer, bytes }) => (
        <li key={layer} title={commandOf(layer)}>
          <i style={{ background: layerColour(layer, layers, dark).fill }} />
          {words.layerTitle(layer)} <Size bytes={bytes} />
        </li>
      ))}
    </Legend>
  );
}

/** What the areas and colours mean in a comparison. */
export function SideLegend() {
  const dark = useTheme() === 'dark';
  return (
    <Legend lead={words.treemap.areas} label={words.treemap.sideColours}>
      {(['removed', 'added', 'modified'] as const).map((kind) => (
        <li key={kind}>
          <i style={{ background: sideColour(kind, dark).fill }} />
          {words.treemap.sideMarks[kind]} {words.treemap.sides[kind]}
        </li>
      ))}
    </Legend>
  );
}
