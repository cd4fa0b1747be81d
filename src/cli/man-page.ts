/** The manual page, in man(7)'s macros, derived from the commands' specs. */
import { choicesOf } from './completion-offers.ts';
import type { ListedCommand } from './completion-scripts.ts';
import { EXIT_MEANINGS } from './exit-codes.ts';

/**
 * Escapes text for roff: backslashes, hyphens that must stay hyphens, a leading dot or quote, which would begin a request, and non-ASCII
 * characters.
 */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/gm, '\\&$1')
    .replace(/[^\n -~]/gu, (letter) => `\\[u${letter.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}]`);
}

const LINE_BYTES = 80;

/** Escapes text that roff fills. It may be broken at any space, so lines are at most 80 bytes long. */
function filled(text: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of roff(text).split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > LINE_BYTES) {
      lines.push(line);
      line = '';
    }
    // A word at the start of a line must not be read as a request.
    line += line === '' ? word.replace(/^[.']/, '\\&$&') : ` ${word}`;
  }
  return [...lines, line].join('\n');
}

/** Explains IMAGE, for the help and the manual page. */
export const IMAGE_MEANS: readonly string[] = [
  'IMAGE is a docker-archive, an OCI archive, a folder of either or of skopeo’s dir:, or a single layer tar, either plain or compressed',
  'with gzip, zstd, xz or bzip2; - reads standard input. Where there is no such file, it is the name of an image: app:1, docker:app:1.',
];

/** Returns the page `layerscope(1)`. */
export function manPage(version: string, commands: readonly ListedCommand[]): string {
  const lines = [
    `.TH LAYERSCOPE 1 "" "layerscope ${roff(version)}" "User Commands"`,
    '.SH NAME',
    'layerscope \\- show what is in a container image and what each layer changed',
    '.SH SYNOPSIS',
    '.B layerscope',
    '.I COMMAND',
    '.RI [ arguments ]',
    '.SH DESCRIPTION',
    filled(IMAGE_MEANS.join(' ')),
    '.SH COMMANDS',
  ];
  for (const { spec } of commands) {
    lines.push(`.SS "layerscope ${roff(`${spec.name} ${spec.operands}`.trim()).replaceAll('"', '\\(dq')}"`, filled(spec.summary));
    for (const [name, { value, summary }] of Object.entries(spec.options)) {
      const form = value === undefined ? '' : choicesOf(value).length > 0 ? ` ${roff(value)}` : ` \\fI${roff(value)}\\fR`;
      lines.push('.TP', `\\fB\\-\\-${roff(name)}\\fR${form}`, filled(summary));
    }
    if (spec.notes !== undefined) lines.push('.PP', '.nf', ...spec.notes.map(roff), '.fi');
  }
  lines.push('.SH EXIT STATUS');
  for (const [code, meaning] of EXIT_MEANINGS) lines.push('.TP', `.B ${code}`, roff(meaning));
  return `${lines.join('\n')}\n`;
}
