import { useMemo, useState } from 'react';
import { Notice } from '../../components/notice.tsx';
import { type ByteRow, byteParts, byteRows, countDifferingBytes } from '../../state/details/byte-diff.ts';
import { type HexShape, hexShape } from '../../state/details/preview.ts';
import { words } from '../../words/index.ts';
import styles from './byte-diff.module.css';
import { ContentBar } from './content-bar.tsx';
import roll from './content-lines.module.css';
import { DiffBar, type DiffPlace, useSteps } from './diff-bar.tsx';
import frame from './diff-view.module.css';
import { useLines } from './use-lines.ts';
import { useRoom } from './use-room.ts';
import { useVersionNames } from './use-version-names.ts';

/** Padding and gaps of a line, px, as in the stylesheet. */
const GAPS = { unified: 40, split: 58 } as const;
/** Width, in characters, of the sign before a line that only one side has. */
const SIGN = 2;

/**
 * The bytes of both files at equal offsets. Differing bytes are marked. `cut`: a note that only the beginning is compared; null if
 * everything is.
 */
export function ByteDiff({ a, b, cut, place }: Bytes & { cut: string | null; place: DiffPlace }) {
  const count = useMemo(() => countDifferingBytes(a, b), [a, b]);
  if (count > 0) return <Dump a={a} b={b} sum={words.list([words.details.bytesDiffer(count), cut ?? ''])} shownAt={place} />;
  return (
    <>
      <ContentBar note={place.note} views={place.views} />
      <Notice title={cut === null ? words.details.identicalContent : words.details.noDifferenceYet}>{cut}</Notice>
    </>
  );
}

interface Bytes {
  readonly a: Uint8Array;
  readonly b: Uint8Array;
}

function Dump({ a, b, sum, shownAt }: Bytes & { sum: string; shownAt: DiffPlace }) {
  const names = useVersionNames();
  const [opened, setOpened] = useState<ReadonlySet<number>>(new Set());
  const { split } = shownAt;
  const { room, ruler, view } = useRoom(GAPS[split ? 'split' : 'unified']);
  const shape = hexShape(split ? room : room - SIGN, Math.max(a.length, b.length), split ? 2 : 1);
  const { columns } = shape;
  const rows = useMemo(() => byteRows(a, b, { columns, split, opened }), [a, b, columns, split, opened]);
  const { virtual, place } = useLines({ count: rows.length, wraps: false, view });
  const steps = useSteps(rows, (line) => virtual.scrollToIndex(line, { align: 'center' }));
  const sides = { a, b, shape, before: words.details.beforeBytes(names.before), now: words.details.beforeBytes(names.now) };
  const drawn = (row: ByteRow) => (split ? <SplitRow row={row} {...sides} /> : <UnifiedRow row={row} {...sides} />);
  return (
    <>
      <DiffBar sum={sum} steps={steps} place={shownAt} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
      <section className={`${roll.view} selectable`} ref={view} tabIndex={0} aria-label={words.details.byteDifferences}>
        <div className={roll.lines} style={{ height: virtual.getTotalSize() }}>
          <i className={styles.ruler} ref={ruler} />
          {virtual.getVirtualItems().map(({ index, start }) => {
            const row = rows[index];
            if (row === undefined) return null;
            return (
              <div
                key={index}
                className={`${roll.line} ${frame.line}`}
                data-row={`${row.kind} ${offsetOf(row, shape)}`}
                aria-current={steps.has(index) || undefined}
                {...place(index, start)}
              >
                {row.kind === 'fold' ? (
                  <button type="button" className={frame.fold} onClick={() => setOpened(new Set(opened).add(row.row))}>
                    {words.details.equalBytes(row.count * columns)}
                  </button>
                ) : (
                  drawn(row)
                )}
              </div>
            );
          })}
        </div>
      </section>
    </>
  );
}

interface RowProps extends Bytes {
  readonly row: ByteRow;
  readonly shape: HexShape;
  /** Precedes the bytes of a side, for screen readers. */
  readonly before: string;
  readonly now: string;
}

function offsetOf({ row }: ByteRow, { columns, digits }: HexShape): string {
  return (row * columns).toString(16).padStart(digits, '0');
}

function UnifiedRow({ row, a, b, shape, before, now }: RowProps) {
  const isA = row.kind === 'removed';
  const one = isA ? a : b;
  return (
    <span className={`${styles.half} ${row.kind === 'same' ? '' : isA ? frame.removed : frame.added}`}>
      <span className={styles.sign} aria-hidden="true">
        {row.kind === 'same' ? ' ' : isA ? '−' : '+'}
      </span>
      <span className={styles.offset}>{offsetOf(row, shape)}</span>
      {row.kind === 'same' ? null : <span className="visually-hidden">{isA ? before : now}</span>}
      <Cells bytes={one} other={isA ? b : a} row={row.row} shape={shape} />
    </span>
  );
}

function SplitRow({ row, a, b, shape, before, now }: RowProps) {
  const isSame = row.kind === 'same';
  return (
    <>
      <span className={styles.offset}>{offsetOf(row, shape)}</span>
      <span className={`${styles.half} ${isSame ? '' : frame.removed}`}>
        {isSame ? null : <span className="visually-hidden">{before}</span>}
        <Cells bytes={a} other={b} row={row.row} shape={shape} />
      </span>
      <span className={`${styles.half} ${isSame ? '' : frame.added}`}>
        {isSame ? null : <span className="visually-hidden">{now}</span>}
        <Cells bytes={b} other={a} row={row.row} shape={shape} />
      </span>
    </>
  );
}

/** A row's bytes in hex and as text, with the same parts marked in both. */
function Cells({ bytes, other, row, shape }: { bytes: Uint8Array; other: Uint8Array; row: number; shape: HexShape }) {
  const parts = byteParts(bytes, other, row, shape);
  const drawn = (of: 'hex' | 'text') =>
    parts.map((part, at) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: parts have no other name, and never move
      <span key={at} {...(part.differs ? { className: `${frame.part} ${styles.part}`, 'data-part': '' } : {})}>
        {part[of]}
      </span>
    ));
  return (
    <>
      <span className={styles.hex}>{drawn('hex')}</span>
      <span className={styles.text} style={{ width: `${shape.columns}ch` }}>
        {drawn('text')}
      </span>
    </>
  );
}
