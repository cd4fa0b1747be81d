import { lineName } from '../words/cut.ts';
import { MiddleText } from './middle-text.tsx';
import styles from './name-text.module.css';

/** Maximum length of a part, in characters: what fits on two lines of a narrow library. A longer part is cut in the middle. */
const MOST = 44;
const TAIL = 20;
/** Maximum number of parts; a name with more isn't broken. */
const MOST_PARTS = 8;

/**
 * The name of an image. If it doesn't fit on one line, it breaks after the colon, so that the first line shows that a tag follows. A tag or
 * digest stays in one piece if it fits on a line. A part that is too long is cut in the middle, so that the end of a name, a tag or a
 * digest stays visible. The parent provides the tooltip. The custom property `--name-aside` is the width to leave free at the end of the
 * first line for something else.
 */
export function NameText({ text: whole, className = '' }: { text: string; className?: string | undefined }) {
  const text = lineName(whole);
  const parts = text.split(/(?=@)|(?<!@.*)(?<=:)/);
  // A real name has at most a port, a tag and a digest.
  const [first = '', ...others] = parts.length > MOST_PARTS ? [text] : parts;
  const last = others.pop();
  return (
    <span className={`${styles.name} ${className}`}>
      {/* CSS draws the parts, so that screen readers get a single string. */}
      <span className="visually-hidden">{text}</span>
      <span className={styles.drawn} aria-hidden="true">
        {[first, ...others].map((part) => (
          <span key={part} className={styles.part} data-text={shortened(part)} />
        ))}
        {last === undefined ? null : <MiddleText className={styles.last} text={last} title={null} />}
      </span>
    </span>
  );
}

function shortened(part: string): string {
  return part.length <= MOST ? part : `${part.slice(0, MOST - TAIL - 1)}…${part.slice(-TAIL)}`;
}
