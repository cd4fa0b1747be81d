import type { FindingCode, WasteCode } from './findings.ts';

/** What a kind of waste is, and how an image can avoid it, in one sentence. */
interface WasteHint {
  readonly title: string;
  readonly hint: string;
  /** The rule of the linter hadolint that warns about this kind of waste, if there is one. */
  readonly hadolint?: string;
  /** Whether a build or a package manager recreates it when needed. */
  readonly isCache?: true;
}

export const WASTE_KINDS: Readonly<Record<WasteCode, WasteHint>> = {
  'waste-apt-lists': {
    title: 'apt package lists',
    hint: 'End the RUN step that calls apt-get update with: rm -rf /var/lib/apt/lists/*.',
    hadolint: 'DL3009',
    isCache: true,
  },
  'waste-apt-cache': {
    title: 'apt downloads',
    hint: 'Call apt-get clean in the RUN step that installs packages, or mount the cache: --mount=type=cache,target=/var/cache/apt.',
    isCache: true,
  },
  'waste-apk-cache': { title: 'apk cache', hint: 'Install packages with: apk add --no-cache.', hadolint: 'DL3019', isCache: true },
  'waste-yum-cache': { title: 'yum cache', hint: 'End the RUN step with: yum clean all.', hadolint: 'DL3032', isCache: true },
  'waste-dnf-cache': { title: 'dnf cache', hint: 'End the RUN step with: dnf clean all.', hadolint: 'DL3040', isCache: true },
  'waste-pip-cache': {
    title: 'pip cache',
    hint: 'Install packages with: pip install --no-cache-dir.',
    hadolint: 'DL3042',
    isCache: true,
  },
  'waste-npm-cache': {
    title: 'npm cache',
    hint: 'End the RUN step with: npm cache clean --force, or mount a cache there.',
    isCache: true,
  },
  'waste-go-build-cache': {
    title: 'Go build cache',
    hint: 'Build in an earlier stage, or mount the folder that go env GOCACHE prints with --mount=type=cache.',
    isCache: true,
  },
  'waste-cargo-cache': {
    title: 'Cargo registry cache',
    hint: 'Build in an earlier stage, or mount the cache: --mount=type=cache,target=/usr/local/cargo/registry.',
    isCache: true,
  },
  'waste-maven-repository': {
    title: 'Maven local repository',
    hint: 'Build in an earlier stage, or mount Maven’s folder .m2 with --mount=type=cache.',
    isCache: true,
  },
  'waste-gradle-cache': {
    title: 'Gradle cache',
    hint: 'Build in an earlier stage, or mount Gradle’s folder .gradle with --mount=type=cache.',
    isCache: true,
  },
  'waste-composer-cache': { title: 'Composer cache', hint: 'Install packages with: composer install --no-cache.', isCache: true },
  'waste-gem-cache': { title: 'RubyGems cache', hint: 'Delete the .gem files in the RUN step that installs the gems.', isCache: true },
  'waste-conda-pkgs': { title: 'conda package cache', hint: 'End the RUN step with: conda clean --all --yes.', isCache: true },
  'waste-pyc': {
    title: 'Compiled Python files',
    hint: 'Set PYTHONDONTWRITEBYTECODE=1 for the build, or delete them in the same step; Python compiles again when it starts.',
  },
  'waste-logs': { title: 'Log files', hint: 'Delete logs in the RUN step that writes them.' },
  'waste-tmp': {
    title: 'Temporary files',
    hint: 'Delete them in the RUN step that writes them, or mount a tmpfs: --mount=type=tmpfs,target=/tmp.',
  },
  'waste-git-folder': {
    title: 'Git history',
    hint: 'Add .git to .dockerignore; whoever has the image can read every commit in it.',
  },
  'waste-build-tools': {
    title: 'Build tools in the final image',
    hint: 'Compile in an earlier stage and copy only the result.',
  },
  'waste-removed-later': {
    title: 'Removed by a later layer',
    hint: 'Delete files in the RUN step that creates them; a later step hides them, but they stay in the image.',
  },
  'waste-metadata-only-copy': {
    title: 'Copied for its metadata',
    hint: 'Set owner and mode where the file is created (COPY --chown, --chmod); chown or chmod in a later step stores it again.',
  },
  'waste-same-content': { title: 'Same content twice', hint: 'Keep one copy, and link to it.' },
};

/** Returns the hint from {@link WASTE_KINDS}, followed by hadolint's rule. */
export function wasteAdvice(code: WasteCode): string {
  const { hint, hadolint } = WASTE_KINDS[code];
  return hadolint === undefined ? hint : `${hint.replace(/\.$/, '')} (hadolint ${hadolint}).`;
}

/** Whether findings of this code are about waste. */
export function isWasteCode(code: FindingCode): code is WasteCode {
  return Object.hasOwn(WASTE_KINDS, code);
}
