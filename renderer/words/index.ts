import { en } from './en/index.ts';

/** What a translation must provide: a string, or a function that returns one, for everything that the window says. */
export type Catalogue = typeof en;

/** Everything that the window says. English is the only language so far; another one is a {@link Catalogue} chosen here. */
export const words: Catalogue = en;
