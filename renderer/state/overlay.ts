/** A sheet over the window: the command palette, Go to path, the list of shortcuts, or the preview of a file. */
export type Overlay = 'none' | 'palette' | 'path' | 'help' | 'preview';
