#!/usr/bin/env bash
# The steps of action.yml. `check`: writes the findings and says whether the image passes. `compare`: writes what changed since BASE to the
# job's summary and to a file. `comment`: puts that file on the pull request, replacing an earlier run's comment.
# IMAGE, BASE, CONFIG, NAME and LAYERSCOPE_PACKAGE come from the inputs. LAYERSCOPE: a command to run instead of the package.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
folder=${RUNNER_TEMP:-$(mktemp -d)}
sarif=$folder/layerscope.sarif
comparison=$folder/layerscope.md

# Installs the package into its own folder. In the working folder, npm would obey an .npmrc and npx would run a package from the
# checkout, which may come from a stranger.
install_layerscope() {
  local home package=$LAYERSCOPE_PACKAGE
  home=$(mktemp -d "${RUNNER_TEMP:-/tmp}/layerscope-XXXXXX")
  if [ -z "$package" ]; then package=layerscope@$(node -p 'require(process.argv[1]).version' "$here/../../package.json"); fi
  # Only what is written as a path is taken for a file: the checkout may have a file with the package's name.
  case "$package" in
  /* | ./* | ../* | [A-Za-z]:[/\\]* | *.tgz | *.tar.gz)
    case "$package" in *://*) ;; *)
      if [ -L "$package" ]; then echo "layerscope: $package is a link" >&2 && return 3; fi
      package=$(realpath -- "$package") ;;
    esac ;;
  esac
  (cd "$home" && npm install --prefix "$home" --ignore-scripts --no-audit --no-fund --loglevel=error -- "$package") >&2
  LAYERSCOPE=$home/node_modules/.bin/layerscope
}

# Runs Layerscope. Names in an image may look like workflow commands, so GitHub is told to ignore commands until it has exited.
layerscope() {
  local token code=0
  [ -n "${LAYERSCOPE:-}" ] || install_layerscope
  token=$(node -p 'require("node:crypto").randomUUID()')
  echo "::stop-commands::$token" >&2
  run_layerscope "$@" || code=$?
  echo "::$token::" >&2
  return "$code"
}

run_layerscope() {
  command "$LAYERSCOPE" "$@"
}

check() {
  local options=() code=0
  [ -z "$CONFIG" ] || options+=("--config=$CONFIG")
  # Everything goes to one stream, so that the output stays between the two workflow commands.
  layerscope check --sarif "$sarif" "${options[@]}" -- "$IMAGE" >&2 || code=$?
  # 1: a rule failed. Anything else, such as an image that can't be read, is a failure of this step.
  [ "$code" -le 1 ] || exit "$code"
  {
    echo "sarif=$sarif"
    if [ "$code" -eq 0 ]; then echo passed=true; else echo passed=false; fi
  } >>"$GITHUB_OUTPUT"
}

compare() {
  layerscope diff --markdown "--name=$NAME" -- "$BASE" "$IMAGE" >"$comparison"
  cat "$comparison" >>"$GITHUB_STEP_SUMMARY"
}

# Prints the id of an earlier run's comment: the first of our own that begins like the comparison. Anybody may write such a
# beginning, and whoever wrote a comment may change it later. Reads JSON lines: [id, login, body].
earlier() {
  node -e '
    const fs = require("node:fs");
    const marker = fs.readFileSync(process.argv[1], "utf8").split("\n")[0];
    const comments = fs.readFileSync(0, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line));
    const own = comments.find(([, login, body]) => login === process.argv[2] && body.startsWith(marker));
    if (own !== undefined) console.log(own[0]);
  ' "$comparison" "$1"
}

comment() {
  local api=repos/$GITHUB_REPOSITORY/issues login id
  login=$(gh api graphql --field 'query={viewer{login}}' --jq .data.viewer.login)
  id=$(gh api --paginate "$api/$PULL_REQUEST/comments" --jq '.[] | [.id, .user.login, .body] | @json' | earlier "$login")
  if [ -n "$id" ]; then
    gh api --method PATCH "$api/comments/$id" --field "body=@$comparison" --silent
  else
    gh api --method POST "$api/$PULL_REQUEST/comments" --field "body=@$comparison" --silent
  fi
}

case ${1:-} in
check | compare | comment) "$1" ;;
*)
  echo "usage: $0 check|compare|comment" >&2
  exit 2
  ;;
esac
