// `npm run faults -- KILLS`: every verb that writes, killed so many times in all, each time at a random moment.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { removeTree } from '#disk';
import { killVerbs } from '../test/hostile/faults/kill-loop.ts';

const [text = '200', ...verbs] = process.argv.slice(2);
const kills = Number(text);
if (!Number.isSafeInteger(kills) || kills < 1) throw new Error(`npm run faults -- KILLS: not ${text}`);
const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-faults-'));
const figures = await killVerbs(folder, kills, verbs.length === 0 ? undefined : verbs);
// After a failure what is there stays, to be looked at.
await removeTree(folder);
const { midway, before, after, swept } = figures;
console.log(
  `${kills} kills in ${figures.verbs} verbs, 0 lost, 0 left over: ${midway} before the verb had ended; ` +
    `${before} found what was, ${after} what was to be; ${swept} things of dead processes swept`,
);
