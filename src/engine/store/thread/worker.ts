// Entry point of the store thread.
import { parentPort } from 'node:worker_threads';
import { serveStores } from './server.ts';

if (parentPort !== null) serveStores(parentPort);
