import { useState } from 'react';
import { Picker } from '../../components/picker.tsx';
import { Sheet } from '../../components/sheet.tsx';
import { compareWithSide } from '../../state/choosing.ts';
import { setOverlay } from '../../state/commands.ts';
import { type SideChoice, sideChoices } from '../../state/compare.ts';
import { choose } from '../../state/opening.ts';
import { matchesWords } from '../../state/palette.ts';
import { words } from '../../words/index.ts';
import { useApp } from '../use-app.ts';

/** Asks what to compare the selection with. */
export function CompareWithSheet() {
  const archives = useApp((app) => app.archives);
  const selection = useApp((app) => app.selection);
  const [text, setText] = useState('');
  const matching = sideChoices(archives ?? [], selection).filter(({ label, detail }) => matchesWords(`${label} ${detail}`, text));
  // `layer 1` means a layer rather than a command that happens to contain a 1.
  const named = matching.filter(({ label }) => matchesWords(label, text));
  const choices = named.length > 0 ? named : matching;

  function take({ side }: SideChoice): void {
    setOverlay('none');
    const { archiveId, image, to } = selection;
    // Wait until the sheet has restored the focus before changing the panes.
    setTimeout(() => {
      if (side !== null) compareWithSide(side);
      else if (archiveId !== null) void choose('files', { archiveId, image, layer: to });
    }, 0);
  }

  return (
    <Sheet label={words.compare.with} onClose={() => setOverlay('none')}>
      <Picker
        label={words.compare.with}
        placeholder={words.compare.with}
        text={text}
        choices={choices}
        empty={words.compare.nothingToChoose}
        onText={setText}
        onChoose={(id) => {
          const chosen = choices.find((each) => each.id === id);
          if (chosen !== undefined) take(chosen);
        }}
      />
    </Sheet>
  );
}
