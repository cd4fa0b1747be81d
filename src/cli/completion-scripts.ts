/**
 * Completion scripts for bash, zsh and fish, from the commands' own specs. They complete commands, options, the choices of a value such as
 * `a|b|c`, and otherwise files. A script is self-contained: the program isn't started while the user types.
 */
import type { CommandSpec } from './arguments.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** An entry of the list of commands, with its spec. */
export interface ListedCommand {
  readonly summary: string;
  readonly spec: CommandSpec;
}

/** The script for a shell. Whatever comes from the specs is quoted for it. */
export function completionScript(shell: Shell, commands: readonly ListedCommand[]): string {
  return { bash, zsh, fish }[shell](commands);
}

/** The choices of an option's value, if it must be one of a few words. */
export function choicesOf(value: string | undefined): readonly string[] {
  const words = value?.split('|') ?? [];
  // Words in capitals stand for something that the user types.
  return words.length > 1 && words.every((word) => /^[a-z][a-z0-9=-]*$/.test(word)) ? words : [];
}

function optionsOf({ options }: CommandSpec): { readonly name: string; readonly value: string | undefined; readonly summary: string }[] {
  const own = Object.entries(options).map(([name, { value, summary }]) => ({ name, value, summary }));
  return [...own, { name: 'help', value: undefined, summary: 'print this help' }];
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

function bash(commands: readonly ListedCommand[]): string {
  const cases = commands.map(({ spec }) => {
    const options = optionsOf(spec);
    const choices = options
      .filter(({ value }) => choicesOf(value).length > 0)
      .map(({ name, value }) => `        --${name}) words=${quoted(choicesOf(value).join(' '))} ;;`);
    const others = options.filter(({ value }) => value !== undefined && choicesOf(value).length === 0).map(({ name }) => `--${name}`);
    return [
      `    ${spec.name})`,
      `      options=${quoted(options.map(({ name }) => `--${name}`).join(' '))}`,
      '      case $previous in',
      ...choices,
      ...(others.length > 0 ? [`        ${others.join('|')}) options= ;;`] : []),
      '      esac',
      '      ;;',
    ].join('\n');
  });
  return `# bash completion of layerscope. Load it with: source <(layerscope completion bash)
_layerscope() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} options= words=
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    mapfile -t COMPREPLY < <(compgen -W ${quoted([...commands.map(({ spec }) => spec.name), '--help', '--version'].join(' '))} -- "$current")
    return
  fi
  case \${COMP_WORDS[1]} in
${cases.join('\n')}
  esac
  if [ -n "$words" ]; then
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  elif [ -n "$options" ] && [ "\${current:0:1}" = - ]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
  else
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  fi
}
complete -F _layerscope layerscope
`;
}

/** Text within a zsh description: `:` would end it, and brackets belong to the syntax. */
const zshText = (text: string): string => text.replace(/[\\:[\]]/g, '\\$&');

function zsh(commands: readonly ListedCommand[]): string {
  const cases = commands.map(({ spec }) => {
    const words = optionsOf(spec).map(({ name, value, summary }) => {
      const choices = choicesOf(value);
      const action = value === undefined ? '' : `:${zshText(value)}:${choices.length > 0 ? `(${choices.join(' ')})` : '_files'}`;
      return quoted(`--${name}[${zshText(summary)}]${action}`);
    });
    return `      ${spec.name}) _arguments -S ${[...words, quoted('*:file:_files')].join(' \\\n        ')} ;;`;
  });
  const listed = commands.map(({ spec, summary }) => `    ${quoted(`${spec.name}:${zshText(summary)}`)}`);
  return `#compdef layerscope
# zsh completion of layerscope. Save it as _layerscope in a folder of $fpath, or load it with: source <(layerscope completion zsh)
_layerscope() {
  local state line
  local -a commands
  commands=(
${listed.join('\n')}
  )
  _arguments -C '1:command:->command' '*::argument:->argument' '--help[print this help]' '--version[print the version]'
  case $state in
    command) _describe command commands ;;
    argument)
      case $words[1] in
${cases.join('\n')}
      esac
      ;;
  esac
}
if [ "$funcstack[1]" = _layerscope ]; then _layerscope "$@"; else compdef _layerscope layerscope; fi
`;
}

function fish(commands: readonly ListedCommand[]): string {
  const word = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;
  const lines = commands.flatMap(({ summary, spec }) => [
    `complete -c layerscope -n __fish_use_subcommand -f -a ${word(spec.name)} -d ${word(summary)}`,
    ...optionsOf(spec).map(({ name, value, summary: text }) => {
      const choices = choicesOf(value);
      const takes = value === undefined ? '' : choices.length > 0 ? ` -x -a ${word(choices.join(' '))}` : ' -r';
      return `complete -c layerscope -n ${word(`__fish_seen_subcommand_from ${spec.name}`)} -l ${name}${takes} -d ${word(text)}`;
    }),
  ]);
  return `# fish completion of layerscope. Save it as ~/.config/fish/completions/layerscope.fish
${lines.join('\n')}
`;
}
