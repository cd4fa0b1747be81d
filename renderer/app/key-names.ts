import type { Command } from './command.ts';

export const isMac = /mac/i.test(globalThis.navigator?.platform ?? '');

const NAMES: Readonly<Record<string, string>> = { ArrowLeft: '←', ArrowRight: '→', '{': '[', '}': ']' };

/** The keys to press, in the order they are named: `Ctrl`, `K`. */
export function keysOf(command: Pick<Command, 'key' | 'mod' | 'shift' | 'alt'>, mac = isMac): readonly string[] {
  const keys: string[] = [];
  if (command.mod) keys.push(mac ? '⌘' : 'Ctrl');
  if (command.alt) keys.push(mac ? '⌥' : 'Alt');
  if (command.shift || command.key === '{' || command.key === '}') keys.push(mac ? '⇧' : 'Shift');
  const name = NAMES[command.key] ?? command.key;
  keys.push(command.mod ? name.toUpperCase() : name);
  return keys;
}
