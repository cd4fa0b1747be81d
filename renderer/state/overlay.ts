/** A sheet over the window: the command palette, Go to path, Open by name, the list of shortcuts, or the preview of a file. */
export type Overlay = 'none' | 'palette' | 'path' | 'open-name' | 'help' | 'preview' | 'settings';
