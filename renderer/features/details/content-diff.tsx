import { type ReactNode, useMemo, useRef, useState } from 'react';
import { type Client, CONTENT_PAGE_BYTES } from '#contract';
import { ErrorText, Notice } from '../../components/notice.tsx';
import { useMeasured, widthOf } from '../../components/use-measured.ts';
import {
  changedPart,
  type DiffLine,
  type DiffRun,
  diffLines,
  pairedLines,
  partnerOf,
  shownPart,
  unifiedLines,
} from '../../state/details/line-diff.ts';
import { type PreviewKind, previewKind, textLines } from '../../state/details/preview.ts';
import { hintFor } from '../../state/plain-error.ts';
import type { Side } from '../../state/selection.ts';
import { words } from '../../words/index.ts';
import { useApp } from '../use-app.ts';
import { useRequest } from '../use-request.ts';
import { ByteDiff } from './byte-diff.tsx';
import { ContentBar } from './content-bar.tsx';
import styles from './content-diff.module.css';
import roll from './content-lines.module.css';
import { DiffBar, type DiffPlace, SPLIT_ROOM, useSteps } from './diff-bar.tsx';
import frame from './diff-view.module.css';
import { type Part, PictureDiff } from './picture-diff.tsx';
import { useLines } from './use-lines.ts';

/** Only the beginning of a larger file is compared, to keep the page responsive. */
const MOST_BYTES = 4 * CONTENT_PAGE_BYTES;

async function readPart(client: Client, side: Side, pathHex: string, signal: AbortSignal): Promise<Part> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const page = await client.call('entry.content', { ...side, pathHex, offset: length, length: CONTENT_PAGE_BYTES }, { signal });
    pieces.push(page.bytes);
    length += page.bytes.length;
    if (page.bytes.length === 0 || length >= page.totalBytes || length >= MOST_BYTES) {
      const bytes = new Uint8Array(length);
      let at = 0;
      for (const piece of pieces) {
        bytes.set(piece, at);
        at += piece.length;
      }
      return { bytes, totalBytes: page.totalBytes };
    }
  }
}

interface Bar {
  /** Facts about the file other than its differences. */
  readonly note: string;
  /** The choice of other views of the content. */
  readonly views: ReactNode;
}

/** The differences between two files: changed lines of text, both pictures, or bytes. */
export function ContentDiff({ a, b, pathHex, ...bar }: { a: Side; b: Side; pathHex: string } & Bar) {
  const sides = `${a.archiveId}/${a.image}/${a.layer} ${b.archiveId}/${b.image}/${b.layer}`;
  const loaded = useRequest(`${sides} ${pathHex}`, (client, signal) =>
    Promise.all([readPart(client, a, pathHex, signal), readPart(client, b, pathHex, signal)]),
  );
  if (loaded.state === 'failed') {
    return (
      <>
        <ContentBar {...bar} />
        <Notice icon="error" title={words.details.contentFailed} tone="error">
          <ErrorText error={loaded.error} hint={hintFor(loaded.error)} />
        </Notice>
      </>
    );
  }
  if (loaded.state !== 'ready') {
    return (
      <div className={styles.waiting}>
        <ContentBar {...bar} />
      </div>
    );
  }
  const [partA, partB] = loaded.value;
  return <Placed a={partA} b={partB} {...bar} />;
}

/** Measures the pane: the sides are next to each other only if both halves are readable. */
function Placed({ a, b, ...bar }: { a: Part; b: Part } & Bar) {
  const pane = useRef<HTMLDivElement>(null);
  const room = useMeasured(pane, widthOf, 0);
  const how = useApp((app) => app.layout.diffLayout);
  const place = { room, split: how === 'split' && room >= SPLIT_ROOM, ...bar };
  return (
    <div className={styles.differences} ref={pane}>
      {room === 0 ? null : <Differences a={a} b={b} place={place} />}
    </div>
  );
}

function Differences({ a, b, place }: { a: Part; b: Part; place: DiffPlace }) {
  const complete = a.bytes.length >= a.totalBytes && b.bytes.length >= b.totalBytes;
  const [kindA, kindB] = [previewKind(a.bytes, complete), previewKind(b.bytes, complete)];
  const cut = complete ? null : words.details.comparingFirst(MOST_BYTES);
  const isPicture = (kind: PreviewKind) => kind !== 'text' && kind !== 'hex';
  if (kindA === 'text' && kindB === 'text') return <TextDiff a={a.bytes} b={b.bytes} cut={cut} place={place} />;
  if (complete && isPicture(kindA) && isPicture(kindB)) return <PictureDiff a={a} b={b} kindA={kindA} kindB={kindB} views={place.views} />;
  return <ByteDiff a={a.bytes} b={b.bytes} cut={cut} place={place} />;
}

function TextDiff({ a, b, cut, place }: { a: Uint8Array; b: Uint8Array; cut: string | null; place: DiffPlace }) {
  const { split } = place;
  const [opened, setOpened] = useState<ReadonlySet<number>>(new Set());
  const linesA = useMemo(() => wholeLines(a), [a]);
  const linesB = useMemo(() => wholeLines(b), [b]);
  const runs = useMemo(() => diffLines(linesA, linesB), [linesA, linesB]);
  const shown = useMemo(() => (split ? pairedLines(runs, opened) : unifiedLines(runs, opened)), [split, runs, opened]);
  const { added, removed } = useMemo(() => tally(runs), [runs]);
  const open = (run: number) => setOpened(new Set(opened).add(run));
  const lines = added + removed === 0 ? words.details.identicalText : words.details.lineCounts(added, removed);
  const sum = words.list([lines, cut ?? '']);
  return <Lines shown={shown} runs={runs} linesA={linesA} linesB={linesB} sum={sum} shownAt={place} onOpen={open} />;
}

/** Returns whole lines, with the parts of long ones joined again. */
function wholeLines(bytes: Uint8Array): readonly string[] {
  const lines: string[] = [];
  for (const { number, text } of textLines(bytes)) {
    if (number === null && lines.length > 0) lines[lines.length - 1] += text;
    else lines.push(text);
  }
  return lines;
}

function tally(runs: readonly DiffRun[]): { added: number; removed: number } {
  let added = 0;
  let removed = 0;
  for (const run of runs) {
    if (run.same) continue;
    removed += run.aTo - run.aFrom;
    added += run.bTo - run.bFrom;
  }
  return { added, removed };
}

function Lines({
  shown,
  runs,
  linesA,
  linesB,
  sum,
  shownAt,
  onOpen,
}: {
  shown: readonly DiffLine[];
  runs: readonly DiffRun[];
  linesA: readonly string[];
  linesB: readonly string[];
  sum: string;
  shownAt: DiffPlace;
  onOpen: (run: number) => void;
}) {
  const { split } = shownAt;
  // In the side-by-side view, lines always wrap, so that both halves stay on screen.
  const wraps = useApp((app) => app.layout.wraps) || split;
  const { scroller, virtual, place } = useLines({ count: shown.length, wraps });
  const steps = useSteps(shown, (line) => virtual.scrollToIndex(line, { align: 'center' }));
  const digits = String(Math.max(linesA.length, linesB.length)).length;
  const texts = { a: linesA, b: linesB, runs, digits };
  const longest = useMemo(() => {
    const width = (lines: readonly string[]) =>
      lines.reduce((most, text) => Math.max(most, text.length + 3 * (text.split('\t').length - 1)), 0);
    return Math.min(2_000, Math.max(width(linesA), width(linesB)));
  }, [linesA, linesB]);
  const view = wraps ? `${roll.view} ${styles.wraps}` : roll.view;
  return (
    <>
      <DiffBar sum={sum} steps={steps} place={shownAt} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
      <section className={`${view} selectable`} ref={scroller} tabIndex={0} aria-label={words.details.textDifferences}>
        <div
          className={`${roll.lines} ${split ? styles.split : ''}`}
          style={{ height: virtual.getTotalSize(), width: wraps ? '100%' : `max(100%, calc(${longest + digits + 4}ch + 12px))` }}
        >
          {virtual.getVirtualItems().map(({ index, start }) => {
            const line = shown[index];
            if (line === undefined) return null;
            return (
              <div
                key={index}
                className={`${roll.line} ${frame.line} ${styles.line}`}
                aria-current={steps.has(index) || undefined}
                {...place(index, start)}
              >
                {line.kind === 'fold' ? (
                  <button type="button" className={frame.fold} onClick={() => onOpen(line.run)}>
                    {words.details.unchangedLines(line.count)}
                  </button>
                ) : split ? (
                  <SplitLine line={line} texts={texts} />
                ) : (
                  <UnifiedLine line={line} texts={texts} />
                )}
              </div>
            );
          })}
        </div>
      </section>
    </>
  );
}

type Shown = Exclude<DiffLine, { kind: 'fold' }>;

interface LineProps {
  readonly line: Shown;
  readonly texts: Texts;
}

/** The lines of both files, and their diff. */
interface Texts {
  readonly a: readonly string[];
  readonly b: readonly string[];
  readonly runs: readonly DiffRun[];
  /** Number of digits in the highest line number. */
  readonly digits: number;
}

function UnifiedLine({ line, texts }: LineProps) {
  if (line.kind === 'removed') return <Half kind="removed" number={line.a} texts={texts} />;
  return <Half kind={line.kind === 'added' ? 'added' : 'same'} number={line.b ?? 1} texts={texts} />;
}

function SplitLine({ line, texts }: LineProps) {
  const same = line.kind === 'same';
  return (
    <>
      {line.a === null ? <span className={styles.blank} /> : <Half kind={same ? 'sameInA' : 'removed'} number={line.a} texts={texts} />}
      {line.b === null ? <span className={styles.blank} /> : <Half kind={same ? 'same' : 'added'} number={line.b} texts={texts} />}
    </>
  );
}

const KINDS = {
  same: { side: 'b', glyph: ' ', word: '', style: '' },
  sameInA: { side: 'a', glyph: ' ', word: '', style: '' },
  added: { side: 'b', glyph: '+', word: words.details.addedLine, style: frame.added },
  removed: { side: 'a', glyph: '−', word: words.details.removedLine, style: frame.removed },
} as const;

function Half({ kind, number, texts }: { kind: keyof typeof KINDS; number: number; texts: Texts }): ReactNode {
  const { side, glyph, word, style } = KINDS[kind];
  const text = texts[side][number - 1] ?? '';
  return (
    <span className={`${styles.half} ${style}`}>
      <span className={styles.number} style={{ width: `${texts.digits + 1}ch` }} data-number={number} />
      <span className={styles.glyph}>
        <span aria-hidden="true">{glyph}</span>
        {word === '' ? null : <span className="visually-hidden">{word}</span>}
      </span>
      <span className={styles.text}>{word === '' ? shownText(text, null) : withChange(text, side, number, texts)}</span>
    </span>
  );
}

/** Returns a changed line, with its differences from its partner marked. */
function withChange(text: string, side: 'a' | 'b', number: number, { a, b, runs }: Texts): ReactNode {
  const partner = partnerOf(runs, side, number - 1);
  const part = partner < 0 ? null : changedPart(text, (side === 'a' ? b : a)[partner] ?? '');
  return shownText(text, part === null || part[0] === part[1] ? null : part);
}

/** Returns the shown part of a line, with the changed part marked, and how much is left out on either side. */
function shownText(text: string, changed: readonly [number, number] | null): ReactNode {
  const [from, to] = shownPart(text.length, changed);
  const left = (count: number) => (count === 0 ? null : <span className={styles.cut}>{words.details.charactersLeftOut(count)}</span>);
  const [first, last] = changed ?? [to, to];
  const end = Math.min(last, to);
  return (
    <>
      {left(from)}
      {text.slice(from, first)}
      {changed === null ? null : <span className={`${frame.part} ${styles.part}`}>{text.slice(first, end)}</span>}
      {text.slice(end, to)}
      {left(text.length - to)}
    </>
  );
}
