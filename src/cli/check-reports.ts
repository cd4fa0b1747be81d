import { type LoadedImage, pipelineReports, saveFile } from '#engine';
import { encodeUtf8, type Finding, plural } from '#model';
import type { Context } from './context.ts';
import { programVersion } from './version.ts';

/** A document that `check` writes. `file`: `-` is standard output. */
export interface ReportTarget {
  readonly kind: 'sarif' | 'code-quality';
  readonly file: string;
}

/** Writes the documents, each in full or not at all. Throws IO, PERMISSION, CANCELLED. */
export async function writeReports(
  context: Context,
  loaded: LoadedImage,
  findings: readonly Finding[],
  targets: readonly ReportTarget[],
): Promise<void> {
  const reports = pipelineReports(loaded, findings);
  if (reports.leftOut > 0) context.warn(`${plural(reports.leftOut, 'finding')} left out: the limit of a report is reached`);
  for (const { kind, file } of targets) {
    const bytes = encodeUtf8(`${kind === 'sarif' ? reports.sarif(programVersion()) : reports.codeQuality()}\n`);
    if (file === '-') await context.out.writeBytes(bytes);
    else await saveFile(file, piecesOf(bytes), { signal: context.signal });
  }
}

async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
