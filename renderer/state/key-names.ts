import { COMMAND_FACTS, type CommandFacts, type CommandId, keyOf } from '#contract';

export const isMac = /mac/i.test(globalThis.navigator?.platform ?? '');

const NAMES: Readonly<Record<string, string>> = { ArrowLeft: '←', ArrowRight: '→', '{': '[', '}': ']', ' ': 'Space' };

/** The keys of a command, in the order they are named: `Ctrl`, `K`. */
export function keysOf(command: CommandFacts, mac = isMac): readonly string[] {
  const { key, mod, alt, shift } = keyOf(command, mac);
  const keys: string[] = [];
  if (mod) keys.push(mac ? '⌘' : 'Ctrl');
  if (alt) keys.push(mac ? '⌥' : 'Alt');
  if (shift || key === '{' || key === '}') keys.push(mac ? '⇧' : 'Shift');
  const name = NAMES[key] ?? key;
  keys.push(mod ? name.toUpperCase() : name);
  return keys;
}

/** The same by the command's id, as one text for a tooltip. */
export function keysOfId(id: CommandId): string {
  const command = COMMAND_FACTS.find((known) => known.id === id);
  return command === undefined ? '' : keysOf(command).join(' ');
}
