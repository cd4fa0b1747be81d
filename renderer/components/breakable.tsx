import { Fragment } from 'react';
import { drawnText } from '../words/cut.ts';
import styles from './breakable.module.css';

/** Where a line may break. Never before a digit, so that `1.7.12` and `12.4+deb12u1/5` stay in one piece. */
const PLACES = { punctuation: /(?<=[./_:-])(?!\d)/, separators: /(?<=[\\/])/ } as const;
/** Maximum length of a string that is split, in characters. Longer ones may break anywhere, because they would have too many parts. */
const MOST_LETTERS = 1_000;
const MOST_PARTS = 30;

/**
 * A name that may break after its punctuation, such as the dots in `org.opencontainers.image.title`, or a path that may break only after
 * its separators.
 */
export function Breakable({ text, after = 'punctuation' }: { text: string; after?: keyof typeof PLACES }) {
  if (text.length > MOST_LETTERS) return text;
  const parts = text.split(PLACES[after]);
  if (parts.length > MOST_PARTS) return text;
  return parts.map((part, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: parts have no other name, and never move
    <Fragment key={index}>
      {part}
      <wbr />
    </Fragment>
  ));
}

/**
 * The name of an image. Its last part stays on one line with its tag, as in `registry.example.com/team/` `web-api:1.7.12`; the tag gets its
 * own line only where the two don't fit on one.
 */
export function BreakableName({ text }: { text: string }) {
  if (text.length > MOST_LETTERS) return drawnText(text);
  const slash = text.lastIndexOf('/') + 1;
  const [name = '', ...tag] = text.slice(slash).split(/(?=@)|(?<=^[^:@]*:)/);
  return (
    <>
      <Breakable text={text.slice(0, slash)} />
      <span className={styles.whole}>
        <Breakable text={name} />
        {tag.map((part) => (
          <span key={part} className={styles.whole}>
            {part}
          </span>
        ))}
      </span>
    </>
  );
}
