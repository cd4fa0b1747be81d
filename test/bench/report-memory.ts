// Preloaded into a measured process: writes its peak resident memory, in bytes, to the file that LAYERSCOPE_BENCH_MEMORY names.
import { writeFileSync } from 'node:fs';

process.on('exit', () => {
  const file = process.env.LAYERSCOPE_BENCH_MEMORY;
  if (file !== undefined) writeFileSync(file, String(process.resourceUsage().maxRSS * 1024));
});
