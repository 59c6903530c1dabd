"""postings_test.py: what lies in the indexes is what search parameters say, by a FHIRPath that is not ours:
for each resource and each search parameter of its type, the values that the npm package `fhirpath` finds by
the parameter's expression, made into search values by rules of our own in JavaScript (node/search_values.mjs),
are exactly those in the posting table of the server's directory (holdfast_postings prints it). So are the
patients in whose compartments it lies.

HOLDFAST_POSTINGS_ALL=1: all Synthea Bundles instead of the smallest, and all definitions beside the
instances; takes minutes.
"""
import json
import os
import subprocess
import unittest

from clients_test import NODE, install
from examples_test import DEFINITIONS, PACKAGE
from harness import BINARY, ServerTest, main, run
from synthea_test import ARCHIVE, bundles
from wire import Wire

ALL = os.environ.get("HOLDFAST_POSTINGS_ALL") == "1"
SANITIZED = os.environ.get("HOLDFAST_SANITIZED") == "1"
PATIENTS = 2 if SANITIZED else 6  # the smallest bundles, beside the two that they refer to
WITHOUT_INDEX = set()
REASONS = NODE / "postings_reasons.json"


class Postings(ServerTest):
    def setUp(self):
        super().setUp()
        install(self)
        if not PACKAGE.is_dir():
            self.skipTest(f"the definitions are not at {PACKAGE}; the build puts them there")
        self.directory = self.init()

    def compare(self, *reasons):
        """What the comparison counted; it must have found no difference that is not explained."""
        with subprocess.Popen([BINARY + "_postings", self.directory], stdout=subprocess.PIPE) as printing:
            done = subprocess.run(["node", NODE / "postings.mjs", PACKAGE, *reasons], stdin=printing.stdout,
                                  capture_output=True, text=True, timeout=3600)
            printing.stdout.close()
        self.assertEqual(printing.returncode, 0)
        self.assertEqual(done.returncode, 0, done.stdout[-2000:] + done.stderr[-6000:])
        counts = json.loads(done.stdout)
        self.assertLessEqual(set(counts["unindexed"]), WITHOUT_INDEX)
        print(f"{self.id().rsplit('.', 1)[1]}: {done.stdout.strip()}")
        return counts

    @unittest.skipUnless(ARCHIVE.is_file(), f"shared data is not at {ARCHIVE} (HOLDFAST_SHARED_DATA)")
    def test_synthea(self):
        chosen = {name: text for name, text in bundles()}
        if not ALL:
            smallest = sorted((len(text), name) for name, text in chosen.items() if "Information" not in name)[:PATIENTS]
            wanted = {name for _, name in smallest}
            chosen = {name: text for name, text in chosen.items() if name in wanted or "Information" in name}
        folder = self.folder / "bundles"
        folder.mkdir()
        for name, text in chosen.items():
            (folder / name.rsplit("/", 1)[-1]).write_bytes(text)
        server = self.serve(self.directory)
        for part in (sorted(folder.glob("*Information*")), [folder]):
            done = run("import", "--historic", "--server", server.url, *part, timeout=1800)
            self.assertEqual(done.returncode, 0, done.stderr[-2000:])
        self.assertEqual(server.end(), 0)
        counts = self.compare()
        self.assertGreater(counts["comparisons"], 10 * counts["resources"])
        self.assertGreater(counts["values"], 5 * counts["resources"])
        self.assertGreater(counts["patients"], 100)

    def test_examples(self):
        server = self.serve(self.directory)
        stored = 0
        with Wire(server.host, server.port, 120) as wire:
            for path in sorted(PACKAGE.glob("*.json")):
                if path.name in ("package.json", "Bundle-resources.json"):
                    continue
                if path.name.split("-")[0] in DEFINITIONS and not ALL:
                    continue
                text = path.read_bytes()
                one = json.loads(text)
                reply = wire.ask("PUT", f"/fhir/{one['resourceType']}/{one['id']}", text)
                stored += reply.status == 201
        self.assertEqual(server.end(), 0)
        counts = self.compare(*([REASONS] if ALL else []))
        self.assertGreaterEqual(counts["resources"], stored)  # and the items that some of them open
        self.assertGreater(stored, 600)


if __name__ == "__main__":
    main()
