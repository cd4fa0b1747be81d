import { createElement, Fragment, type ReactNode } from 'react';
import type { Phrase } from '../words/language.ts';

/** Turns a phrase of the catalogue into React nodes. */
export function phrase(parts: Phrase<ReactNode>): ReactNode {
  return createElement(Fragment, null, ...parts);
}
