#!/bin/sh
# Installs the packages that DIR/package-lock.json names into DIR/node_modules, unless they are
# there already. Several builds may call it at once: they take turns.
set -eu
dir=$1
stamp=$dir/node_modules/.complete
exec 9<"$dir/package-lock.json"
flock 9
if [ -e "$stamp" ] && ! [ "$dir/package-lock.json" -nt "$stamp" ]; then
  exit 0
fi
cd "$dir"
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
touch "$stamp"
