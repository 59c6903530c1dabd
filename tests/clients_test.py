"""clients_test.py: three FHIR clients that others wrote (node/package.json) do with the server what their users
do: create, read, search, page, update, patch, transactions, history, delete, and read of refusals why.
"""
import pathlib
import re
import subprocess

from harness import ServerTest, main

ROOT = pathlib.Path(__file__).resolve().parent.parent
NODE = ROOT / "tests" / "node"


def install(test):
    """The programs of others, at the versions of the lock file; skips the test where they cannot be had."""
    done = subprocess.run([ROOT / "tools" / "definitions" / "fetch.sh", NODE], capture_output=True, text=True,
                          timeout=600)
    if done.returncode != 0:
        test.skipTest(f"npm cannot install what tests/node/package-lock.json names: {done.stderr[-300:]}")


class Clients(ServerTest):
    def check(self, program, steps):
        install(self)
        server = self.serve(self.init())
        done = subprocess.run(["node", NODE / program, server.url + "/fhir"], capture_output=True, text=True,
                              timeout=300)
        self.assertEqual(done.returncode, 0, done.stdout[-500:] + done.stderr[-3000:])
        self.assertEqual(done.stdout.splitlines()[-1], f"all {steps}")
        self.assertEqual(len(re.findall("^did ", done.stdout, re.M)), steps)

    def test_fhirclient(self):
        self.check("fhirclient.mjs", 15)

    def test_fhir_kit_client(self):
        self.check("fhir_kit_client.mjs", 15)

    def test_medplum(self):
        self.check("medplum.mjs", 13)


if __name__ == "__main__":
    main()
