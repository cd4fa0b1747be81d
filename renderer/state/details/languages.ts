/** File extensions and whole names by language; the ids are those of highlight.js. */
const LANGUAGES: Readonly<Record<string, readonly string[]>> = {
  bash: ['sh', 'bash', 'zsh', 'ash', '.profile', '.bashrc', 'profile', '.env'],
  c: ['c', 'h'],
  cpp: ['cc', 'cpp', 'cxx', 'hpp', 'hh'],
  css: ['css', 'scss', 'less'],
  diff: ['diff', 'patch'],
  dockerfile: ['dockerfile', 'containerfile'],
  dos: ['bat', 'cmd'],
  go: ['go', 'mod'],
  ini: ['ini', 'toml', 'conf', 'cfg', 'service', 'socket', 'timer', 'desktop', 'properties', 'inf', 'os-release', '.editorconfig'],
  java: ['java', 'kt', 'groovy', 'gradle'],
  javascript: ['js', 'mjs', 'cjs', 'jsx'],
  json: ['json', 'jsonc', 'webmanifest', 'map'],
  lua: ['lua'],
  makefile: ['mk', 'makefile'],
  markdown: ['md', 'markdown'],
  nginx: ['nginx.conf'],
  perl: ['pl', 'pm'],
  php: ['php'],
  powershell: ['ps1', 'psm1', 'psd1'],
  python: ['py', 'pyi', 'pyw'],
  ruby: ['rb', 'gemspec', 'gemfile', 'rakefile'],
  rust: ['rs'],
  sql: ['sql'],
  typescript: ['ts', 'tsx', 'mts', 'cts'],
  xml: ['xml', 'html', 'htm', 'svg', 'xhtml', 'plist', 'csproj', 'xsd'],
  yaml: ['yaml', 'yml'],
};

const BY_NAME = new Map(Object.entries(LANGUAGES).flatMap(([language, names]) => names.map((name) => [name, language] as const)));

const INTERPRETERS: readonly (readonly [pattern: RegExp, language: string])[] = [
  [/\b(?:ba|da|a|z|k)?sh\b/, 'bash'],
  [/\bpython[\d.]*\b/, 'python'],
  [/\bnode\b|\bdeno\b|\bbun\b/, 'javascript'],
  [/\bperl\b/, 'perl'],
  [/\bruby\b/, 'ruby'],
  [/\bphp\b/, 'php'],
  [/\blua\b/, 'lua'],
];

/** Returns the language of a file by its name or the interpreter in its first line; null if unknown. */
export function languageOf(path: string, firstLine: string): string | null {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  const known = BY_NAME.get(name) ?? BY_NAME.get(name.slice(name.lastIndexOf('.') + 1)) ?? BY_NAME.get(name.split('.')[0] ?? '');
  if (known !== undefined) return known;
  if (firstLine.startsWith('#!')) return INTERPRETERS.find(([pattern]) => pattern.test(firstLine))?.[1] ?? null;
  return firstLine.startsWith('<?xml') ? 'xml' : null;
}
