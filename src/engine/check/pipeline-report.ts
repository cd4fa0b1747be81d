import { createHash } from 'node:crypto';
import { codeQualityReport, type PipelineFindings, pipelineFindings, sarifReport } from '#format/sarif';
import { displayText, type Finding } from '#model';
import type { LoadedImage } from '../image/types.ts';

/** The documents that a pipeline may want from a check. */
export interface PipelineReports {
  /** Number of findings that don't fit into a document. */
  readonly leftOut: number;
  /** SARIF 2.1.0. `version` is the program's version. */
  sarif(version: string): string;
  /** GitLab's Code Quality format. */
  codeQuality(): string;
}

/** Formats an image's findings for pipelines. */
export function pipelineReports({ image, archive }: Pick<LoadedImage, 'image' | 'archive'>, findings: readonly Finding[]): PipelineReports {
  const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
  const diffIds = image.layers.map(({ diffId }) => diffId);
  const prepared: PipelineFindings = pipelineFindings(findings, diffIds, hash);
  const name = displayText(image.names[0] ?? archive.title);
  return {
    leftOut: prepared.leftOut,
    sarif: (version) => sarifReport(prepared, { name, version }),
    codeQuality: () => codeQualityReport(prepared),
  };
}
