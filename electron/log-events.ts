import { release } from 'node:os';
import { app } from 'electron';
import { versionLines } from './diagnostics.ts';
import { createLog, type Log } from './log.ts';

/** Opens the log in the system's folder for this program's logs, and logs startup, process crashes and uncaught errors. */
export function openLog(): Log {
  const log = createLog(app.getPath('logs'));
  log.event(['start', app.getVersion(), ...versionLines(), process.platform, release(), process.arch].join(', '));
  // The monitor only observes errors; it doesn't change how they are handled.
  process.on('uncaughtExceptionMonitor', (error) => log.defect(error));
  app.on('render-process-gone', (_event, _contents, { reason, exitCode }) => log.code(`page ${reason} ${exitCode}`, 'CRASHED'));
  app.on('child-process-gone', (_event, { type, reason, exitCode }) => {
    if (reason !== 'clean-exit') log.code(`${type} ${reason} ${exitCode}`, 'CRASHED');
  });
  app.on('quit', (_event, exitCode) => log.event(`end, exit ${exitCode}`));
  return log;
}
