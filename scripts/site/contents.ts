/** The order of the site: its parts, and the pages of each. A document in `docs` that isn't in any part fails the build. */

/** A part of the site, as shown in the navigation. */
export interface Part {
  readonly title: string;
  /** Paths in the repository, or `commands`, which stands for the pages of all commands. */
  readonly documents: readonly string[];
}

const inFolder = (folder: string, names: string): string[] => names.split(' ').map((name) => `docs/${folder}/${name}.md`);

export const COMMAND_PAGES = 'commands';

/** The table of all commands, which links to their pages. */
export const REFERENCE = 'docs/reference/README.md';

/** The document that becomes the first page. */
export const HOME = 'README.md';

/** Returns the parts of the site. `decisions`: the documents in `docs/decisions`, which are listed by number. */
export function partsOf(decisions: readonly string[]): readonly Part[] {
  return [
    { title: 'Start', documents: [HOME, 'docs/install.md'] },
    {
      title: 'Guide',
      documents: inFolder(
        'guide',
        'README why-big build-step where-from what-changed keep-change-export secrets ci other-programs by-name many-images windows',
      ),
    },
    { title: 'Reference', documents: [REFERENCE, COMMAND_PAGES] },
    {
      title: 'Formats',
      documents: inFolder(
        'formats',
        'README docker-archive oci-layout layer-tar containers-storage containerd docker-root estargz zstd-chunked soci windows-layer registry-hive json-output pipelines catalog index-cache store contract',
      ),
    },
    { title: 'Decisions', documents: ['docs/decisions/README.md', ...decisions.filter((file) => !file.endsWith('/README.md')).sort()] },
    {
      title: 'Project',
      documents: [
        'docs/README.md',
        'CHANGELOG.md',
        'SECURITY.md',
        'docs/performance.md',
        'docs/scale.md',
        'docs/glossary.md',
        'ARCHITECTURE.md',
        'CONTRIBUTING.md',
        'docs/releasing.md',
        'extensions/podman-desktop/README.md',
      ],
    },
  ];
}
