#!/usr/bin/env bash
# The steps of action.yml. `check`: writes the findings and says whether the image passes. `compare`: writes what changed since BASE to the
# job's summary and to a file. `comment`: puts that file on the pull request, in place of the comment of an earlier run.
# IMAGE, BASE, CONFIG, NAME and LAYERSCOPE_PACKAGE come from the inputs. LAYERSCOPE: a command to run instead of the package.
set -euo pipefail

folder=${RUNNER_TEMP:-$(mktemp -d)}
sarif=$folder/layerscope.sarif
comparison=$folder/layerscope.md

layerscope() {
  if [ -n "${LAYERSCOPE:-}" ]; then command "$LAYERSCOPE" "$@"; else npx --yes --package="$LAYERSCOPE_PACKAGE" layerscope "$@"; fi
}

check() {
  local options=() code=0
  [ -z "$CONFIG" ] || options+=(--config "$CONFIG")
  layerscope check "$IMAGE" --sarif "$sarif" "${options[@]}" || code=$?
  # 1: a rule failed. Anything else, such as an image that can't be read, is a failure of this step.
  [ "$code" -le 1 ] || exit "$code"
  {
    echo "sarif=$sarif"
    if [ "$code" -eq 0 ]; then echo passed=true; else echo passed=false; fi
  } >>"$GITHUB_OUTPUT"
}

compare() {
  layerscope diff "$BASE" "$IMAGE" --markdown --name "$NAME" >"$comparison"
  cat "$comparison" >>"$GITHUB_STEP_SUMMARY"
}

comment() {
  local marker api=repos/$GITHUB_REPOSITORY/issues id
  # The first line is a hidden one that names the comment.
  marker=$(head -n 1 "$comparison")
  id=$(gh api --paginate "$api/$PULL_REQUEST/comments" --jq ".[] | select(.body | startswith(\"$marker\")) | .id" | head -n 1)
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
