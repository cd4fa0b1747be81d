export type Severity = 'error' | 'warning' | 'note';

/** Every code of a finding, with its severity. The command line's JSON promises the codes. */
export const FINDING_SEVERITY = {
  'missing-blob': 'error',
  'digest-mismatch': 'error',
  'diffid-mismatch': 'error',
  'damaged-blob': 'error',
  'bad-tar': 'error',
  'unsupported-compression': 'error',
  'layer-unreadable': 'error',
  truncated: 'error',
  'path-escape': 'error',
  'link-outside': 'error',
  'link-loop': 'error',
  'parent-loop': 'error',
  'manifest-unreadable': 'error',
  'index-unreadable': 'error',
  'config-missing': 'error',
  'config-unreadable': 'error',
  'config-not-image': 'error',
  'bad-digest': 'error',
  'bad-descriptor': 'error',
  'attestation-unreadable': 'warning',
  'diffid-count': 'warning',
  'manifest-disagreement': 'warning',
  'history-mismatch': 'warning',
  'foreign-layer': 'warning',
  'media-type-mismatch': 'warning',
  'size-mismatch': 'warning',
  'sparse-mismatch': 'warning',
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
  'not-kept': 'warning',
  'not-made': 'warning',
  'index-entry-skipped': 'note',
  'too-large': 'error',
  'name-too-long': 'warning',
} as const satisfies Record<string, Severity>;

export type FindingCode = keyof typeof FINDING_SEVERITY;

/** Something wrong or unusual in the input that didn't keep it from being read. */
export interface Finding {
  readonly severity: Severity;
  readonly code: FindingCode;
  /** Index of the image; absent for the whole archive. */
  readonly image?: number;
  /** Index of the layer, 0 the bottom. */
  readonly layer?: number;
  /** Path as printed, escaped by {@link escapePath}. */
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
