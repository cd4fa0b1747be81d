/**
 * A sheet over the window: the command palette, Go to path, Open by name, what to compare with, the list of shortcuts, the preview of a
 * file, or the settings.
 */
export type Overlay = 'none' | 'palette' | 'path' | 'open-name' | 'compare' | 'help' | 'preview' | 'settings';
