import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from 'react';
import type { ImageSummary } from '#contract';
import { displayText } from '#model';
import { Breakable } from '../../components/breakable.tsx';
import { FirstItems, MoreItems } from '../../components/first-items.tsx';
import { ErrorText } from '../../components/notice.tsx';
import { useSpan } from '../../components/use-span.ts';
import { plainCommand } from '../../state/chain.ts';
import { chooseLayer } from '../../state/choosing.ts';
import { configFacts } from '../../state/details/config-facts.ts';
import { timeText } from '../../state/details/time-text.ts';
import { hintFor } from '../../state/plain-error.ts';
import { drawnText, lineText, titleText } from '../../words/cut.ts';
import { words } from '../../words/index.ts';
import { CopyButton } from '../copy-button.tsx';
import { useApp } from '../use-app.ts';
import { useRequest } from '../use-request.ts';
import { Fact, Facts, Section } from './facts.tsx';
import styles from './image-config.module.css';

/** Limits for the full config that is drawn. The config of a real image with 127 layers has a thousand lines. */
const FULL_CONFIG = { characters: 100_000, lines: 2_000 };

/** How a container of the image is run, and the full config. */
export function ImageConfig({ archiveId, image }: { archiveId: string; image: number }) {
  const answer = useRequest(`${archiveId}/${image}`, (client, signal) => client.call('image.config', { archiveId, image }, { signal }));
  if (answer.state === 'failed') {
    return (
      <Section title={words.details.config}>
        <ErrorText error={answer.error} hint={hintFor(answer.error)} />
      </Section>
    );
  }
  if (answer.state !== 'ready') return null;
  const { json, complete } = answer.value;
  if (json === null) return null;
  const facts = complete ? configFacts(JSON.parse(json)) : [];
  return (
    <Section title={words.details.config}>
      <Facts>
        {facts.map(({ label, values, arePairs = false }) => (
          <Fact key={label} label={label} copy={values.map(displayText).join('\n')} copiesLines mono below={arePairs}>
            {arePairs ? (
              <Pairs pairs={values} />
            ) : values.length === 1 ? (
              displayText(drawnText(values[0] ?? ''))
            ) : (
              <ul>
                <FirstItems items={values}>{(value, at) => <li key={at}>{displayText(lineText(value, values.length))}</li>}</FirstItems>
              </ul>
            )}
          </Fact>
        ))}
      </Facts>
      {facts.length === 0 ? <p className={styles.quiet}>{words.details.nothingSet}</p> : null}
      <details className={styles.all}>
        <summary>{words.details.fullConfig}</summary>
        <div className={styles.box}>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
          <pre className={`${styles.json} selectable`} tabIndex={0}>
            {drawnText(json, FULL_CONFIG)}
          </pre>
          <CopyButton className={styles.copy} label={words.details.copyConfig} hasLines text={json} />
        </div>
        {complete ? null : <p className={styles.quiet}>{words.details.cut}</p>}
      </details>
    </Section>
  );
}

/** Pairs of names and values. A value is next to its name if both fit on a line, else below it. */
function Pairs({ pairs }: { pairs: readonly string[] }) {
  return (
    <ul>
      <FirstItems items={pairs}>
        {(pair, index) => {
          const at = pair.indexOf('=') + 1;
          return (
            <li key={index} className={styles.pair}>
              <span className={styles.key}>
                <Breakable text={displayText(lineText(pair.slice(0, at), pairs.length))} />
              </span>
              <span className={styles.text}>{displayText(lineText(pair.slice(at), pairs.length))}</span>
            </li>
          );
        }}
      </FirstItems>
    </ul>
  );
}

/**
 * Every step of the build in order, including those that created no layer, each with its time; a time that all steps share is shown once.
 * As in the chain, one layer is the tab stop, and arrow keys move the focus.
 */
export function ImageHistory({ image }: { image: ImageSummary }) {
  const selected = useApp(({ selection }) => (selection.mode === 'image' ? null : selection.to));
  const [focused, setFocused] = useState<number | null>(null);
  const list = useRef<HTMLOListElement>(null);
  /** Whether a key press moved to a step that wasn't drawn. */
  const wantsFocus = useRef(false);
  const layers = useMemo(() => layersOfSteps(image), [image]);
  const last = Math.min(image.layers.length, image.history.filter(({ emptyLayer }) => !emptyLayer).length) - 1;
  const stop = Math.min(focused ?? selected ?? 0, last);
  const times = image.history.map(({ created }) => (created === null ? null : timeText(created, 'minute')));
  const areAlike = times.length > 1 && times.every((time) => time === times[0]);
  const span = useSpan(image.history.length, layers.indexOf(stop));
  useEffect(() => {
    if (wantsFocus.current) list.current?.querySelector<HTMLElement>(`[data-step="${stop}"]`)?.focus();
    wantsFocus.current = false;
  }, [stop]);
  if (image.history.length === 0) return null;
  function onKeyDown(event: KeyboardEvent<HTMLOListElement>) {
    const wanted = { ArrowUp: stop - 1, k: stop - 1, ArrowDown: stop + 1, j: stop + 1, Home: 0, End: last }[event.key];
    if (wanted === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(last, wanted));
    const step = event.currentTarget.querySelector<HTMLElement>(`[data-step="${next}"]`);
    step?.focus();
    if (step !== null || next === stop) return;
    wantsFocus.current = true;
    setFocused(next);
  }
  return (
    <Section title={words.details.history}>
      {areAlike ? <p className={styles.time}>{words.details.allSteps(times[0] ?? null)}</p> : null}
      <ol className={styles.steps} ref={list} onKeyDown={onKeyDown}>
        <MoreItems as="li" left={span.before} onMore={span.onBefore} />
        {image.history.slice(span.first, span.end).map((step, drawn) => {
          const at = span.first + drawn;
          const own = layers[at] ?? null;
          const command = plainCommand(step.createdBy) ?? words.commandUnknown;
          return (
            <li
              key={at}
              className={styles.step}
              {...(span.isCut ? { 'aria-setsize': image.history.length, 'aria-posinset': at + 1 } : {})}
              title={step.createdBy === null ? undefined : displayText(titleText(step.createdBy))}
            >
              {own === null ? (
                <span className={`number ${styles.none}`}>
                  <span className="visually-hidden">{words.details.noLayer}</span>
                  <span aria-hidden="true">–</span>
                </span>
              ) : (
                <button
                  type="button"
                  className={`number ${styles.at}`}
                  data-step={own}
                  tabIndex={own === stop ? 0 : -1}
                  aria-label={words.details.stepLayer(at + 1, own)}
                  onFocus={() => setFocused(own)}
                  onClick={() => chooseLayer(own, false)}
                >
                  {own}
                </button>
              )}
              <span className={styles.command}>{lineText(displayText(command), image.history.length)}</span>
              {areAlike ? null : (
                <span className={styles.time} title={step.created === null ? undefined : displayText(titleText(step.created))}>
                  {times[at] ?? words.details.noDate}
                </span>
              )}
              {step.comment === null || step.comment === '' ? null : (
                <span className={styles.comment}>{displayText(lineText(step.comment, image.history.length))}</span>
              )}
            </li>
          );
        })}
        <MoreItems as="li" left={span.after} onMore={span.onAfter} />
      </ol>
    </Section>
  );
}

/** Returns each step's layer; null for a step that created none. */
function layersOfSteps({ history, layers }: ImageSummary): readonly (number | null)[] {
  let layer = -1;
  return history.map(({ emptyLayer }) => {
    if (!emptyLayer) layer++;
    return emptyLayer || layer >= layers.length ? null : layer;
  });
}
