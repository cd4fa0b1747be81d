import { createElement, Fragment, type ReactNode } from 'react';
import type { Phrase } from '../words/language.ts';

/** Turns a phrase from the catalogue into React nodes. */
export function phrase(parts: Phrase<ReactNode>): ReactNode {
  return createElement(Fragment, null, ...parts);
}
