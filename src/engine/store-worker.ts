// The script of the store's thread.
import { parentPort } from 'node:worker_threads';
import { serveRooms } from './serve-rooms.ts';

if (parentPort !== null) serveRooms(parentPort);
