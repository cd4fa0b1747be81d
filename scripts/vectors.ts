// npm run -s vectors -- FILE…: runs vectors, files of the shape of vectors/backuptar.json (a backup stream to a tar and back, against go-winio)
// or vectors/hcsshim-layers.json (a layer imported and exported, against hcsshim). Prints what differs; its last line is
// `N passed, N failed`. Exit code 1 where one failed or could not be run, 2 where a file can't be used.
import { readFileSync } from 'node:fs';
import { type BackupTarCase, checkBackupTarCase } from '../test/support/backuptar-vectors.ts';

interface Outcome {
  readonly name: string;
  /** What differs, one line each; null: the case could not be run. */
  readonly differences: readonly string[] | null;
}

function isBackupTarCase(value: unknown): value is BackupTarCase {
  return typeof value === 'object' && value !== null && 'case' in value && 'backupStreamBase64' in value && 'info' in value;
}

function isLayerCase(value: unknown): value is { readonly case: string } {
  return typeof value === 'object' && value !== null && 'case' in value && 'parentTarsBase64' in value;
}

async function run(vector: unknown): Promise<Outcome> {
  if (isBackupTarCase(vector)) return { name: vector.case, differences: await checkBackupTarCase(vector) };
  if (isLayerCase(vector)) return { name: vector.case, differences: null };
  throw new Error('not a vector of a kind that is known here');
}

let passed = 0;
let failed = 0;
let notRun = 0;
for (const file of process.argv.slice(2)) {
  const vectors: unknown = JSON.parse(readFileSync(file, 'utf8'));
  if (!Array.isArray(vectors)) throw new Error(`${file}: not a list of cases`);
  for (const vector of vectors) {
    const { name, differences } = await run(vector);
    if (differences === null) notRun++;
    else if (differences.length === 0) passed++;
    else {
      failed++;
      console.log(`${name}\n${differences.map((line) => `  ${line}`).join('\n')}`);
    }
  }
}
if (passed + failed + notRun === 0) {
  console.error('usage: npm run -s vectors -- FILE…');
  process.exitCode = 2;
} else {
  if (notRun > 0) console.log(`not run: ${notRun} cases of importing and exporting a layer, which the Windows driver will do`);
  console.log(`${passed} passed, ${failed} failed`);
  if (failed + notRun > 0) process.exitCode = 1;
}
