// Arrow keys in a tree of buttons: up and down to the neighbours on the screen, right opens or goes below, left closes or goes above.
import type { KeyboardEvent } from 'react';

/** Marks the button of a key, so that the keys can be found in their order on the screen. */
export const TREE_LABEL = 'data-tree-label';

function openerOf(label: HTMLElement): HTMLElement | null {
  return label.closest('li')?.querySelector<HTMLElement>(':scope > * > [aria-expanded]') ?? null;
}

function parentOf(label: HTMLElement): HTMLElement | null {
  return label.closest('li')?.parentElement?.closest('li')?.querySelector<HTMLElement>(`[${TREE_LABEL}]`) ?? null;
}

/** Moves the focus in the list that has this handler, or opens and closes a key. Leaves other keys alone. */
export function moveInTree(event: KeyboardEvent<HTMLElement>): void {
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const labels = [...event.currentTarget.querySelectorAll<HTMLElement>(`[${TREE_LABEL}]`)];
  const at = labels.indexOf(event.target as HTMLElement);
  const label = labels[at];
  if (label === undefined) return;
  const opener = openerOf(label);
  const isOpen = opener?.getAttribute('aria-expanded') === 'true';
  const next = labels[at + 1];
  if (event.key === 'ArrowDown') next?.focus();
  else if (event.key === 'ArrowUp') labels[at - 1]?.focus();
  else if (event.key === 'Home') labels[0]?.focus();
  else if (event.key === 'End') labels.at(-1)?.focus();
  else if (event.key === 'ArrowRight') {
    if (!isOpen) opener?.click();
    else if (next !== undefined && parentOf(next) === label) next.focus();
  } else if (event.key === 'ArrowLeft') {
    if (isOpen) opener?.click();
    else parentOf(label)?.focus();
  } else return;
  event.preventDefault();
  event.stopPropagation();
}
