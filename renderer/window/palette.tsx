import { useState } from 'react';
import type { PathMatch, SearchReport } from '#contract';
import { displayText } from '#model';
import { Picker } from '../components/picker.tsx';
import { Keys, Sheet } from '../components/sheet.tsx';
import { PreviewSheet } from '../features/details/preview-sheet.tsx';
import { useApp } from '../features/use-app.ts';
import { type Answer, useRequest } from '../features/use-request.ts';
import { goTo, showImage } from '../state/choosing.ts';
import { COMMANDS, setOverlay } from '../state/commands.ts';
import { keysOf } from '../state/key-names.ts';
import { imageTitle } from '../state/library.ts';
import { clearRecentFiles, openAgain } from '../state/opening.ts';
import { landing, matchesWords } from '../state/palette.ts';
import { WORDS } from '../state/words.ts';
import styles from './help-sheet.module.css';
import { useRecentFiles } from './recent-files.tsx';

/** The sheet that is open over the window. */
export function Overlays() {
  const overlay = useApp((app) => app.overlay);
  if (overlay === 'palette') return <Palette />;
  if (overlay === 'path') return <GoToPath />;
  if (overlay === 'help') return <HelpSheet />;
  if (overlay === 'preview') return <PreviewSheet />;
  return null;
}

const close = () => setOverlay('none');

/** Closes the sheet and restores the focus first, as the command may move it. */
function closeThen(run: () => void): void {
  close();
  setTimeout(run, 0);
}

/** Finds commands, open images and recent files by words of their names. */
function Palette() {
  const archives = useApp((app) => app.archives);
  const hasImage = useApp((app) => app.selection.archiveId !== null);
  const [text, setText] = useState('');
  const commands = COMMANDS.filter(({ id, again, image }) => !again && id !== 'palette' && (hasImage || !image));
  const images = (archives ?? []).flatMap((archive) =>
    archive.images.map((image) => ({
      id: `image ${archive.archiveId} ${image.index}`,
      label: `Show ${imageTitle(archive, image)}`,
      detail: image.platform === 'unknown' ? undefined : image.platform,
      run: () => showImage(archive.archiveId, image.index),
    })),
  );
  const recent = useRecentFiles().map(({ name, folder }, index) => ({
    id: `recent ${index}`,
    label: `Open ${name}`,
    detail: folder,
    run: () => void openAgain(index, name),
  }));
  const clearRecent = { id: 'clear-recent', label: 'Clear recent files', detail: undefined, run: () => void clearRecentFiles() };
  const all = [
    ...commands.map((command) => ({
      id: command.id,
      label: command.title,
      detail: <Keys keys={keysOf(command)} />,
      run: command.run,
    })),
    ...images,
    ...recent,
    ...(recent.length > 0 ? [clearRecent] : []),
  ].filter(({ label }) => matchesWords(label, text));
  return (
    <Sheet label="Commands" onClose={close}>
      <Picker
        label="Command or image"
        placeholder="Command or image"
        text={text}
        choices={all}
        empty="No matching command"
        onText={setText}
        onChoose={(id) => {
          const chosen = all.find((each) => each.id === id);
          if (chosen !== undefined) closeThen(chosen.run);
        }}
      />
    </Sheet>
  );
}

const MAX_PATHS = 100;
/** The search waits for a pause in the typing, ms. */
const SEARCH_AFTER = 80;

/** Finds a path in any layer of the image, and selects the layer that last touched it. */
function GoToPath() {
  const { archiveId, image, to } = useApp((app) => app.selection);
  const [text, setText] = useState('');
  const query = text.trim();
  const answer = useRequest(
    archiveId === null || query === '' ? null : `${archiveId}/${image}/${query}`,
    (client, signal) => client.call('image.search', { archiveId: archiveId ?? '', image, text: query, limit: MAX_PATHS }, { signal }),
    { delay: SEARCH_AFTER, keepsLast: true },
  );
  const matches = answer.state === 'ready' ? answer.value.matches : [];
  return (
    <Sheet label="Go to path" onClose={close}>
      <Picker
        label="Path"
        placeholder="Path in any layer: libssl, *.so, /regex/"
        text={text}
        choices={matches.map((match) => ({
          id: match.path,
          label: displayText(match.path),
          detail: layerWords(match),
        }))}
        empty={noPath(answer)}
        onText={setText}
        onChoose={(path) => {
          const match = matches.find((each) => each.path === path);
          if (match !== undefined) closeThen(() => goTo(landing(match, to), path));
        }}
      />
    </Sheet>
  );
}

function noPath(answer: Answer<SearchReport>): string {
  if (answer.state === 'failed') return answer.error.message;
  if (answer.state === 'ready') return answer.value.problem ?? 'No such path in any layer';
  return answer.state === 'idle' ? 'Type part of a path' : 'Searching…';
}

function layerWords({ touches }: PathMatch): string {
  const layers = touches.map(({ layer }) => layer);
  return `${layers.length === 1 ? 'layer' : 'layers'} ${layers.slice(-4).join(', ')}`;
}

const GROUPS = ['Window', 'Layers', 'Rows', 'Panels'] as const;
const ROW_KEYS = [
  { title: 'Previous row, next row', keys: ['↑', '↓'] },
  { title: 'Collapse, expand folder', keys: ['←', '→'] },
] as const;

/** Every shortcut, by group. */
function HelpSheet() {
  return (
    <Sheet label={WORDS.shortcuts} onClose={close}>
      <h2 className={styles.title}>{WORDS.shortcuts}</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
      <section className={styles.body} aria-label="All shortcuts" tabIndex={0}>
        {GROUPS.map((group) => (
          <section key={group} className={styles.group}>
            <h3 className={styles.heading}>{group}</h3>
            <dl>
              {group !== 'Rows' ? null : ROW_KEYS.map(({ title, keys }) => <KeyLine key={title} title={title} keys={keys} />)}
              {COMMANDS.filter((command) => command.group === group && !command.again).map((command) => (
                <KeyLine key={command.id} title={command.title} keys={keysOf(command)} />
              ))}
            </dl>
          </section>
        ))}
      </section>
    </Sheet>
  );
}

function KeyLine({ title, keys }: { title: string; keys: readonly string[] }) {
  return (
    <div className={styles.line}>
      <dt>{title}</dt>
      <dd>
        <Keys keys={keys} />
      </dd>
    </div>
  );
}
