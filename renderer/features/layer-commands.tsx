import type { ImageSummary } from '#contract';
import { plainCommand } from '../state/chain.ts';
import { titleText } from '../words/cut.ts';
import { words } from '../words/index.ts';
import styles from './layer-commands.module.css';

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
  const commands = image.layers.slice(from, to + 1).map(({ createdBy }) => plainCommand(createdBy) ?? words.commandUnknown);
  const [first, last] = [commands[0], commands.at(-1)];
  if (first === undefined || last === undefined) return null;
  if (commands.length === 1) {
    return (
      <span className={className} title={titleText(first)}>
        {first}
      </span>
    );
  }
  const listed = commands.map((command, at) => words.numbered(from + at, command)).reverse();
  return (
    <span className={`${className ?? ''} ${styles.range}`} title={titleText(listed.join('\n'))}>
      <code className={styles.end}>{first}</code>
      {commands.length > 2 ? words.untilCommand : <span className="visually-hidden">{words.andCommand}</span>}
      <code className={styles.end}>{last}</code>
    </span>
  );
}
