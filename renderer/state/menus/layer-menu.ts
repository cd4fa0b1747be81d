import type { ImageSummary } from '#contract';
import { jsonText, type LayerReport } from '#model';
import type { ActionSection, MenuAction } from '../../components/action-menu.tsx';
import { words } from '../../words/index.ts';
import { chooseMode, compareLayerBelow, goTo } from '../choosing.ts';
import { startExport } from '../exporting.ts';
import { copyAction } from './copy-action.ts';

/** Returns the actions for a layer of the selected image. */
export function layerActions(archiveId: string, image: ImageSummary, index: number): readonly ActionSection[] {
  const layer = image.layers[index];
  if (layer === undefined) return [];
  const showAs = (mode: 'layer' | 'stacked') => () => {
    chooseMode(mode);
    goTo(index, null);
  };
  return [
    {
      id: 'show',
      title: words.menus.show,
      quiet: true,
      actions: [
        { id: 'changes', label: words.menus.showChanges, run: showAs('layer') },
        { id: 'filesystem', label: words.menus.showFilesystem, run: showAs('stacked') },
        ...(index === 0 ? [] : [{ id: 'compare', label: words.menus.compareBelow, run: () => compareLayerBelow(index) }]),
      ],
    },
    {
      id: 'copy',
      title: words.menus.copy,
      quiet: true,
      actions: [
        ...copyAction('command', layer.createdBy),
        ...copyAction('digest', layer.digest),
        ...copyAction('diffId', layer.diffId),
        ...copyAction('size', String(image.loaded ? layer.fileBytes : layer.blobBytes)),
        ...copyAction('json', jsonText(layer, 2)),
      ],
    },
    {
      id: 'save',
      title: words.menus.save,
      quiet: true,
      actions: layerSaves(archiveId, image, layer),
    },
  ];
}

/** Returns the actions that save a layer. */
export function layerSaves(archiveId: string, image: ImageSummary, layer: LayerReport): readonly MenuAction[] {
  if (layer.status !== 'present') return [];
  const save = (form: 'stored' | 'plain') => () =>
    void startExport({ what: 'layer', form, archiveId, image: image.index, layer: layer.index });
  return [
    { id: 'stored', label: words.menus.saveStored, detail: words.details.compression[layer.compression], run: save('stored') },
    { id: 'plain', label: words.menus.savePlain, run: save('plain') },
  ];
}
