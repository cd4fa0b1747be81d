import { compareBytes, encodeUtf8 } from './path-text.ts';

export type Severity = 'error' | 'warning' | 'note';

/** Every finding code, with its severity. The codes are a stable part of the command line's JSON. */
export const FINDING_SEVERITY = {
  'missing-blob': 'error',
  'digest-mismatch': 'error',
  'diffid-mismatch': 'error',
  'damaged-blob': 'error',
  'changed-on-disk': 'error',
  'toc-mismatch': 'error',
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
  unverified: 'note',
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
  'scan-limit': 'note',
  'secret-private-key': 'error',
  'secret-github-token': 'error',
  'secret-npm-token': 'error',
  'secret-gitlab-token': 'error',
  'secret-aws-key': 'error',
  'secret-slack-token': 'error',
  'secret-slack-webhook': 'error',
  'secret-stripe-key': 'error',
  'secret-gcp-key': 'error',
  'secret-gcp-service-account': 'error',
  'secret-pypi-token': 'error',
  'secret-huggingface-token': 'error',
  'secret-openai-token': 'error',
  'secret-anthropic-token': 'error',
  'secret-digitalocean-token': 'error',
  'secret-databricks-token': 'error',
  'secret-rubygems-token': 'error',
  'secret-sendgrid-token': 'error',
  'secret-shopify-token': 'error',
  'secret-vault-token': 'error',
  'secret-age-key': 'error',
  'secret-pulumi-token': 'error',
  'secret-grafana-token': 'error',
  'secret-postman-token': 'error',
  'secret-artifactory-token': 'error',
  'secret-docker-token': 'error',
  'secret-docker-auth': 'error',
  'secret-git-credentials': 'error',
  'secret-kubeconfig-key': 'error',
  'secret-netrc': 'warning',
  'secret-env-file': 'warning',
  'secret-env-password': 'warning',
  'secret-build-arg': 'warning',
  'secret-pypirc': 'warning',
  'secret-key-store': 'warning',
  'secret-password-hash': 'warning',
  'secret-wp-config': 'warning',
  'secret-terraform-state': 'warning',
  'secret-azure-credentials': 'warning',
  'secret-gcloud-credentials': 'warning',
  'waste-apt-lists': 'note',
  'waste-apt-cache': 'note',
  'waste-apk-cache': 'note',
  'waste-yum-cache': 'note',
  'waste-dnf-cache': 'note',
  'waste-pip-cache': 'note',
  'waste-npm-cache': 'note',
  'waste-go-build-cache': 'note',
  'waste-cargo-cache': 'note',
  'waste-maven-repository': 'note',
  'waste-gradle-cache': 'note',
  'waste-composer-cache': 'note',
  'waste-gem-cache': 'note',
  'waste-conda-pkgs': 'note',
  'waste-pyc': 'note',
  'waste-logs': 'note',
  'waste-tmp': 'note',
  'waste-git-folder': 'note',
  'waste-build-tools': 'note',
  'waste-removed-later': 'note',
  'waste-metadata-only-copy': 'note',
  'waste-same-content': 'note',
  'mode-setuid': 'note',
  'mode-world-writable': 'warning',
} as const satisfies Record<string, Severity>;

export type FindingCode = keyof typeof FINDING_SEVERITY;

/** Code of a finding about bytes that an image could do without. */
export type WasteCode = Extract<FindingCode, `waste-${string}`>;

/** A problem or oddity in the input that didn't prevent reading it, or something that the image could do without. */
export interface Finding {
  readonly severity: Severity;
  readonly code: FindingCode;
  /** Index of the image; absent for findings about the archive itself. */
  readonly image?: number;
  /** Index of the layer; 0 is the bottom. */
  readonly layer?: number;
  /** Path, escaped by {@link escapePath}. */
  readonly path?: string;
  /** Byte offset in the layer's tar. */
  readonly offset?: number;
  /** Where a secret was found. For `file`, both `layer` and `path` are set; for `history`, `layer` may be. */
  readonly where?: 'file' | 'history' | 'env' | 'label';
  /** The variable, build argument or label that holds the secret. */
  readonly name?: string;
  /** Line in the file, counted from 1; absent for a binary file. */
  readonly line?: number;
  /**
   * Set if the file is compressed and the secret is in its decompressed content: `line` refers to that content, `offset` to the file
   * itself.
   */
  readonly packed?: 'gzip';
  /** For a compressed tar: the path of the file in it, escaped. */
  readonly inside?: string;
  /** First four and last two characters of a secret, with `…` in between. */
  readonly shown?: string;
  /** Whether the image's top view still shows the file. */
  readonly visible?: boolean;
  /** Index of the layer that removes or replaces the file. */
  readonly removedIn?: number;
  /** Set for a key that needs a passphrase. */
  readonly encrypted?: true;
  /** For waste: bytes of the layer's regular files at or below `path`. */
  readonly bytes?: number;
  /** For `waste-same-content`: the other path that has the same content. */
  readonly of?: string;
  readonly message: string;
}

/** Order of findings in reports: by image, layer (those without one first), path by its bytes, offset, code. */
export function compareFindings(a: Finding, b: Finding): number {
  return (
    (a.image ?? -1) - (b.image ?? -1) ||
    (a.layer ?? -1) - (b.layer ?? -1) ||
    compareText(a.path ?? '', b.path ?? '') ||
    (a.offset ?? -1) - (b.offset ?? -1) ||
    compareText(a.code, b.code)
  );
}

/** Compares by code points, which is the order of the UTF-8 bytes. */
function compareText(a: string, b: string): number {
  return a === b ? 0 : compareBytes(encodeUtf8(a), encodeUtf8(b));
}

export function finding(code: FindingCode, message: string, where: Partial<Omit<Finding, 'severity' | 'code' | 'message'>> = {}): Finding {
  return { severity: FINDING_SEVERITY[code], code, ...where, message };
}

/** Sorts findings by image, layer (those without one first), path, offset and code. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  return [...findings].sort(compareFindings);
}
