import { cacheFolder } from '#engine/cache-folder';
import { restrictReading } from '#files';
import type { Arguments, CommandSpec } from './arguments.ts';
import { type Context, EXIT } from './context.ts';
import { nameFolders } from './mcp/named-folders.ts';
import { programVersion } from './version.ts';

export const spec: CommandSpec = {
  name: 'mcp',
  operands: 'FOLDER…',
  minOperands: 1,
  maxOperands: Number.POSITIVE_INFINITY,
  options: { 'no-cache': { summary: 'neither read nor write the index cache' } },
  summary: 'A server for language models (Model Context Protocol) on standard input and output, for the images in these folders.',
  notes: [
    'It only reads, only what is inside the folders, and connects to nothing. Its tools are images, inspect, findings, changes, ls, cat, why,',
    'packages, waste and diff. Answers are cut to a size that a model can take, and say how to get the rest.',
  ],
};

export async function run(context: Context, args: Arguments): Promise<number> {
  const folders = nameFolders(args.operands);
  if (process.stdin.isTTY) context.note('waiting for a client on standard input; Ctrl-C ends it');
  // Loaded here, because the SDK is slow to load.
  const { serveTools } = await import('./mcp/server.ts');
  const options = args.flag('no-cache') ? ['--no-cache'] : [];
  restrictReading([...folders.folders, ...(args.flag('no-cache') ? [] : [cacheFolder()])]);
  await serveTools(programVersion(), { folders, commands: context.commands, options }, context.signal);
  return EXIT.done;
}
