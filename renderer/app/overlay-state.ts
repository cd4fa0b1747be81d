/** A sheet over the window: the palette of commands, the choice of a path, the list of keys. */
export type Overlay = 'none' | 'palette' | 'path' | 'help';
