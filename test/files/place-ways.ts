// Every way to write a file atomically, for place.test.ts and killed-way.ts.
import { writeFileSync } from 'node:fs';
import { createFile, replaceFile, replaceFileSync, writeWhole } from '../../src/files/place.ts';

/** Larger than a pipe's buffer or a page, so that a partial write would be noticed. */
export const OLD = 'old '.repeat(50_000);
export const NEW = 'new '.repeat(60_000);

/** Every way to write a file, and whether it replaces one. */
export const WAYS: readonly { readonly name: string; readonly replaces: boolean; readonly run: (target: string) => Promise<unknown> }[] = [
  { name: 'replaceFile', replaces: true, run: (target) => replaceFile(target, writeWhole(NEW)) },
  { name: 'replaceFile, durable', replaces: true, run: (target) => replaceFile(target, writeWhole(NEW), { durable: true }) },
  { name: 'createFile', replaces: false, run: (target) => createFile(target, writeWhole(NEW)) },
  { name: 'createFile, durable', replaces: false, run: (target) => createFile(target, writeWhole(NEW), { durable: true }) },
  {
    name: 'replaceFileSync',
    replaces: true,
    run: async (target) => replaceFileSync(target, (unfinished) => writeFileSync(unfinished, NEW, { flag: 'wx' })),
  },
];
