import { test } from 'node:test';
import { testFolder } from '../../support/workbench.ts';
import { killVerbs } from './kill-loop.ts';

/** LAYERSCOPE_FAULT_KILLS: number of kills. CI sets more; `npm run faults -- 200` runs any number. */
const KILLS = Number(process.env.LAYERSCOPE_FAULT_KILLS ?? 10);

test(`each of ${KILLS} killed verbs leaves the state before or after it, and nothing that the next verb doesn't clean up`, async (t) => {
  const { verbs, midway, swept } = await killVerbs(testFolder(t), KILLS);
  t.diagnostic(`${KILLS} kills in ${verbs} verbs, 0 lost, 0 left over; ${midway} before the verb had ended, ${swept} leftovers swept`);
});
