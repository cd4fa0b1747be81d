/** A sheet over the window: the palette of commands, the choice of a path, the list of keys, a file's content. */
export type Overlay = 'none' | 'palette' | 'path' | 'help' | 'preview';
