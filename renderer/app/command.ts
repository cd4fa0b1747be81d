/** What the window can do by a key: one table feeds the shortcuts, the palette and the help sheet. */
export interface Command {
  readonly id: string;
  readonly title: string;
  readonly group: 'Window' | 'Layers' | 'Rows' | 'Panels';
  /** As `KeyboardEvent.key` has it; `mod` is Ctrl, on macOS the command key. */
  readonly key: string;
  readonly mod?: boolean;
  readonly shift?: boolean;
  readonly alt?: boolean;
  /** A second key of a command that is listed already. */
  readonly again?: true;
  /** Makes sense only while an image is shown. */
  readonly image?: true;
  readonly run: () => void;
}
