// `npm run -s vectors -- FILE…`: runs vectors from files like vectors/backuptar.json (a backup stream converted to a tar and back, compared
// with go-winio, in one pass and in two) or vectors/hcsshim-layers.json (a layer imported and exported, compared with hcsshim). Prints the
// differences; the last line is `N passed, N failed`. Exit code 1 if any failed, 2 if a file can't be used.
import { readFileSync } from 'node:fs';
import { type BackupTarCase, checkInPasses, twoPassExceptions } from '../test/support/backuptar-vectors.ts';
import { checkLayerCase, hcsshimExceptions, type LayerCase } from '../test/support/hcsshim-vectors.ts';

interface Outcome {
  readonly name: string;
  /** The differences, one per line. */
  readonly differences: readonly string[];
  readonly ofLayers: boolean;
}

function isBackupTarCase(value: unknown): value is BackupTarCase {
  return typeof value === 'object' && value !== null && 'case' in value && 'backupStreamBase64' in value && 'info' in value;
}

function isLayerCase(value: unknown): value is LayerCase {
  return typeof value === 'object' && value !== null && 'case' in value && 'parentTarsBase64' in value;
}

async function run(vector: unknown): Promise<Outcome> {
  if (isBackupTarCase(vector)) return { name: vector.case, differences: await checkInPasses(vector), ofLayers: false };
  if (isLayerCase(vector)) return { name: vector.case, differences: await checkLayerCase(vector), ofLayers: true };
  throw new Error('not a known kind of vector');
}

const counts = { passed: 0, failed: 0, streams: 0, layers: 0 };

async function runFile(file: string): Promise<void> {
  const vectors: unknown = JSON.parse(readFileSync(file, 'utf8'));
  if (!Array.isArray(vectors)) throw new Error('not a list of cases');
  for (const vector of vectors) {
    const { name, differences, ofLayers } = await run(vector);
    if (ofLayers) counts.layers++;
    else counts.streams++;
    if (differences.length === 0) counts.passed++;
    else {
      counts.failed++;
      console.log(`${name}\n${differences.map((line) => `  ${line}`).join('\n')}`);
    }
  }
}

const files = process.argv.slice(2);
if (files.length === 0) {
  console.error('usage: npm run -s vectors -- FILE…');
  process.exitCode = 2;
}
for (const file of files) {
  try {
    await runFile(file);
  } catch (error) {
    console.error(`${file}: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 2;
  }
}
if (counts.streams > 0)
  console.log(
    `what two passes rightly change in vectors made in one:\n${twoPassExceptions()
      .map((line) => `  ${line}`)
      .join('\n')}`,
  );
if (counts.layers > 0)
  console.log(
    `where ours rightly differs from hcsshim:\n${hcsshimExceptions()
      .map((line) => `  ${line}`)
      .join('\n')}`,
  );
if (files.length > 0) console.log(`${counts.passed} passed, ${counts.failed} failed`);
if (counts.failed > 0) process.exitCode ??= 1;
