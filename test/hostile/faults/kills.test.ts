import { test } from 'node:test';
import { testFolder } from '../../support/workbench.ts';
import { killVerbs } from './kill-loop.ts';

/** LAYERSCOPE_FAULT_KILLS: how often; CI does more, and `npm run faults -- 200` as many as it is told. */
const KILLS = Number(process.env.LAYERSCOPE_FAULT_KILLS ?? 10);

test(`of ${KILLS} verbs that are killed each leaves what was or what was to be, and nothing that the next doesn't sweep`, async (t) => {
  const { verbs, midway, swept } = await killVerbs(testFolder(t), KILLS);
  t.diagnostic(`${KILLS} kills in ${verbs} verbs, 0 lost, 0 left over; ${midway} before the verb had ended, ${swept} things swept`);
});
