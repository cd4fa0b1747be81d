/**
 * Completion scripts for bash, zsh and fish, from the commands' own specs. They complete commands, options, the possible values and
 * operands, and files and folders where one is expected; `completion-offers.ts` decides which. A script is self-contained: the program
 * isn't started while the user types.
 */
import type { CommandSpec } from './arguments.ts';
import { type Offer, offerOfOption, offersOfOperands, offersOfVerbs } from './completion-offers.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** A command of the program, with the summary from the list of commands. */
export interface ListedCommand {
  readonly summary: string;
  readonly spec: CommandSpec;
}

/** Returns the script for a shell, with everything from the specs quoted. */
export function completionScript(shell: Shell, commands: readonly ListedCommand[]): string {
  return { bash, zsh, fish }[shell](commands);
}

interface CompletedOption {
  readonly name: string;
  readonly summary: string;
  readonly value: string | undefined;
  /** Null for a flag. */
  readonly offer: Offer | null;
}

function optionsOf({ options }: CommandSpec): CompletedOption[] {
  const own = Object.entries(options).map(([name, option]) => {
    const { value, summary } = option;
    return { name, value, summary, offer: value === undefined ? null : offerOfOption(option) };
  });
  return [...own, { name: 'help', summary: 'print this help', value: undefined, offer: null }];
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** Returns assignments for an offer: `words='a b' files=files list=1`. */
function bashOffer({ words, files, isList }: Offer): string {
  const parts = [
    ...(words.length > 0 ? [`words=${quoted(words.join(' '))}`] : []),
    ...(files === null ? [] : [`files=${files}`]),
    ...(isList ? ['list=1'] : []),
  ];
  return parts.length === 0 ? ':' : parts.join(' ');
}

function bash(commands: readonly ListedCommand[]): string {
  const options = commands.map(({ spec }) => {
    const all = optionsOf(spec);
    const valued = all.filter(({ offer }) => offer !== null).map(({ name }) => `--${name}`);
    return `    ${spec.name}) options=${quoted(all.map(({ name }) => `--${name}`).join(' '))} valued=${quoted(` ${valued.join(' ')} `)} ;;`;
  });
  const offers = commands.map(({ spec }) => {
    const values = optionsOf(spec).flatMap(({ name, offer }) =>
      offer === null ? [] : [`      ${spec.name}:--${name}:*) ${bashOffer(offer)} ;;`],
    );
    const verbs = offersOfVerbs(spec);
    const first =
      verbs.length === 0
        ? []
        : [`      ${spec.name}::0:*) ${bashOffer({ words: verbs.map(([verb]) => verb), files: null, isList: false })} ;;`];
    const afterVerbs = verbs.map(([verb, offer]) => `      ${spec.name}::*:${verb}) ${bashOffer(offer)} ;;`);
    const operands = offersOfOperands(spec);
    const places = operands.map(
      (offer, place) =>
        `      ${spec.name}::${place === operands.length - 1 && spec.maxOperands > operands.length ? '*' : place}:*) ${bashOffer(offer)} ;;`,
    );
    return [...values, ...first, ...afterVerbs, ...(verbs.length > 0 ? [] : places)].join('\n');
  });
  return `# bash completion of layerscope. Load it with: source <(layerscope completion bash)
_layerscope() {
  local word joins raw stem value lead option verb place ended at options valued words files list
  local -a typed=()
  COMPREPLY=()
  # bash splits words at = and :, and a proposal replaces only the last part.
  for word in "\${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
    if [ \${#typed[@]} -gt 1 ] && { [[ -n $word && $word != *[!:=]* ]] || [[ -n $joins && -n $word ]]; }; then
      typed[\${#typed[@]}-1]+=$word
    else
      typed+=("$word")
    fi
    joins=
    [[ -n $word && $word != *[!:=]* ]] && joins=1
  done
  local last=$((\${#typed[@]} - 1))
  local current=\${typed[last]}
  raw=\${COMP_WORDS[COMP_CWORD]}
  [[ $raw == *[!:=]* ]] || raw=
  stem=\${current%"$raw"}
  if [ "$last" -eq 1 ]; then
    mapfile -t COMPREPLY < <(compgen -W ${quoted([...commands.map(({ spec }) => spec.name), '--help', '--version'].join(' '))} -- "$current")
    return
  fi
  case \${typed[1]} in
${options.join('\n')}
  esac
  place=0
  for ((at = 2; at < last; at++)); do
    word=\${typed[at]}
    if [ -n "$ended" ] || [[ $word != -?* ]]; then
      [ "$place" -eq 0 ] && verb=$word
      place=$((place + 1))
    elif [ "$word" = -- ]; then
      ended=1
    elif [[ $valued == *" $word "* ]]; then
      at=$((at + 1))
      [ "$at" -eq "$last" ] && option=$word
    fi
  done
  value=$current
  if [ -z "$option$ended" ] && [[ $current == -* ]]; then
    if [[ $current == *=* ]]; then
      option=\${current%%=*}
      value=\${current#*=}
      lead=$option=
    else
      mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
      return
    fi
  fi
  if [ -n "$option" ]; then place= verb=; fi
  case "\${typed[1]}:$option:$place:$verb" in
${offers.join('\n')}
  esac
  if [ -n "$list" ] && [[ $value == *,* ]]; then
    lead+=\${value%,*},
    value=\${value##*,}
  fi
  mapfile -t COMPREPLY < <(
    [ -n "$words" ] && compgen -W "$words" -- "$value"
    [ "$files" = files ] && compgen -f -- "$value"
    [ "$files" = folders ] && compgen -d -- "$value"
  )
  for at in "\${!COMPREPLY[@]}"; do
    word=$lead\${COMPREPLY[at]}
    COMPREPLY[at]=\${word#"$stem"}
  done
  if [ -n "$files" ]; then compopt -o filenames 2>/dev/null; else compopt +o default 2>/dev/null; fi
  if [ \${#COMPREPLY[@]} -eq 1 ] && [[ \${COMPREPLY[0]} == *[:=] ]]; then compopt -o nospace 2>/dev/null; fi
}
complete -o default -F _layerscope layerscope
`;
}

/** Escapes text in a zsh description: `:` would end it, and brackets belong to the syntax. */
const zshText = (text: string): string => text.replace(/[\\:[\]]/g, '\\$&');

/** Returns an action for _arguments. The space before it keeps _arguments from adding options to the call. */
function zshAction({ words, files, isList }: Offer): string {
  if (isList) return ` _values -s , word ${words.join(' ')}`;
  return ` _layerscope_offer ${[files ?? 'none', ...words.map((word) => zshText(word))].join(' ')}`;
}

function zsh(commands: readonly ListedCommand[]): string {
  const cases = commands.map(({ spec }) => {
    const options = optionsOf(spec).map(({ name, value = '', summary, offer }) => {
      const action = offer === null ? '' : `:${zshText(value)}:${zshAction(offer)}`;
      return quoted(
        `${Object.hasOwn(spec.options, name) && spec.options[name]?.repeats ? '*' : ''}--${name}${offer === null ? '' : '='}[${zshText(summary)}]${action}`,
      );
    });
    return `      ${spec.name}) _arguments -S ${[...options, ...zshOperands(spec)].join(' \\\n        ')} ;;`;
  });
  const listed = commands.map(({ spec, summary }) => `    ${quoted(`${spec.name}:${zshText(summary)}`)}`);
  return `#compdef layerscope
# zsh completion of layerscope. Save it as _layerscope in a folder of $fpath, or load it with: source <(layerscope completion zsh)

# Offers words, and files or folders. No space is added after a word that ends with : or =, because typing goes on there.
_layerscope_offer() {
  local files=$1 found=1
  shift
  local -a whole=(\${@:#*[:=]}) begun=(\${(M)@:#*[:=]})
  if (( $#whole )); then compadd -- $whole && found=0; fi
  if (( $#begun )); then compadd -S '' -- $begun && found=0; fi
  case $files in
    files) _files && found=0 ;;
    folders) _files -/ && found=0 ;;
  esac
  return found
}

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

function zshOperands(spec: CommandSpec): string[] {
  const verbs = offersOfVerbs(spec);
  if (verbs.length > 0) {
    const files = verbs.filter(([, { files: of }]) => of !== null).map(([verb]) => `(( $words[(I)${verb}] ))`);
    const first = zshAction({ words: verbs.map(([verb]) => verb), files: null, isList: false });
    return [quoted(`1:word:${first}`), quoted(`*:operand:{ if ${files.join(' || ') || 'false'}; then _files; fi }`)];
  }
  const operands = offersOfOperands(spec);
  return operands.map((offer, place) => {
    const isRest = place === operands.length - 1 && spec.maxOperands > operands.length;
    return quoted(`${isRest ? '*' : place + 1}:operand:${zshAction(offer)}`);
  });
}

function fish(commands: readonly ListedCommand[]): string {
  const word = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;
  const all = (offer: Offer): string => (offer.words.length === 0 ? '' : ` -a ${word(offer.words.join(' '))}`);
  const argument = (offer: Offer): string => {
    if (offer.isList) return ` -x -a ${word(`(__layerscope_list ${offer.words.join(' ')})`)}`;
    if (offer.files === 'folders') return ` -x -a ${word('(__fish_complete_directories (commandline -ct))')}`;
    return `${offer.files === null ? ' -x' : ' -r'}${all(offer)}`;
  };
  const lines = commands.flatMap(({ summary, spec }) => {
    const at = (...rest: string[]): string => `complete -c layerscope -n ${word(`__layerscope_at ${[spec.name, ...rest].join(' ')}`)}`;
    const operand = (offer: Offer): string => `${offer.files === null ? ' -f' : ''}${all(offer)}`;
    const verbs = offersOfVerbs(spec);
    const operands = offersOfOperands(spec);
    const places =
      verbs.length > 0
        ? [
            `${at('0')} -f -a ${word(verbs.map(([verb]) => verb).join(' '))}`,
            ...verbs.map(([verb, offer]) => `${at('1+', verb)}${operand(offer)}`),
          ]
        : operands.map(
            (offer, place) =>
              `${at(`${place}${place === operands.length - 1 && spec.maxOperands > operands.length ? '+' : ''}`)}${operand(offer)}`,
          );
    return [
      `complete -c layerscope -n __fish_use_subcommand -f -a ${word(spec.name)} -d ${word(summary)}`,
      ...optionsOf(spec).map(
        ({ name, summary: text, offer }) => `${at()} -l ${name}${offer === null ? '' : argument(offer)} -d ${word(text)}`,
      ),
      ...places.filter((line) => / -[fa]/.test(line)),
    ];
  });
  const valued = commands.map(({ spec }) => {
    const names = optionsOf(spec).flatMap(({ name, offer }) => (offer === null ? [] : [`--${name}`]));
    return `        case ${spec.name}\n            set valued ${names.join(' ')}`;
  });
  return `# fish completion of layerscope. Save it as ~/.config/fish/completions/layerscope.fish

# The operands that were typed after the command's name.
function __layerscope_operands
    set -l tokens (commandline -opc)
    set -l valued
    switch "$tokens[2]"
${valued.join('\n')}
    end
    set -l is_value 0
    for token in $tokens[3..]
        if test $is_value = 1
            set is_value 0
        else if string match -q -- '-?*' $token
            contains -- $token $valued; and set is_value 1
        else
            echo -- $token
        end
    end
end

# Whether an argument of COMMAND is being typed. PLACE: only the operand with this number (3+: 3 or higher). VERB: only after this verb.
function __layerscope_at -a command place verb
    set -l tokens (commandline -opc)
    test "$tokens[2]" = "$command"; or return 1
    test -n "$place"; or return 0
    set -l operands (__layerscope_operands)
    test -z "$verb" -o "$operands[1]" = "$verb"; or return 1
    set -l count (count $operands)
    if string match -q -- '*+' $place
        test $count -ge (string trim -c + -- $place)
    else
        test $count -eq $place
    end
end

# Offers the next word of a list that is separated by commas.
function __layerscope_list
    set -l begun (string match -r -- '^(?:--[^=]*=)?((?:.*,)?)' (commandline -ct))[2]
    for word in $argv
        echo -- $begun$word
    end
end

${lines.join('\n')}
`;
}
