import { displayText, formatSize, jsonText } from '#model';
import type { Arguments, CommandSpec } from './arguments.ts';
import { type Context, EXIT } from './context.ts';
import { JSON_OPTION, NETWORK_OPTIONS } from './options.ts';
import { registryReference } from './tags.ts';
import { formatTable } from './text-table.ts';
import { userRegistries } from './user-sources.ts';

export const spec: CommandSpec = {
  name: 'referrers',
  operands: 'NAME',
  minOperands: 1,
  maxOperands: 1,
  options: {
    type: { value: 'TYPE', summary: 'only those of this artifact type, such as application/spdx+json' },
    json: JSON_OPTION,
    ...NETWORK_OPTIONS,
  },
  summary: 'What refers to an image in its registry: signatures, SBOMs, attestations.',
  notes: ['A signature refers to one manifest or index. For those of one platform, name its manifest: ghcr.io/owner/app@sha256:…'],
};

export async function run({ out, style, signal }: Context, args: Arguments): Promise<number> {
  const reference = registryReference(args.operands[0] ?? '');
  const { subject, referrers } = await userRegistries(args).referrers(reference, args.value('type') ?? null, signal);
  if (args.flag('json')) {
    out.write(`${jsonText({ subject, referrers }, 2)}\n`);
    return EXIT.done;
  }
  if (referrers.length === 0) {
    out.write(`nothing refers to ${subject}\n`);
    return EXIT.done;
  }
  const rows = referrers.map(({ digest, artifactType, mediaType, size }) => [
    digest,
    displayText(artifactType ?? mediaType ?? ''),
    formatSize(size),
  ]);
  const columns = [{ title: 'DIGEST' }, { title: 'TYPE' }, { title: 'SIZE', align: 'right' as const }];
  for (const line of formatTable(columns, rows, { header: style.dim })) {
    out.write(`${line}\n`);
    if (out.full) await out.drain();
  }
  return EXIT.done;
}
