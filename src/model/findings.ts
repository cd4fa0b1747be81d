export type Severity = 'error' | 'warning' | 'note';

/** Every code a finding may carry, with its severity. The codes are a promise of the command line's JSON. */
export const FINDING_SEVERITY = {
  'missing-blob': 'error',
  'digest-mismatch': 'error',
  'diffid-mismatch': 'error',
  'damaged-blob': 'error',
  'bad-tar': 'error',
  truncated: 'error',
  'path-escape': 'error',
  'manifest-disagreement': 'warning',
  'history-mismatch': 'warning',
  'foreign-layer': 'warning',
  'media-type-mismatch': 'warning',
  'size-mismatch': 'warning',
  'trailing-data': 'warning',
  'missing-end-marker': 'warning',
  'odd-name': 'note',
  'invalid-utf8-name': 'warning',
  'ambiguous-name': 'warning',
  'global-header': 'note',
  'duplicate-path': 'note',
  'folder-replaced': 'warning',
  'entry-below-file': 'error',
  'name-through-link': 'note',
  'symlink-loop': 'error',
  'symlink-replaced': 'warning',
  'bare-whiteout': 'warning',
  'whiteout-without-target': 'note',
  'dangling-hardlink': 'warning',
  'reserved-name': 'warning',
  'case-collision': 'warning',
  'unknown-type': 'warning',
  'index-entry-skipped': 'note',
  'not-kept': 'warning',
  'not-made': 'warning',
} as const satisfies Record<string, Severity>;

export type FindingCode = keyof typeof FINDING_SEVERITY;

/** Something odd in the input that did not stop it from being read. */
export interface Finding {
  readonly severity: Severity;
  readonly code: FindingCode;
  /** Index of the image it belongs to; absent: the whole archive. */
  readonly image?: number;
  /** Index of the layer, 0 the bottom. */
  readonly layer?: number;
  /** Path as printed: escaped by {@link escapePath}. */
  readonly path?: string;
  /** Byte offset in the layer's tar. */
  readonly offset?: number;
  readonly message: string;
}

export function finding(
  code: FindingCode,
  message: string,
  where: { image?: number; layer?: number; path?: string; offset?: number } = {},
): Finding {
  return { severity: FINDING_SEVERITY[code], code, ...where, message };
}
