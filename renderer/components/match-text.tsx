import styles from './match-text.module.css';

/** Text with the first match of a filter marked, ignoring case. */
export function MatchText({ text, match }: { text: string; match: string }) {
  const at = match === '' ? -1 : text.toLowerCase().indexOf(match.toLowerCase());
  return <MarkedText text={text} part={at < 0 ? null : { from: at, to: at + match.length }} />;
}

/** Text with a part of it marked. */
export function MarkedText({ text, part }: { text: string; part: { readonly from: number; readonly to: number } | null }) {
  if (part === null) return text;
  return (
    <>
      {text.slice(0, part.from)}
      <mark className={styles.match}>{text.slice(part.from, part.to)}</mark>
      {text.slice(part.to)}
    </>
  );
}
