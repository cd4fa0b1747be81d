// The script of the store's thread.
import { parentPort } from 'node:worker_threads';
import { serveStores } from './server.ts';

if (parentPort !== null) serveStores(parentPort);
