import { app, BrowserWindow, Notification } from 'electron';
import type { Jobs } from '#engine';
import { type Notice, watchJobs } from './job-signals.ts';
import type { Log } from './log.ts';

/** Shows running jobs on the taskbar or dock, and a notification when a long one ends while no window of the program has the focus. */
export function showJobs(jobs: Jobs, log: Log): void {
  // Kept because a garbage-collected notification can't be clicked.
  const shown = new Set<Notification>();
  const notify = (notice: Notice): void => {
    if (!Notification.isSupported()) return;
    const notification = new Notification({ ...notice, silent: true });
    shown.add(notification);
    notification.on('click', () => {
      const [window] = BrowserWindow.getAllWindows();
      if (window?.isMinimized()) window.restore();
      window?.focus();
    });
    for (const end of ['click', 'close', 'failed'] as const) notification.on(end as 'close', () => void shown.delete(notification));
    notification.show();
  };
  jobs.subscribe(
    watchJobs({
      notify,
      progress: (value) => {
        for (const window of BrowserWindow.getAllWindows())
          window.setProgressBar(value === null ? -1 : value === 'unknown' ? 2 : value, {
            mode: value === 'unknown' ? 'indeterminate' : 'normal',
          });
      },
      isWatched: () => BrowserWindow.getFocusedWindow() !== null,
      failed: (kind, code) => log.code(`job ${kind}`, code),
      now: () => performance.now(),
    }),
  );
  app.on('browser-window-focus', () => {
    for (const notification of shown) notification.close();
  });
}
