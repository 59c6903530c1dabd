#!/bin/sh
# tests/java/fetch.sh: target/jars holds what pom.xml names, byte for byte what jars.sha256 says, and
# target/classes the compiled Hl7Peer.java. What is there already stays. Several may call it at once:
# they take turns. Exit 75: the jars cannot be had from where Maven gets them.
set -eu
cd "$(dirname "$0")"
for tool in mvn javac; do
  command -v $tool >/dev/null || {
    echo "fetch.sh: there is no $tool; scripts/setup installs it" >&2
    exit 1
  }
done
mkdir -p target
exec 9<pom.xml
flock 9
if ! [ -e target/.complete ] || [ pom.xml -nt target/.complete ] || [ jars.sha256 -nt target/.complete ]; then
  rm -rf target/jars
  mvn -B -q dependency:copy-dependencies -DoutputDirectory=target/jars >&2 || exit 75
  (cd target/jars && sha256sum --check --strict --quiet ../../jars.sha256) >&2
  [ "$(ls target/jars | wc -l)" = "$(wc -l <jars.sha256)" ]
  touch target/.complete
fi
if ! [ -e target/classes/Hl7Peer.class ] || [ Hl7Peer.java -nt target/classes/Hl7Peer.class ]; then
  javac -encoding UTF-8 -Xlint:all,-processing -Werror -cp 'target/jars/*' -d target/classes Hl7Peer.java >&2
fi
