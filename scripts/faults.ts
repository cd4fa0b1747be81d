// `npm run faults -- KILLS [VERB…]`: runs commands that write (default: all of them) and kills them at random moments, KILLS times in
// total.
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
// Not reached after a failure, so that the folder can then be inspected.
await removeTree(folder);
const { midway, before, after, swept } = figures;
console.log(
  `${kills} kills in ${figures.verbs} verbs, 0 lost, 0 left over: ${midway} before the verb had ended; ` +
    `${before} found the state before, ${after} the state after; ${swept} leftovers of dead processes swept`,
);
