#!/usr/bin/env bash
# Regenerates the log of hcsshim's calls for whole layers. Needs Go with its module proxy, Wine and mingw.
# Usage: make-vector.sh VECTORS.json OUTPUT
set -euo pipefail
vectors=$(realpath "$1")
output=$(realpath -m "$2")
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cp main.go go.mod "$work"
winio=$(cd "$work" && go mod download -json github.com/Microsoft/go-winio@v0.6.2 | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
cp -r "$winio" "$work/go-winio"
chmod -R u+w "$work/go-winio"
# Wine's BackupRead and BackupWrite do nothing, so hcsshim is made to call the stand-in's.
sed -i 's/modkernel32.NewProc("Backup\(Read\|Write\)")/windows.NewLazyDLL("vmcompute.dll").NewProc("Backup\1")/' "$work/go-winio/zsyscall_windows.go"
(cd "$work" && go mod tidy >/dev/null 2>&1 && GOOS=windows GOARCH=amd64 go build -o layers.exe .)
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
cp "$vectors" "$work/vectors.json"
(cd "$work" && "$wine" layers.exe vectors.json out.log >out 2>err </dev/null) || { cat "$work/out" "$work/err" >&2; exit 1; }
cat "$work/err" >&2
cp "$work/out.log" "$output"
