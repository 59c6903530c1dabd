"""synthea_test.py: 122 Synthea Bundles over HTTP. Every entry is accounted for, and each resource is
read back as it was sent: numbers as text, but for id, meta and the references that were resolved.
A second import changes nothing. Prints the peak memory of server and importer; each has its bound.

Under a sanitizer: the two Bundles that the others refer to, and the four smallest of those.
"""
import os
import re
import subprocess
import tarfile
import unittest

from harness import ServerTest, main, run, shared_data
from wire import Wire, read_json, sha256

SANITIZED = os.environ.get("HOLDFAST_SANITIZED") == "1"
BUNDLES, ENTRIES = 122, 92_114
RESIDENT_BYTES_MAX = 512 << 20
ARCHIVE = shared_data() / "synthea" / "synthea-r4-122.tar.zst"
CONDITIONAL_TYPES = ("Organization", "Location", "Practitioner", "PractitionerRole")
SET_BY_SERVER = ("versionId", "lastUpdated")


def bundles():
    """Name and bytes of each, in the order of the archive."""
    with subprocess.Popen(["zstd", "-dcq", ARCHIVE], stdout=subprocess.PIPE) as unpacking:
        with tarfile.open(fileobj=unpacking.stdout, mode="r|") as archive:
            for member in archive:
                if member.isfile() and member.name.endswith(".json"):
                    yield member.name, archive.extractfile(member).read()


def difference(sent, stored, resolved, path):
    """Where they differ, or None. `resolved(text)` is what a reference must have become."""
    if isinstance(sent, dict) and isinstance(stored, dict) and list(sent) == list(stored):
        for key, value in sent.items():
            if key == "reference" and isinstance(value, str):
                value = resolved(value)
            found = difference(value, stored[key], resolved, f"{path}.{key}")
            if found:
                return found
        return None
    if isinstance(sent, list) and isinstance(stored, list) and len(sent) == len(stored):
        for index, (one, other) in enumerate(zip(sent, stored)):
            found = difference(one, other, resolved, f"{path}[{index}]")
            if found:
                return found
        return None
    same = type(sent) is type(stored) and sent == stored and not isinstance(sent, (dict, list))
    return None if same else f"{path}: {str(sent)[:200]} became {str(stored)[:200]}"


def without_server_part(resource):
    """meta first, because it may have been put in, without what the server sets; no id. The order of
    everything else counts."""
    meta = {key: value for key, value in resource.get("meta", {}).items() if key not in SET_BY_SERVER}
    return {"meta": meta, **{key: value for key, value in resource.items() if key not in ("id", "meta")}}


class Comparison(unittest.TestCase):
    def test_sees_what_it_must_see(self):
        sent = read_json('{"a":1.50,"b":[{"reference":"urn:x"}],"c":"1.50","d":true}')
        names = {"urn:x": "Patient/1"}

        def compare(text):
            return difference(sent, read_json(text), lambda name: names.get(name, name), "")

        self.assertIsNone(compare('{"a":1.50,"b":[{"reference":"Patient/1"}],"c":"1.50","d":true}'))
        for other in ('{"a":1.5,"b":[{"reference":"Patient/1"}],"c":"1.50","d":true}',
                      '{"a":"1.50","b":[{"reference":"Patient/1"}],"c":"1.50","d":true}',
                      '{"a":1.50,"b":[{"reference":"urn:x"}],"c":"1.50","d":true}',
                      '{"a":1.50,"b":[{"reference":"Patient/2"}],"c":"1.50","d":true}',
                      '{"a":1.50,"b":[],"c":"1.50","d":true}', '{"a":1.50,"b":[{}],"c":"1.50","d":true}',
                      '{"a":1.50,"b":[{"reference":"Patient/1"}],"c":"1.50"}',
                      '{"b":[{"reference":"Patient/1"}],"a":1.50,"c":"1.50","d":true}',
                      '{"a":1.50,"b":[{"reference":"Patient/1"}],"c":"1.50","d":1}'):
            self.assertIsNotNone(compare(other), other)


@unittest.skipUnless(ARCHIVE.is_file(), f"shared data is not at {ARCHIVE} (HOLDFAST_SHARED_DATA)")
class Synthea(ServerTest):
    def test_every_resource_comes_back_as_it_was_sent_and_only_once(self):
        source, documents, entries = self.choose()
        directory = self.init()
        server = self.serve(directory)
        counts = self.imported(server, source)
        self.assertEqual((counts["documents"], counts["resources"]), (documents, entries))
        self.assertEqual(counts["created"] + counts["matched"], entries)
        self.assertEqual(counts["refused"], 0)
        position = self.position(server)

        self.compare_all(server, counts["created"], entries)
        self.assertEqual(self.position(server), position, "asking again added entries")
        self.memory_is_bounded("server after reading everything back", server.memory()[1])
        self.assertEqual(server.end(), 0)
        first = self.summary("verify", directory)
        self.assertEqual(int(first[0]), position)

        server = self.serve(directory)
        again = self.imported(server, source)
        self.assertEqual((again["repeated"], again["created"]), (entries, 0))
        self.assertEqual(server.end(), 0)
        self.assertEqual(self.summary("verify", directory), first, "the second import changed something")
        self.assertEqual(self.summary("rebuild", directory), first)
        print(f"{entries} of {entries} entries read back as sent; the second import changed nothing: "
              f"entries={first[0]} digest={first[3][:16]}...")

    def choose(self):
        """What is imported, and how many Bundles and entries that is."""
        if not SANITIZED:
            return ARCHIVE, BUNDLES, ENTRIES
        folder = self.folder / "chosen"
        folder.mkdir()
        everything = sorted(bundles(), key=lambda bundle: len(bundle[1]))
        needed = [bundle for bundle in everything if os.path.basename(bundle[0]).startswith("0-")]
        chosen = needed + [bundle for bundle in everything if bundle not in needed][:4]
        for name, text in chosen:
            (folder / os.path.basename(name)).write_bytes(text)
        self.chosen = chosen
        return folder, len(chosen), sum(len(read_json(text)["entry"]) for _, text in chosen)

    def imported(self, server, source):
        done = run("import", "--historic", "--server", server.url, source, timeout=1800)
        print(done.stdout, end="")
        self.assertEqual(done.returncode, 0, done.stderr)
        counts = {name: float(value) if "." in value else int(value)
                  for name, value in re.findall(r"(\w+)=(\S+)", done.stdout)}
        self.memory_is_bounded("server", server.memory()[1])
        self.memory_is_bounded("importer", counts["peak_bytes"])
        return counts

    def memory_is_bounded(self, who, peak):
        print(f"peak memory of {who}: {peak / (1 << 20):.0f} MiB")
        if not SANITIZED:  # shadow memory is no measure of ours
            self.assertLess(peak, RESIDENT_BYTES_MAX, who)

    def position(self, server):
        with Wire(server.host, server.port) as wire:
            return int(wire.ask("GET", "/health/ready").json()["position"])

    def compare_all(self, server, created, entries):
        out = self.folder / "out"
        done = run("export", "--server", server.url, "--out", out, timeout=1800)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.exported = {}  # what a walk through all pages of all types shows
        for path in out.iterdir():
            for line in path.read_text("utf-8").splitlines():
                resource = re.match(r'\{"resourceType":"(\w+)","id":"([^"]+)"', line)
                self.exported["/".join(resource.groups())] = line
        self.assertEqual(len(self.exported), created)
        identifiers = self.identifiers()
        compared, seen = 0, set()
        with Wire(server.host, server.port, 300) as wire:
            for name, text in self.chosen if SANITIZED else bundles():
                compared += self.compare_bundle(wire, name, text, identifiers, seen)
        self.assertEqual(compared, entries)
        self.assertEqual(seen, set(self.exported), "something is there that nobody sent")

    def identifiers(self):
        """What each conditional reference must have become, found without the server's search."""
        found = {}
        for path, line in self.exported.items():
            kind = path.split("/")[0]
            if kind in CONDITIONAL_TYPES:
                for identifier in read_json(line).get("identifier", []):
                    found[f"{kind}?identifier={identifier.get('system')}|{identifier.get('value')}"] = path
        return found

    def compare_bundle(self, wire, name, text, identifiers, seen):
        # The same Bundle under the key that the importer used tells where everything went.
        sent = read_json(text)
        reply = wire.ask("POST", "/fhir", text, {"Idempotency-Key": sha256(text)})
        self.assertEqual(reply.status, 200, f"{name}: {reply}")
        said = reply.json()["entry"]
        self.assertEqual(len(sent["entry"]), len(said), name)
        names = {one["fullUrl"]: other["response"]["location"].split("/_history")[0]
                 for one, other in zip(sent["entry"], said)}

        def resolved(text):
            return names.get(text) or identifiers.get(text, text)

        for index, one in enumerate(sent["entry"]):
            where = names[one["fullUrl"]]
            self.assertIn(where, self.exported, f"{name} entry {index}")
            stored = read_json(self.exported[where])
            found = difference(without_server_part(one["resource"]), without_server_part(stored), resolved,
                               one["resource"]["resourceType"])
            self.assertIsNone(found, f"{name} entry {index}: {found}")
            if index % 20 == 0:  # and by the ordinary way
                read = wire.ask("GET", "/fhir/" + where)
                self.assertEqual(read.body.decode(), self.exported[where], where)
            seen.add(where)
        return len(sent["entry"])


if __name__ == "__main__":
    main()
