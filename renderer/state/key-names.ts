import { COMMAND_FACTS, type CommandFacts, type CommandId, keyOf } from '#contract';
import { words } from '../words/index.ts';

export const isMac = /mac/i.test(globalThis.navigator?.platform ?? '');

const NAMES: Readonly<Record<string, string>> = {
  ArrowLeft: '←',
  ArrowRight: '→',
  '{': '[',
  '}': ']',
  ' ': words.keys.space,
  Escape: words.keys.escape,
};

/** Returns a command's keys, in their usual order: `Ctrl`, `K`. */
export function keysOf(command: CommandFacts, mac = isMac): readonly string[] {
  const { key, mod, alt, shift } = keyOf(command, mac);
  const keys: string[] = [];
  if (mod) keys.push(mac ? '⌘' : words.keys.ctrl);
  if (alt) keys.push(mac ? '⌥' : words.keys.alt);
  if (shift || key === '{' || key === '}') keys.push(mac ? '⇧' : words.keys.shift);
  const name = NAMES[key] ?? key;
  keys.push(mod ? name.toUpperCase() : name);
  return keys;
}

/** Returns the keys for a command's id, as a single string for a tooltip. */
export function keysOfId(id: CommandId): string {
  const command = COMMAND_FACTS.find((known) => known.id === id);
  return command === undefined ? '' : keysOf(command).join(' ');
}
