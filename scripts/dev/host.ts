// `node scripts/dev/host.ts PORT [FILE…]`: the loopback host from source, behind Vite's server. Prints its address, as `serve` does.
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { cacheFolder, defaultStoreHome } from '#engine';
import { startWeb } from '#web';

const root = path.dirname(path.dirname(import.meta.dirname));
const [port = '0', ...files] = process.argv.slice(2);
const web = await startWeb({
  files,
  port: Number(port),
  rendererFolder: path.join(root, 'renderer'), // unused: Vite serves the page
  sampleFile: path.join(root, 'assets', 'sample.tar'),
  version: 'dev',
  cacheFolder: cacheFolder(),
  storeHome: defaultStoreHome(),
  workers: availableParallelism(),
});
for (const signal of ['SIGINT', 'SIGTERM', 'disconnect'] as const) process.once(signal, () => void web.close().then(() => process.exit(0)));
process.send?.({ url: web.url, port: web.port });
