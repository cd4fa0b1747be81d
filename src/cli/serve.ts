import { availableParallelism } from 'node:os';
import { cacheFolder, defaultStoreHome, type StoreLocation } from '#engine';
import { displayText } from '#model';
import { startWeb } from '#web';
import type { Arguments, CommandSpec } from './arguments.ts';
import { usageError } from './arguments.ts';
import { type Context, EXIT } from './context.ts';
import { catalogWorkerUrl, rendererFolder, sampleFile, storeWorkerUrl, workerUrl } from './installation.ts';
import { homeOf } from './open-store.ts';
import { FOLLOW_LINKS_OPTION, NETWORK_OPTIONS, STORE_OPTIONS } from './options.ts';
import { splitOperands } from './split-operands.ts';
import { userSources } from './user-sources.ts';
import { programVersion } from './version.ts';

export const spec: CommandSpec = {
  name: 'serve',
  operands: '[IMAGE…]',
  minOperands: 0,
  maxOperands: Number.POSITIVE_INFINITY,
  options: {
    port: { value: 'N', summary: 'the port to listen on (default: a free one)' },
    'follow-links': FOLLOW_LINKS_OPTION,
    ...STORE_OPTIONS,
    'allow-sources': { summary: 'let the window open images by name, from engines and registries' },
    'plain-http': NETWORK_OPTIONS['plain-http'],
    realm: NETWORK_OPTIONS.realm,
    'no-cache': { summary: 'neither read nor write the index cache' },
  },
  summary:
    'Prints the address of the window and serves it to browsers on this machine until interrupted. IMAGE may be the folder of a catalog.',
};

function parsePort(text: string | undefined): number {
  if (text === undefined) return 0;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port >= 0 && port <= 65_535)) throw usageError(`--port needs a number up to 65535: ${displayText(text)}`);
  return port;
}

/** Returns the store selected by the options, or nothing. The window lists it next to the user's own stores. */
function storeOf(args: Arguments): readonly StoreLocation[] {
  return args.value('home') === undefined && args.value('driver') === undefined ? [] : [homeOf(args)];
}

export async function run({ out, signal }: Context, args: Arguments): Promise<number> {
  const port = parsePort(args.value('port'));
  const { files, names } = splitOperands('serve', args.operands);
  const [name] = names;
  if (name !== undefined && !args.flag('allow-sources')) throw usageError(`${displayText(name)} is an image’s name: add --allow-sources`);
  const worker = workerUrl();
  const storeWorker = storeWorkerUrl();
  const catalogWorker = catalogWorkerUrl();
  await using web = await startWeb({
    files,
    names,
    ...(args.flag('allow-sources') ? { findSources: () => userSources(args) } : {}),
    followLinks: args.flag('follow-links'),
    port,
    rendererFolder: rendererFolder(),
    sampleFile: sampleFile(),
    version: programVersion(),
    cacheFolder: args.flag('no-cache') ? null : cacheFolder(),
    storeHome: defaultStoreHome(),
    workers: availableParallelism(),
    ...(worker === undefined ? {} : { workerUrl: worker }),
    ...(storeWorker === undefined ? {} : { storeWorkerUrl: storeWorker }),
    ...(catalogWorker === undefined ? {} : { catalogWorkerUrl: catalogWorker }),
    moreStores: storeOf(args),
  });
  out.write(`${web.url}\n`);
  await out.drain();
  // An interrupt is the normal way to end, not a failure.
  if (!signal.aborted) await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  return EXIT.done;
}
