import type { ImageSummary } from '#contract';
import { plainCommand } from '../state/chain.ts';
import { words } from '../words/index.ts';
import styles from './layer-commands.module.css';

/** The command of a layer, or those of the first and the last of several, which name a range better than numbers; the tooltip has all. */
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
      <span className={className} title={first}>
        {first}
      </span>
    );
  }
  const listed = commands.map((command, at) => words.numbered(from + at, command)).reverse();
  return (
    <span className={`${className ?? ''} ${styles.range}`} title={listed.join('\n')}>
      <span className={styles.end}>{first}</span>
      {commands.length > 2 ? words.untilCommand : words.andCommand}
      <span className={styles.end}>{last}</span>
    </span>
  );
}
