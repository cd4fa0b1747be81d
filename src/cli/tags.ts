import { fullName, parseImageWord, type Reference } from '#format/reference';
import { displayText, jsonText } from '#model';
import type { Arguments, CommandSpec } from './arguments.ts';
import { usageError } from './arguments.ts';
import { type Context, EXIT } from './context.ts';
import { JSON_OPTION, NETWORK_OPTIONS } from './options.ts';
import { userRegistries } from './user-sources.ts';

export const spec: CommandSpec = {
  name: 'tags',
  operands: 'NAME',
  minOperands: 1,
  maxOperands: 1,
  options: { json: JSON_OPTION, ...NETWORK_OPTIONS },
  summary: 'The tags of a repository in a registry, in the registry’s order. NAME has neither tag nor digest: ghcr.io/owner/app.',
};

export async function run({ out, signal }: Context, args: Arguments): Promise<number> {
  const [name = ''] = args.operands;
  const reference = registryReference(name);
  if (reference.given.tag || reference.given.digest) throw usageError(`${displayText(name)}: tags takes a name without a tag or a digest`);
  const tags = await userRegistries(args).tags(reference, signal);
  if (args.flag('json')) {
    out.write(`${jsonText({ name: fullName({ ...reference, tag: null }), tags: tags.map(displayText) }, 2)}\n`);
    return EXIT.done;
  }
  for (const tag of tags) {
    out.write(`${displayText(tag)}\n`);
    if (out.full) await out.drain();
  }
  return EXIT.done;
}

/** Parses the name of an image in a registry, with or without `registry:`. Throws USAGE. */
export function registryReference(text: string): Reference {
  const word = parseImageWord(text);
  if (word.kind === 'registry') return word.reference;
  if (word.kind === 'name' && word.name.reference !== null) return word.name.reference;
  throw usageError(`${displayText(text)} is not the name of an image in a registry`);
}
