// The parts of SARIF 2.1.0 that GitHub reads. Source: OASIS, Static Analysis Results Interchange Format 2.1.0; GitHub, SARIF support for
// code scanning.

import { FINDING_HINTS, FINDING_SEVERITY, type FindingCode, jsonText } from '#model';
import type { PipelineFinding, PipelineFindings } from './pipeline-findings.ts';

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';
const FINGERPRINT = 'layerscope/v1';

/** For each first word of a finding's code: the tags of such findings, and how often they are right. */
const KINDS: Readonly<Record<string, { readonly tags: readonly string[]; readonly precision: string }>> = {
  secret: { tags: ['security', 'secret'], precision: 'high' },
  waste: { tags: ['size'], precision: 'high' },
  mode: { tags: ['security', 'permissions'], precision: 'very-high' },
};
const OTHER_KIND = { tags: ['image'], precision: 'very-high' };
/** GitHub's scale: high from 7.0, medium from 4.0, low below. */
const SECURITY_SEVERITY = { error: '8.0', warning: '5.0', note: '2.0' } as const;

/** Formats a document with one run as JSON. `name`: the image's name, used in the run's category. `version`: the program's. */
export function sarifReport({ findings, leftOut }: PipelineFindings, { name, version }: { name: string; version: string }): string {
  const codes = [...new Set(findings.map(({ code }) => code))];
  const indexOf = new Map(codes.map((code, index) => [code, index]));
  const notification = { level: 'warning', message: { text: `${leftOut} more results were left out` } };
  return jsonText(
    {
      $schema: SCHEMA,
      version: '2.1.0',
      runs: [
        {
          tool: { driver: { name: 'Layerscope', version, rules: codes.map(ruleOf) } },
          automationDetails: { id: `layerscope/${name}/` },
          columnKind: 'utf16CodeUnits',
          ...(leftOut === 0 ? {} : { invocations: [{ executionSuccessful: true, toolExecutionNotifications: [notification] }] }),
          results: findings.map((found) => resultOf(found, indexOf.get(found.code) ?? 0)),
        },
      ],
    },
    1,
  );
}

function ruleOf(code: FindingCode): object {
  const { title, hint } = FINDING_HINTS[code];
  const level = FINDING_SEVERITY[code];
  const kind = code.slice(0, code.indexOf('-'));
  const { tags, precision } = KINDS[kind] ?? OTHER_KIND;
  return {
    id: code,
    shortDescription: { text: title },
    help: { text: hint },
    defaultConfiguration: { level },
    properties: { tags, precision, ...(kind === 'secret' ? { 'security-severity': SECURITY_SEVERITY[level] } : {}) },
  };
}

function resultOf({ code, severity, message, uri, line, fingerprint }: PipelineFinding, ruleIndex: number): object {
  return {
    ruleId: code,
    ruleIndex,
    level: severity,
    // Names are untrusted: brackets could turn them into links. A backslash before a bracket would undo its escape.
    message: { text: message.replaceAll(/(\\*)([[\]])/g, '$1$1\\$2') },
    locations: [{ physicalLocation: { artifactLocation: { uri }, region: { startLine: line } } }],
    partialFingerprints: { [FINGERPRINT]: fingerprint },
  };
}
