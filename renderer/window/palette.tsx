import { useState } from 'react';
import type { PathMatch, SearchReport } from '#contract';
import { displayText } from '#model';
import { Picker } from '../components/picker.tsx';
import { Keys, Sheet, SheetHead } from '../components/sheet.tsx';
import { clearFilter } from '../features/clear-filter.tsx';
import { CompareWithSheet } from '../features/compare/compare-with-sheet.tsx';
import { PreviewSheet } from '../features/details/preview-sheet.tsx';
import { OpenNameSheet } from '../features/open-name/open-name-sheet.tsx';
import { useApp } from '../features/use-app.ts';
import { type Answer, isAwaited, useRequest } from '../features/use-request.ts';
import { getApp } from '../state/app-state.ts';
import { isUnfiltered } from '../state/changes/changes.ts';
import { goTo } from '../state/choosing.ts';
import { COMMANDS, commandsHere, setOverlay } from '../state/commands.ts';
import { keysOf } from '../state/key-names.ts';
import { landing, matchesWords } from '../state/palette.ts';
import { paletteItems } from '../state/palette-items.ts';
import { words } from '../words/index.ts';
import styles from './help-sheet.module.css';
import { focusSelectedRow } from './keep-focus.ts';
import { useRecentFiles } from './recent-files.tsx';
import { SettingsSheet } from './settings-sheet.tsx';

/** The sheet that is open over the window, if any. */
export function Overlays() {
  const overlay = useApp((app) => app.overlay);
  if (overlay === 'palette') return <Palette />;
  if (overlay === 'path') return <GoToPath />;
  if (overlay === 'open-name') return <OpenNameSheet />;
  if (overlay === 'compare') return <CompareWithSheet />;
  if (overlay === 'help') return <HelpSheet />;
  if (overlay === 'settings') return <SettingsSheet />;
  if (overlay === 'preview') return <PreviewSheet />;
  return null;
}

const close = () => setOverlay('none');

/** Closes the sheet and restores the focus before running the command, which may move it. */
function closeThen(run: () => void): void {
  close();
  setTimeout(run, 0);
}

/** Finds commands, images, layers, files and recent files by words in their names. */
function Palette() {
  const app = useApp((state) => state);
  const [text, setText] = useState('');
  const { archiveId, image, to } = app.selection;
  const recent = useRecentFiles();
  const query = text.trim();
  const answer = useRequest(
    archiveId === null || query.length < 2 ? null : `${archiveId}/${image}/${query}`,
    (client, signal) =>
      client.call('image.search', { archiveId: archiveId ?? '', image, text: query, limit: MAX_FILES, scattered: true }, { signal }),
    { delay: SEARCH_AFTER, keepsLast: true },
  );
  const files = answer.state !== 'ready' || query.length < 2 ? [] : answer.value.matches;
  const isSearching = isAwaited(answer);
  const all = [
    ...paletteItems(app, recent).filter(({ label, detail }) => matchesWords(`${label} ${typeof detail === 'string' ? detail : ''}`, text)),
    ...files.map((match) => ({
      id: `file ${match.path}`,
      label: displayText(match.path),
      isPath: true,
      detail: words.frame.inLayers(match.touches.map(({ layer }) => layer)),
      isEarlier: isSearching,
      run: () => goFrom(match, to),
    })),
  ];
  return (
    <Sheet label={words.frame.palette} onClose={close}>
      <Picker
        label={words.frame.paletteField}
        placeholder={words.frame.paletteField}
        text={text}
        choices={all.map((item) => ('keys' in item ? { ...item, detail: <Keys keys={item.keys} /> } : item))}
        empty={words.frame.noCommand}
        isSearching={isSearching}
        onText={setText}
        onChoose={(id) => {
          const chosen = all.find((each) => each.id === id);
          if (chosen !== undefined) closeThen(chosen.run);
        }}
      />
    </Sheet>
  );
}

/** Maximum number of files listed among the commands. */
const MAX_FILES = 20;
const MAX_PATHS = 100;
/** How long, in ms, typing must pause before a search starts. */
const SEARCH_AFTER = 80;

/** Shows a match, without the filter, which might leave it out, and moves the focus to its row. */
function goFrom(match: PathMatch, to: number): void {
  if (!isUnfiltered(getApp().changes.filter)) clearFilter();
  goTo(landing(match, to), match.path);
  focusSelectedRow();
}

/** Finds a path in any layer of the image, and selects the layer that last touched it. */
function GoToPath() {
  const { archiveId, image, to } = useApp((app) => app.selection);
  const [text, setText] = useState('');
  const query = text.trim();
  const answer = useRequest(
    archiveId === null || query === '' ? null : `${archiveId}/${image}/${query}`,
    (client, signal) =>
      client.call('image.search', { archiveId: archiveId ?? '', image, text: query, limit: MAX_PATHS, scattered: true }, { signal }),
    { delay: SEARCH_AFTER, keepsLast: true },
  );
  const matches = answer.state === 'ready' ? answer.value.matches : [];
  const isSearching = isAwaited(answer);
  return (
    <Sheet label={words.frame.goToPath} onClose={close}>
      <Picker
        label={words.frame.path}
        placeholder={words.frame.pathPlaceholder}
        text={text}
        choices={matches.map((match) => ({
          id: match.path,
          label: displayText(match.path),
          isPath: true,
          detail: words.frame.inLayers(match.touches.map(({ layer }) => layer)),
          isEarlier: isSearching,
        }))}
        empty={noPath(answer)}
        isSearching={isSearching}
        onText={setText}
        onChoose={(path) => {
          const match = matches.find((each) => each.path === path);
          if (match !== undefined) closeThen(() => goFrom(match, to));
        }}
      />
    </Sheet>
  );
}

function noPath(answer: Answer<SearchReport>): string {
  if (answer.state === 'failed') return answer.error.message;
  if (answer.state === 'ready') return answer.value.problem ?? words.frame.noPath;
  return answer.state === 'idle' ? words.frame.typePath : words.frame.searching;
}

const GROUPS = [...new Set(COMMANDS.map(({ group }) => group))];
const ROW_KEYS = [
  { id: 'move', keys: ['↑', '↓'] },
  { id: 'ends', keys: [words.keys.home, words.keys.end] },
  { id: 'fold', keys: ['←', '→'] },
  { id: 'siblings', keys: ['*'] },
  { id: 'open', keys: [words.keys.enter] },
  { id: 'menu', keys: [words.keys.shift, 'F10'] },
  { id: 'pick', keys: [words.keys.ctrl, words.keys.space] },
] as const;

/** All shortcuts that apply to this host and image, by group. */
function HelpSheet() {
  const commands = commandsHere(useApp((app) => app));
  return (
    <Sheet label={words.frame.shortcuts} onClose={close}>
      <SheetHead title={words.frame.shortcuts} close={words.frame.closeShortcuts} onClose={close} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
      <section className={styles.body} aria-label={words.frame.allShortcuts} tabIndex={0}>
        <div className={styles.columns}>
          {GROUPS.map((group) => (
            <section key={group} className={styles.group}>
              <h3 className={styles.heading}>{words.frame.groups[group]}</h3>
              <dl>
                {group !== 'Rows' ? null : ROW_KEYS.map(({ id, keys }) => <KeyLine key={id} title={words.frame.rowKeys[id]} keys={keys} />)}
                {commands
                  .filter((command) => command.group === group && !command.again)
                  .map((command) => (
                    <KeyLine key={command.id} title={words.frame.commands[command.id]} keys={keysOf(command)} />
                  ))}
              </dl>
            </section>
          ))}
        </div>
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
