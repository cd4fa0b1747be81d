// The store's thread with two special homes for tests: a home named `waits` never opens, and one named `crash` ends the thread.
import { parentPort } from 'node:worker_threads';
import { type GraphDriver, openDriver } from '#driver';
import { serveStores } from '#engine';

if (parentPort !== null) {
  const open: typeof openDriver = async (name, home, options): Promise<GraphDriver> => {
    if (!/(crash|waits)$/.test(home)) return openDriver(name, home, options);
    if (home.endsWith('crash'))
      setTimeout(() => {
        throw new Error('a defect');
      }, 0);
    return new Promise(() => {});
  };
  serveStores(parentPort, { open });
}
