// Preloaded into a measured process: writes its peak resident memory, in bytes, to the file that LAYERSCOPE_BENCH_MEMORY names.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const STATUS = '/proc/self/status';

/**
 * Returns the peak resident memory in bytes, from VmHWM if possible. The peak that getrusage(2) reports includes the parent's memory before
 * exec, which hides a small process's own use.
 */
function peak(): number {
  const line = existsSync(STATUS) ? /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(STATUS, 'utf8')) : null;
  return (line === null ? process.resourceUsage().maxRSS : Number(line[1])) * 1024;
}

process.on('exit', () => {
  const file = process.env.LAYERSCOPE_BENCH_MEMORY;
  if (file !== undefined) writeFileSync(file, String(peak()));
});
