/** The manual page, in man(7)'s macros, from the commands' own specs. */
import { choicesOf, type ListedCommand } from './completion-scripts.ts';

/** Escapes text for roff: backslashes, hyphens that must stay hyphens, a dot or quote that would begin a request, and what isn't ASCII. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/gm, '\\&$1')
    .replace(/[^\n -~]/gu, (letter) => `\\[u${letter.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}]`);
}

/** What IMAGE may be, for the help and the page. */
export const IMAGE_MEANS: readonly string[] = [
  'IMAGE is a docker-archive, an OCI archive, a folder of either or of skopeo’s dir:, or a single layer tar, either plain or compressed',
  'with gzip, zstd, xz or bzip2; - reads standard input. Where there is no such file, it is the name of an image: app:1, docker:app:1.',
];

/** What a user may need besides the help: the exit codes. */
const EXIT_CODES: readonly (readonly [string, string])[] = [
  ['0', 'done'],
  ['1', 'compared or checked, and something differs or fails'],
  ['2', 'a wrong command line'],
  ['3', 'something can’t be read or written'],
];

/** The page `layerscope(1)`. */
export function manPage(version: string, commands: readonly ListedCommand[]): string {
  const lines = [
    `.TH LAYERSCOPE 1 "" "layerscope ${roff(version)}" "User Commands"`,
    '.SH NAME',
    'layerscope \\- shows what is in a container image and what each layer changed',
    '.SH SYNOPSIS',
    '.B layerscope',
    '.I COMMAND',
    '.RI [ arguments ]',
    '.SH DESCRIPTION',
    ...IMAGE_MEANS.map(roff),
    '.SH COMMANDS',
  ];
  for (const { spec } of commands) {
    lines.push(`.SS "layerscope ${roff(`${spec.name} ${spec.operands}`.trim()).replaceAll('"', '\\(dq')}"`, roff(spec.summary));
    for (const [name, { value, summary }] of Object.entries(spec.options)) {
      const form = value === undefined ? '' : choicesOf(value).length > 0 ? ` ${roff(value)}` : ` \\fI${roff(value)}\\fR`;
      lines.push('.TP', `\\fB\\-\\-${roff(name)}\\fR${form}`, roff(summary));
    }
    if (spec.notes !== undefined) lines.push('.PP', '.nf', ...spec.notes.map(roff), '.fi');
  }
  lines.push('.SH EXIT STATUS');
  for (const [code, meaning] of EXIT_CODES) lines.push('.TP', `.B ${code}`, roff(meaning));
  return `${lines.join('\n')}\n`;
}
