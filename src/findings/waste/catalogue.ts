import type { WasteCode } from '#model';

/** Paths that the catalogue recognizes. */
export interface CataloguePath {
  readonly code: WasteCode;
  /** Set for a folder of programs, of which only build tools are waste. */
  readonly isFolderOfTools?: true;
  /** Names joined by `/`. A leading `/` anchors the path at the root, otherwise it applies in any folder; `*` stands for any one name. */
  readonly paths: readonly string[];
}

/** Folders whose contents an image can do without. In each layer, everything at or below one of them is reported as a single finding. */
export const CATALOGUE: readonly CataloguePath[] = [
  { code: 'waste-apt-lists', paths: ['/var/lib/apt/lists'] },
  { code: 'waste-apt-cache', paths: ['/var/cache/apt'] },
  { code: 'waste-apk-cache', paths: ['/var/cache/apk', '/etc/apk/cache'] },
  { code: 'waste-yum-cache', paths: ['/var/cache/yum'] },
  { code: 'waste-dnf-cache', paths: ['/var/cache/dnf', '/var/cache/libdnf5'] },
  { code: 'waste-pip-cache', paths: ['.cache/pip'] },
  { code: 'waste-npm-cache', paths: ['.npm/_cacache'] },
  { code: 'waste-go-build-cache', paths: ['.cache/go-build'] },
  { code: 'waste-cargo-cache', paths: ['.cargo/registry', '/usr/local/cargo/registry'] },
  { code: 'waste-maven-repository', paths: ['.m2/repository'] },
  { code: 'waste-gradle-cache', paths: ['.gradle/caches'] },
  { code: 'waste-composer-cache', paths: ['.composer/cache', '.cache/composer'] },
  {
    code: 'waste-gem-cache',
    paths: ['/usr/local/bundle/cache', '/usr/local/bundle/ruby/*/cache', '/var/lib/gems/*/cache', '.gem/ruby/*/cache', 'ruby/gems/*/cache'],
  },
  {
    code: 'waste-conda-pkgs',
    paths: ['conda/pkgs', 'miniconda/pkgs', 'miniconda3/pkgs', 'anaconda3/pkgs', 'miniforge3/pkgs', 'mambaforge/pkgs'],
  },
  { code: 'waste-pyc', paths: ['__pycache__'] },
  { code: 'waste-logs', paths: ['/var/log'] },
  { code: 'waste-tmp', paths: ['/tmp', '/var/tmp'] },
  { code: 'waste-git-folder', paths: ['.git'] },
  {
    code: 'waste-build-tools',
    isFolderOfTools: true,
    paths: [
      '/bin',
      '/usr/bin',
      '/usr/local/bin',
      '/usr/local/go/bin',
      '/usr/local/cargo/bin',
      '/usr/lib/*/bin',
      '/usr/lib/jvm/*/bin',
      '/usr/lib/gcc/*/*',
      '/usr/libexec/gcc/*/*',
      '/opt/*/bin',
      '/opt/java/*/bin',
      '.cargo/bin',
      '.rustup/toolchains/*/bin',
    ],
  },
];

const TOOLS: ReadonlySet<string> = new Set(
  'gcc g++ cc1 cc1plus lto1 clang clang++ gfortran rustc cargo go javac make gmake cmake ninja'.split(' '),
);

const LONGEST_TOOL_NAME = 64;

/**
 * Whether a program is a compiler or build program, such as `gcc`, even with a target before it or a version after it:
 * `x86_64-linux-gnu-gcc-12`.
 */
export function isBuildTool(name: Uint8Array): boolean {
  if (name.length > LONGEST_TOOL_NAME) return false;
  const words = String.fromCharCode(...name).split('-');
  if (words.length > 1 && /^[0-9.]{1,12}$/.test(words.at(-1) ?? '')) words.pop();
  const tool = words.pop() ?? '';
  if (!TOOLS.has(tool)) return false;
  // Words before the tool's name must be the target of a cross compiler: a processor, perhaps a vendor, and a system, as in
  // x86_64-alpine-linux-musl.
  return words.length === 0 || (words.length >= 2 && words.includes('linux'));
}
