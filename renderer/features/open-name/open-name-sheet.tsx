import { useState } from 'react';
import type { EngineListing, ListedEngine } from '#contract';
import { Button } from '../../components/button.tsx';
import { ErrorText, Notice } from '../../components/notice.tsx';
import { Picker } from '../../components/picker.tsx';
import { Sheet, SheetHead } from '../../components/sheet.tsx';
import { dispatchOpenName } from '../../state/app-state.ts';
import { nameChoices, typedName } from '../../state/open-name/name-choices.ts';
import type { OpenNameStep } from '../../state/open-name/open-name.ts';
import { chooseName, clearRecentNames, closeOpenName, openName } from '../../state/open-name/open-name-actions.ts';
import { matchesWords } from '../../state/palette.ts';
import { hintFor, type PlainError } from '../../state/plain-error.ts';
import { words } from '../../words/index.ts';
import { CopyButton } from '../copy-button.tsx';
import { useApp } from '../use-app.ts';
import { type Answer, useRequest } from '../use-request.ts';
import { EngineStates } from './engine-states.tsx';
import styles from './open-name.module.css';
import { OpeningProgress } from './opening-progress.tsx';

/** The sheet that opens an image from an engine or a registry. */
export function OpenNameSheet() {
  const isOn = useApp((app) => app.info?.opensNames === true);
  const step = useApp((app) => app.openName.step);
  return (
    <Sheet label={words.openName.title} onClose={closeOpenName}>
      {!isOn ? <Off /> : <Step step={step} />}
    </Sheet>
  );
}

function Step({ step }: { step: OpenNameStep }) {
  if (step.kind === 'choose') return <Choose />;
  if (step.kind === 'platform') return <ChoosePlatform step={step} />;
  return <OpeningProgress step={step} />;
}

/** Shown if the loopback host was started without the option that allows opening images by name. */
function Off() {
  return (
    <Notice icon="note" title={words.openName.off}>
      <p>{words.openName.howOn}</p>
      <p className={styles.command}>
        <code className="selectable">{words.openName.command}</code>
        <CopyButton label={words.openName.copyCommand} text={words.openName.command} />
      </p>
    </Notice>
  );
}

function useListing(engine: ListedEngine): Answer<EngineListing> {
  return useRequest(engine, (client, signal) => client.call('sources.list', { engine }, { signal }));
}

function Choose() {
  const { text, error } = useApp((app) => app.openName);
  const [cleared, setCleared] = useState(0);
  const recent = useRequest(cleared, (client, signal) => client.call('sources.recent', {}, { signal }));
  const engines = [
    { engine: 'docker' as const, answer: useListing('docker') },
    { engine: 'podman' as const, answer: useListing('podman') },
    { engine: 'containerd' as const, answer: useListing('containerd') },
  ];
  const references = recent.state === 'ready' ? recent.value.references : [];
  const lists = engines.map(({ engine, answer }) => ({ engine, images: answer.state === 'ready' ? answer.value.images : [] }));
  const choices = nameChoices(text, references, lists);
  return (
    <>
      <Picker
        label={words.openName.field}
        placeholder={words.openName.placeholder}
        text={text}
        choices={choices}
        empty={emptyText(text, engines)}
        onText={(typed) => dispatchOpenName({ type: 'typed', text: typed })}
        onChoose={(id) => {
          const chosen = choices.find((each) => each.id === id);
          if (chosen !== undefined) void chooseName(chosen.reference);
        }}
      />
      {error === null ? null : <Failure error={error} />}
      <EngineStates engines={engines}>
        {references.length === 0 ? null : (
          <Button kind="quiet" onPress={() => void clearRecentNames().then(() => setCleared(cleared + 1))}>
            {words.openName.clearRecent}
          </Button>
        )}
      </EngineStates>
    </>
  );
}

/** Explains why there is nothing to choose. */
function emptyText(text: string, engines: readonly { readonly answer: Answer<EngineListing> }[]): string {
  const typed = typedName(text);
  if (typed !== null) return typed.problem ?? words.openName.noMatch;
  if (engines.some(({ answer }) => answer.state === 'loading' || answer.state === 'idle')) return words.openName.readingLists;
  const hasAnswered = engines.some(({ answer }) => answer.state === 'ready' && answer.value.places.length > 0);
  return hasAnswered ? words.openName.typeName : words.openName.noEngine;
}

function Failure({ error }: { error: PlainError }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <div className={styles.failure} role="alert" tabIndex={0}>
      <h2>{words.openName.failed}</h2>
      <ErrorText error={error} hint={hintFor(error)} />
    </div>
  );
}

function ChoosePlatform({ step }: { step: Extract<OpenNameStep, { kind: 'platform' }> }) {
  const { reference, source, platforms } = step;
  const [text, setText] = useState('');
  const choices = platforms
    .map((platform, index) => ({ id: platform, label: platform, ...(index === 0 ? { detail: words.openName.firstChoice } : {}) }))
    .filter(({ label }) => matchesWords(label, text.trim()));
  return (
    <>
      <SheetHead title={words.openName.platformOf(reference)} close={words.close} onClose={closeOpenName} />
      <div className={styles.head}>
        <p>{words.openName.hasPlatforms(platforms.length, source)}</p>
      </div>
      <Picker
        label={words.openName.platform}
        placeholder={words.openName.platformPlaceholder}
        text={text}
        choices={choices}
        empty={words.openName.noPlatform}
        onText={setText}
        onChoose={(platform) => void openName(reference, platform)}
      />
    </>
  );
}
