import type { EntryDetails, RawHeader } from '#contract';
import { displayText, formatCount } from '#model';
import { ErrorText, Notice } from '../../components/notice.tsx';
import type { Loadable } from '../../state/details/details.ts';
import { hintFor } from '../../state/plain-error.ts';
import { WORDS } from '../../state/words.ts';
import { Fact, Facts, Section } from './facts.tsx';
import { HexView } from './hex-view.tsx';
import styles from './raw-tab.module.css';

/** The entry's tar header: fields, PAX records, sparse map, bytes. */
export function RawTab({ raw, details }: { raw: Loadable<RawHeader>; details: EntryDetails }) {
  const entry = details.now ?? details.before;
  if (entry === null) return <Notice title={WORDS.notAtLayer} />;
  if (entry.implied) {
    return (
      <Notice icon="folder" title="No tar entry">
        No layer has an entry for this folder: the paths in it imply it.
      </Notice>
    );
  }
  if (raw.state === 'failed') {
    return (
      <Notice icon="error" title="Could not read the header" tone="error">
        <ErrorText error={raw.error} hint={hintFor(raw.error)} />
      </Notice>
    );
  }
  if (raw.state !== 'ready') return null;
  const { value } = raw;
  return (
    <div className={styles.body}>
      <Section title={`Entry ${value.index} of layer ${entry.layer}`}>
        <Facts>
          <Fact label="Format">{value.format}</Fact>
          <Fact label="Type flag" mono>
            {displayText(value.typeflag)}
          </Fact>
          <Fact label="Header offset">
            <span className="number">{formatCount(value.offset)}</span>
          </Fact>
          <Fact label="Body offset">
            <span className="number">{formatCount(value.bodyOffset)}</span>
          </Fact>
        </Facts>
      </Section>
      <Section title="Header fields">
        <Facts>
          {value.fields.map(({ name, value: text }) => (
            <Fact key={name} label={name} mono copy={text}>
              {text === '' ? '—' : displayText(text)}
            </Fact>
          ))}
        </Facts>
      </Section>
      {value.pax.length === 0 ? null : (
        <Section title="PAX records">
          <Facts>
            {value.pax.map(({ name, value: text, encoding }) => (
              <Fact key={name} label={displayText(name)} mono copy={text}>
                {encoding === 'hex' ? <span className={styles.encoding}>hex </span> : null}
                {displayText(text)}
              </Fact>
            ))}
          </Facts>
        </Section>
      )}
      {value.sparse.length === 0 ? null : (
        <Section title="Sparse data">
          <ul className={`number ${styles.sparse} selectable`}>
            {value.sparse.slice(0, 200).map(([offset, length]) => (
              <li key={offset}>
                {formatCount(offset)} + {formatCount(length)} bytes
              </li>
            ))}
          </ul>
        </Section>
      )}
      <Section title="Header bytes">
        <div className={styles.hex}>
          <HexView bytes={value.bytes} label="Header bytes" base={value.offset} />
        </div>
      </Section>
    </div>
  );
}
