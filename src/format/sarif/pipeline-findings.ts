import { displayText, type Finding, type FindingCode, type Severity, unescapePath } from '#model';

/** Maximum number of results that GitHub accepts in a run. */
const MAX_RESULTS = 25_000;

/** A finding in the form that pipelines need. */
export interface PipelineFinding {
  readonly code: FindingCode;
  readonly severity: Severity;
  /** Safe to print. */
  readonly message: string;
  /** A relative URI, percent-encoded: `layer-N/PATH`; `layer-N` for a finding without a path; `config` for one without a layer. */
  readonly uri: string;
  /** Counted from 1. */
  readonly line: number;
  readonly fingerprint: string;
}

export interface PipelineFindings {
  /** Most severe first, otherwise in the given order. */
  readonly findings: readonly PipelineFinding[];
  /** Number of findings that were left out. */
  readonly leftOut: number;
}

const RANK: Record<Severity, number> = { error: 0, warning: 1, note: 2 };

/**
 * Prepares the findings of one image, at most {@link MAX_RESULTS}. Findings with the same fingerprint are merged. `diffIds`: the diffID of
 * each layer.
 * `hash`: returns SHA-256 in hex.
 */
export function pipelineFindings(
  findings: readonly Finding[],
  diffIds: readonly (string | null)[],
  hash: (text: string) => string,
): PipelineFindings {
  const sorted = [...findings].sort((a, b) => RANK[a.severity] - RANK[b.severity]);
  const kept = new Map<string, PipelineFinding>();
  let leftOut = 0;
  for (const found of sorted) {
    const { code, severity, layer, path = '', name, line } = found;
    const diffId = layer === undefined ? '' : (diffIds[layer] ?? '');
    const fingerprint = hash([code, diffId, path, name ?? line ?? ''].join('\0'));
    if (kept.has(fingerprint)) continue;
    if (kept.size >= MAX_RESULTS) {
      leftOut++;
      continue;
    }
    kept.set(fingerprint, { code, severity, message: displayText(found.message), uri: uriOf(found), line: line ?? 1, fingerprint });
  }
  return { findings: [...kept.values()], leftOut };
}

function uriOf({ layer, path }: Finding): string {
  if (layer === undefined) return 'config';
  return path === undefined || path === '' ? `layer-${layer}` : `layer-${layer}/${percentEncoded(unescapePath(path))}`;
}

/** Percent-encodes every byte except RFC 3986's unreserved characters and `/`. */
function percentEncoded(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    text += /[A-Za-z0-9._~/-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return text;
}
