import { Button } from '../../components/button.tsx';
import { startExport } from '../../state/exporting.ts';
import { words } from '../../words/index.ts';
import type { KeyAtLayer } from './key-values.tsx';

/** Saves a key as seen at a layer, with everything below it. */
export function SaveKey({ of }: { of: KeyAtLayer }) {
  return (
    <Button icon="save" onPress={() => void startExport({ what: 'registry', ...of })}>
      {words.registry.saveReg}
    </Button>
  );
}
