// Source: GitLab, Code Quality report format.

import { jsonText, type Severity } from '#model';
import type { PipelineFindings } from './pipeline-findings.ts';

const SEVERITIES: Record<Severity, string> = { error: 'critical', warning: 'major', note: 'info' };

/** Formats a list of findings as JSON. */
export function codeQualityReport({ findings }: PipelineFindings): string {
  return jsonText(
    findings.map(({ code, severity, message, uri, line, fingerprint }) => ({
      description: message,
      check_name: code,
      fingerprint,
      severity: SEVERITIES[severity],
      location: { path: uri, lines: { begin: line } },
    })),
    1,
  );
}
