import type { ImageSummary } from '#contract';
import { plainCommand } from '../state/chain.ts';
import { lineText, titleText } from '../words/cut.ts';
import { words } from '../words/index.ts';
import styles from './layer-commands.module.css';

/** Number of commands in the tooltip, of which lines beyond some hundreds are cut off anyway. */
const MOST_LISTED = 200;

/**
 * A layer's command, or the commands of the first and last of several layers, which describe a range better than numbers. The tooltip has
 * the commands of all the layers.
 */
export function LayerCommands({
  image,
  from,
  to,
  className,
}: {
  image: ImageSummary;
  from: number;
  to: number;
  className: string | undefined;
}) {
  const commandOf = (layer: number) => plainCommand(image.layers[layer]?.createdBy ?? null) ?? words.commandUnknown;
  const count = Math.min(image.layers.length, to + 1) - from;
  if (count < 1) return null;
  const [first, last] = [commandOf(from), commandOf(from + count - 1)];
  if (count === 1) {
    return (
      <span className={className} title={titleText(first)}>
        {lineText(first)}
      </span>
    );
  }
  // The newest first.
  const listed = Array.from({ length: Math.min(count, MOST_LISTED) }, (_, at) => from + count - 1 - at);
  const title = listed.map((layer) => words.numbered(layer, commandOf(layer))).join('\n');
  return (
    <span className={`${className ?? ''} ${styles.range}`} title={titleText(title)}>
      <code className={styles.end}>{lineText(first)}</code>
      {count > 2 ? words.untilCommand : <span className="visually-hidden">{words.andCommand}</span>}
      <code className={styles.end}>{lineText(last)}</code>
    </span>
  );
}
