#!/usr/bin/env bash
# Regenerates test/fixtures/vectors/hcsshim-calls.txt. Needs Go with its module proxy, Wine and mingw. Usage: make-vector.sh OUTPUT
set -euo pipefail
output=$(realpath -m "$1")
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp main.go go.mod "$work"
(cd "$work" && go mod tidy >/dev/null 2>&1 && GOOS=windows GOARCH=amd64 go build -o calls.exe .)
export WINEPREFIX=${WINEPREFIX:-$work/prefix} WINEDEBUG=-all
wine=$(command -v wine64 || echo /usr/lib/wine/wine64)
"$wine" wineboot -i >/dev/null 2>&1
"$wine" winecfg -v win10 >/dev/null 2>&1
system=$WINEPREFIX/drive_c/windows/system32
x86_64-w64-mingw32-gcc -shared -O1 -static-libgcc -o "$system/vmcompute.dll" ../vmcompute.c -lole32
# Go gets random bytes from a library that Wine 8 doesn't have. This is a substitute, which uses an older call.
printf '%s\n' '#include <windows.h>' 'BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);' \
  '__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE b, SIZE_T n) { return SystemFunction036(b, (ULONG)n); }' >"$work/prng.c"
x86_64-w64-mingw32-gcc -shared -O1 -o "$system/bcryptprimitives.dll" "$work/prng.c" -ladvapi32
(cd "$work" && "$wine" calls.exe out.log >out 2>err </dev/null) || { cat "$work/out" "$work/err" >&2; exit 1; }
cp "$work/out.log" "$output"
