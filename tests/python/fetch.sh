#!/bin/sh
# tests/python/fetch.sh PYTHON: target/packages holds what requirements.txt names, by its hashes; outside of
# the system's Python. What is there already stays. Several may call it at once: they take turns.
# Exit 75: the packages cannot be had from where pip gets them.
set -eu
cd "$(dirname "$0")"
mkdir -p target
exec 9<requirements.txt
flock 9
if [ -e target/.complete ] && ! [ requirements.txt -nt target/.complete ]; then
  exit 0
fi
"$1" -m pip --version >/dev/null || {
  echo "fetch.sh: $1 has no pip; scripts/setup installs it" >&2
  exit 1
}
rm -rf target/packages
"$1" -m pip install --quiet --no-input --disable-pip-version-check --no-deps --only-binary :all: \
  --require-hashes --target target/packages --requirement requirements.txt >target/pip.txt 2>&1 || {
  cat target/pip.txt >&2
  ! grep -q 'DO NOT MATCH' target/pip.txt || exit 1
  exit 75
}
touch target/.complete
