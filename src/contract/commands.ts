/**
 * The window's commands: a single table for keys, the palette, the list of shortcuts and the desktop's menu. renderer/state/commands.ts
 * implements them.
 */

/** A key, named as in `KeyboardEvent.key`; `mod` is Ctrl, or Command on macOS. */
export interface CommandKey {
  readonly key: string;
  readonly mod?: true;
  readonly shift?: true;
  readonly alt?: true;
}

/** A command's key, and where it applies. */
export interface CommandFacts extends CommandKey {
  readonly id: string;
  readonly title: string;
  readonly group: 'Window' | 'Layers' | 'Rows' | 'Panels';
  /** Key on macOS, if the usual one means something else there. */
  readonly mac?: CommandKey;
  /** Whether this is a second key for a command that is already listed. */
  readonly again?: true;
  /** Whether the command is available only while an image is shown. */
  readonly image?: true;
  /** Whether the command is available in the preview as well. */
  readonly preview?: true;
}

/** All commands, in the order of the list of shortcuts. */
export const COMMAND_FACTS = [
  { id: 'open', title: 'Open…', group: 'Window', key: 'o', mod: true },
  { id: 'open-name', title: 'Open by name…', group: 'Window', key: 'o' },
  { id: 'export', title: 'Save…', group: 'Window', key: 's', mod: true, image: true },
  { id: 'palette', title: 'Command palette', group: 'Window', key: 'k', mod: true },
  { id: 'path', title: 'Go to path…', group: 'Window', key: 'g', image: true },
  { id: 'back', title: 'Back', group: 'Window', key: 'ArrowLeft', alt: true, mac: { key: '[', mod: true } },
  { id: 'forward', title: 'Forward', group: 'Window', key: 'ArrowRight', alt: true, mac: { key: ']', mod: true } },
  { id: 'settings', title: 'Settings…', group: 'Window', key: ',', mod: true },
  { id: 'next-pane', title: 'Next pane', group: 'Window', key: 'F6' },
  { id: 'previous-pane', title: 'Previous pane', group: 'Window', key: 'F6', shift: true },
  { id: 'help', title: 'Keyboard shortcuts', group: 'Window', key: '?' },
  { id: 'older', title: 'Older layer', group: 'Layers', key: '[', image: true },
  { id: 'newer', title: 'Newer layer', group: 'Layers', key: ']', image: true },
  { id: 'widen-older', title: 'Extend range down', group: 'Layers', key: '{', image: true },
  { id: 'widen-newer', title: 'Extend range up', group: 'Layers', key: '}', image: true },
  { id: 'image', title: 'Whole image', group: 'Layers', key: '0', image: true },
  { id: 'layer', title: 'Changes of the layer', group: 'Layers', key: '1', image: true },
  { id: 'stacked', title: 'Filesystem at the layer', group: 'Layers', key: '2', image: true },
  { id: 'compare', title: 'Compare with another layer or image', group: 'Layers', key: '3', image: true },
  { id: 'swap', title: 'Swap sides', group: 'Layers', key: 'x', image: true },
  { id: 'filter', title: 'Filter', group: 'Rows', key: '/', image: true },
  { id: 'find', title: 'Filter', group: 'Rows', key: 'f', mod: true, again: true, image: true },
  { id: 'preview', title: 'Preview', group: 'Rows', key: ' ', image: true },
  { id: 'next-difference', title: 'Next difference in the file', group: 'Rows', key: 'F7', image: true, preview: true },
  {
    id: 'previous-difference',
    title: 'Previous difference in the file',
    group: 'Rows',
    key: 'F7',
    shift: true,
    image: true,
    preview: true,
  },
  { id: 'treemap', title: 'Toggle treemap', group: 'Rows', key: 't', image: true },
  { id: 'breakdown', title: 'Toggle breakdown', group: 'Rows', key: 'y', image: true },
  { id: 'packages', title: 'Toggle packages', group: 'Rows', key: 'i', image: true },
  { id: 'registry', title: 'Toggle registry', group: 'Rows', key: 'r', image: true },
  { id: 'open-all', title: 'Expand all folders', group: 'Rows', key: '+', image: true },
  { id: 'close-all', title: 'Collapse all folders', group: 'Rows', key: '-', image: true },
  { id: 'deselect', title: 'Deselect', group: 'Rows', key: 'Escape', image: true },
  { id: 'copy-path', title: 'Copy path', group: 'Rows', key: 'c', image: true },
  { id: 'details', title: 'Details', group: 'Panels', key: 'd', mod: true, image: true },
  { id: 'waste', title: 'Waste', group: 'Panels', key: 'w', image: true },
  { id: 'findings', title: 'Findings', group: 'Panels', key: 'p', image: true },
  { id: 'library', title: 'Toggle library', group: 'Panels', key: 'b', mod: true },
] as const satisfies readonly CommandFacts[];

/** An action of the desktop's menu and of the palette that has no key. */
export const COPY_DIAGNOSTICS = 'copy-diagnostics';

export type CommandId = (typeof COMMAND_FACTS)[number]['id'];

/** Returns the key of a command on this system. */
export function keyOf(command: CommandFacts, isMac: boolean): CommandKey {
  return (isMac ? command.mac : undefined) ?? command;
}
