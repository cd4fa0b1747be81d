import { appStore, connectedClient, dispatchJobs, getApp, setApp } from '../app-state.ts';
import { isRunning } from '../jobs.ts';
import { toast } from '../messages.ts';
import { plainError } from '../plain-error.ts';
import { withdrawOffers } from './importing.ts';
import { canChange } from './stores.ts';
import { countCopies, watchCopies } from './working-copies.ts';

/** Fetches the stores' reports. */
export async function refreshStores(): Promise<void> {
  const client = await connectedClient();
  try {
    const { stores } = await client.call('store.report', {});
    setApp({ stores });
    void countCopies();
    const bases = await Promise.all(
      stores
        .filter((store) => store.driver !== 'portable' && canChange(store))
        .map(async ({ storeId }) => ({ storeId, ...(await client.call('store.bases', { storeId })) })),
    );
    if (bases.length > 0 || getApp().bases.length > 0) setApp({ bases });
  } catch (error) {
    // A host without stores refuses; the library then has no group for them.
    if (plainError(error).code === 'FORBIDDEN') setApp({ stores: null });
    else toast(plainError(error).message);
  }
}

/** Refreshes the stores when work on them ends, and when the window gets the focus, because other programs change them too. */
export function watchStores(): void {
  void refreshStores();
  watchCopies();
  window.addEventListener('focus', () => {
    void countCopies();
    void refreshStores();
  });
  appStore.subscribe(({ jobs }, { jobs: before }) => {
    if (jobs === before) return;
    if (jobs.jobs !== before.jobs) {
      withdrawOffers();
      reportEnded();
    }
    settleReported();
  });
}

function reportEnded(): void {
  for (const job of getApp().jobs.jobs) {
    const { jobId, kind } = job;
    if (isRunning(job) || (kind !== 'import' && kind !== 'verify') || getApp().jobs.storeWork.has(jobId)) continue;
    dispatchJobs({ type: 'storeWork', jobId, state: 'ended' });
    void refreshStores().then(() => dispatchJobs({ type: 'storeWork', jobId, state: 'reported' }));
  }
}

/**
 * Settles this window's jobs once the stores' reports include their work. Checks all of them on every change, because a job may end before
 * this window knows its id.
 */
function settleReported(): void {
  const { own, jobs, storeWork } = getApp().jobs;
  for (const { jobId, purpose } of own) {
    if (purpose.kind !== 'store' || storeWork.get(jobId) !== 'reported') continue;
    dispatchJobs({ type: 'settled', jobId });
    if (jobs.find((each) => each.jobId === jobId)?.state === 'done') purpose.onDone();
  }
}
