import type { EntryDetails, RawHeader } from '#contract';
import { displayText } from '#model';
import { FirstItems, MoreItems, useFirst } from '../../components/first-items.tsx';
import { ErrorText, Notice } from '../../components/notice.tsx';
import type { Loadable } from '../../state/details/details.ts';
import { hintFor } from '../../state/plain-error.ts';
import { drawnText, lineText } from '../../words/cut.ts';
import { words } from '../../words/index.ts';
import { formatCount } from '../../words/numbers.ts';
import { Fact, Facts, Section } from './facts.tsx';
import { HexView } from './hex-view.tsx';
import styles from './raw-tab.module.css';
import { SideNote } from './side-layers.tsx';

/** The entry's tar header: fields, PAX records, sparse map, bytes. */
export function RawTab({ raw, details, side }: { raw: Loadable<RawHeader>; details: EntryDetails; side: 'A' | 'B' | null }) {
  const entry = details.now ?? details.before;
  if (entry === null) return <Notice title={words.details.notAtLayer} />;
  if (entry.implied) {
    return (
      <Notice icon="folder" title={words.details.noEntry}>
        {words.details.noEntryWhy}
      </Notice>
    );
  }
  if (raw.state === 'failed') {
    return (
      <Notice icon="error" title={words.details.headerFailed} tone="error">
        <ErrorText error={raw.error} hint={hintFor(raw.error)} />
      </Notice>
    );
  }
  if (raw.state !== 'ready') return null;
  const { value } = raw;
  return (
    <div className={styles.body}>
      {side === null ? null : (
        <div className={styles.side}>
          <SideNote side={side} />
        </div>
      )}
      <Section title={words.details.entryOf(value.index, entry.layer)}>
        <Facts>
          <Fact label={words.details.format}>{value.format}</Fact>
          <Fact label={words.details.typeFlag} mono>
            {displayText(drawnText(value.typeflag))}
          </Fact>
          <Fact label={words.details.headerOffset}>
            <span className="number">{formatCount(value.offset)}</span>
          </Fact>
          <Fact label={words.details.bodyOffset}>
            <span className="number">{formatCount(value.bodyOffset)}</span>
          </Fact>
        </Facts>
      </Section>
      <Section title={words.details.headerFields}>
        <Facts>
          {value.fields.map(({ name, value: text }) => (
            <Fact key={name} label={name} mono copy={text}>
              {text === '' ? '—' : displayText(drawnText(text))}
            </Fact>
          ))}
        </Facts>
      </Section>
      {value.pax.length === 0 ? null : (
        <Section title={words.details.paxRecords}>
          <PaxRecords records={value.pax} />
        </Section>
      )}
      {value.sparse.length === 0 ? null : (
        <Section title={words.details.sparseData}>
          <ul className={`number ${styles.sparse} selectable`}>
            <FirstItems items={value.sparse}>
              {([offset, length]) => <li key={offset}>{words.details.sparsePart(offset, length)}</li>}
            </FirstItems>
          </ul>
        </Section>
      )}
      <Section title={words.details.headerBytes}>
        <div className={styles.hex}>
          <HexView bytes={value.bytes} label={words.details.headerBytes} base={value.offset} />
        </div>
      </Section>
    </div>
  );
}

function PaxRecords({ records }: { records: RawHeader['pax'] }) {
  const { shown, left, onMore } = useFirst(records);
  return (
    <>
      <Facts>
        {shown.map(({ name, value, encoding }) => (
          <Fact key={name} label={displayText(lineText(name, records.length))} mono below copy={value}>
            {encoding === 'hex' ? <span className={styles.encoding}>{words.details.hex}</span> : null}
            {displayText(lineText(value, records.length))}
          </Fact>
        ))}
      </Facts>
      <MoreItems left={left} onMore={onMore} />
    </>
  );
}
