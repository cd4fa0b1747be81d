// A store's thread that answers as the real one, but for a home called `crash`, which ends it.
import { parentPort } from 'node:worker_threads';
import { serveRooms } from '#engine';

if (parentPort !== null) {
  const open = async (_name: string, home: string): Promise<never> => {
    if (home.endsWith('crash'))
      setTimeout(() => {
        throw new Error('a defect');
      }, 0);
    return new Promise(() => {});
  };
  serveRooms(parentPort, { open });
}
