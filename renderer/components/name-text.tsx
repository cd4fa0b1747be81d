import { MiddleText } from './middle-text.tsx';
import styles from './name-text.module.css';

/** Characters of a part that are drawn on up to two lines of a narrow library; of longer ones, the beginning and the end. */
const MOST = 44;
const TAIL = 20;

/**
 * The name of an image, on two lines if one is too short, which it breaks into where it can: after the colon, so that the first line says
 * that a tag follows. A tag or digest stays whole if a line has room
 * for it. What is too long is cut in the middle, so that the end of a name, a tag or a digest stays visible. The tooltip is that of what it
 * is in. The custom property `--name-aside` is the room that something else takes at the end of its first line.
 */
export function NameText({ text, className = '' }: { text: string; className?: string | undefined }) {
  const [first = '', ...others] = text.split(/(?=@)|(?<!@.*)(?<=:)/);
  const last = others.pop();
  return (
    <span className={`${styles.name} ${className}`}>
      {/* CSS draws the parts, so that screen readers see a single text. */}
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
