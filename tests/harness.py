"""harness.py: starts and stops the real server for the tests beside it, and speaks HTTP with it.
Ends only the processes that it started."""
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

BINARY = os.environ.get("HOLDFAST_BINARY", "build/release/holdfast")
READY_SECONDS_MAX = 120
END_SECONDS_MAX = 120
SUMMARY = re.compile(r"^entries=(\d+) head=([0-9a-f]{64}) root=([0-9a-f]{64}) digest=([0-9a-f]{64})$", re.M)
FHIR_JSON = "application/fhir+json"


def run(*arguments, env=None, timeout=600):
    """One command to its end: CompletedProcess with text."""
    return subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True,
                          timeout=timeout, env={**os.environ, **(env or {})})


def shared_data():
    given = os.environ.get("HOLDFAST_SHARED_DATA")
    root = pathlib.Path(__file__).resolve().parent.parent
    return pathlib.Path(given) if given else root.parent / "shared" / "data"


class Server:
    """A running `holdfast serve`. `with Server(directory) as server:` ends it by SIGTERM."""

    def __init__(self, directory, *flags, env=None):
        self.log_path = pathlib.Path(str(directory) + ".log")
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [BINARY, "serve", "--data", str(directory), *([] if "--http" in flags else ["--http", "127.0.0.1:0"]),
                 *flags],
                stdout=subprocess.PIPE, stderr=log, text=True, env={**os.environ, **(env or {})})
        line = self.process.stdout.readline()
        match = re.fullmatch(r"ready http=(http://(127\.0\.0\.1):(\d+))( mllp=\S+)?( mllps=\S+)?\n", line)
        if not match:
            code = self.process.wait(END_SECONDS_MAX)
            raise AssertionError(f"no ready line but {line!r}, exit {code}: {self.log()[-3:]}")
        self.url, self.host, self.port = match.group(1), match.group(2), int(match.group(3))
        for door, given in ("mllp", match.group(4)), ("mllps", match.group(5)):
            if given:
                host, port = given.split("=")[1].rsplit(":", 1)
                setattr(self, door, (host, int(port)))

    def log(self):
        return self.log_path.read_text("utf-8", "replace").splitlines()

    def connect(self, timeout=60):
        return http.client.HTTPConnection(self.host, self.port, timeout=timeout)

    def memory(self):
        """VmRSS and VmHWM in bytes."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return tuple(int(re.search(rf"{name}:\s+(\d+)", status).group(1)) * 1024
                     for name in ("VmRSS", "VmHWM"))

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(END_SECONDS_MAX)
        self.process.stdout.close()

    def end(self, number=signal.SIGTERM):
        """The exit code after asking it to end."""
        self.process.send_signal(number)
        code = self.process.wait(END_SECONDS_MAX)
        self.process.stdout.close()
        return code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.end()


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        # Numbers stay the text that they are.
        return json.loads(self.body, parse_float=lambda text: ("number", text),
                          parse_int=lambda text: ("number", text))


def ask(connection, method, path, body=None, **headers):
    """One request on a kept connection; underscores in header names are dashes."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if body is not None:
        sent.setdefault("Content-Type", FHIR_JSON)
        if not isinstance(body, (bytes, str)):
            body = json.dumps(body)
    connection.request(method, path, body.encode() if isinstance(body, str) else body, sent)
    response = connection.getresponse()
    return Reply(response.status, response.headers, response.read())


class ServerTest(unittest.TestCase):
    """A folder for each test, gone afterwards (kept when KEEP is set)."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-test-"))
        if not os.environ.get("KEEP"):
            self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def init(self, name="data", *flags):
        directory = self.folder / name
        done = run("init", directory, *flags)
        self.assertEqual(done.returncode, 0, done.stderr)
        return directory

    def serve(self, directory, *flags, env=None):
        server = Server(directory, *flags, env=env)
        self.addCleanup(lambda: server.process.poll() is None and server.kill())
        return server

    def summary(self, command, directory, *flags):
        """(entries, head, root, digest) of verify or rebuild, which must succeed."""
        done = run(command, directory, *flags)
        self.assertEqual(done.returncode, 0, f"{command}: {done.stdout}{done.stderr}")
        match = SUMMARY.search(done.stdout)
        self.assertIsNotNone(match, done.stdout)
        return match.groups()


class RecordTest(ServerTest):
    """One server, self.server, over self.directory; at the end of each test its ledger balances and it verifies."""

    def get(self, path):
        reply = ask(self.server.connect(), "GET", path)
        self.assertEqual(reply.status, 200, reply.body)
        return json.loads(reply.body)

    def found(self, query):
        return [entry["resource"] for entry in self.get("/fhir/" + query).get("entry", [])]

    def tearDown(self):
        ledger = self.get("/fhir/$ledger")
        self.assertEqual([p["valueBoolean"] for p in ledger["parameter"] if p["name"] == "balanced"], [True])
        self.assertEqual(self.server.end(), 0)
        self.summary("verify", self.directory)
        super().tearDown()


def metric(connection, name):
    text = ask(connection, "GET", "/metrics").body.decode()
    return float(re.search(rf"^holdfast_{re.escape(name)} (\S+)$", text, re.M).group(1))


def wait_until(holds, seconds=30):
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            raise AssertionError("it did not come to hold")
        time.sleep(0.02)


def main():
    """unittest.main(), with exit code 77 where nothing could run because data is missing."""
    # Connections are left to the collector: a test that fails has not closed them either.
    program = unittest.main(module="__main__", exit=False, warnings="ignore")
    result = program.result
    for case, why in result.skipped:
        print(f"skipped: {case}: {why}", file=sys.stderr)
    if not result.wasSuccessful():
        sys.exit(1)
    if result.skipped and os.environ.get("HOLDFAST_DEMAND_DATA"):
        print("skipped although the data is demanded", file=sys.stderr)
        sys.exit(1)
    sys.exit(77 if result.testsRun == len(result.skipped) else 0)
