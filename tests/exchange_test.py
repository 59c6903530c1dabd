"""exchange_test.py: HL7 v2 over MLLP with the real server: what is acknowledged is in the record, byte for byte,
once, whatever happens to the server; what must not be taken is kept and owned.
"""
import base64
import json
import os
import random
import subprocess
import threading
import time

from harness import BINARY, ServerTest, ask, main, run, wait_until
from mllp import Mllp, message

CONFIG = """
[[neighbour]]
name = "lab"
title = "The laboratory"
senders = ["LAB"]
zone = "Europe/London"
owner = "results"

[[neighbour]]
name = "letters"
senders = ["LETTERS|QE2"]
take = "evidence"
"""
KILLS = 4 if os.environ.get("HOLDFAST_SANITIZED") == "1" else int(os.environ.get("HOLDFAST_KILL_ROUNDS", "20"))


class Exchange(ServerTest):
    def serve_mllp(self, directory, *flags, config=CONFIG):
        path = self.folder / "holdfast.toml"
        path.write_text(config)
        server = self.serve(directory, "--config", path, "--mllp", "127.0.0.1:0", *flags)
        return server

    def mllp(self, server):
        return Mllp(*server.mllp)

    def search(self, server, query):
        reply = ask(server.connect(), "GET", "/fhir/" + query)
        self.assertEqual(reply.status, 200, reply.body)
        return [entry["resource"] for entry in json.loads(reply.body).get("entry", [])]

    def test_what_is_acknowledged_can_be_read(self):
        server = self.serve_mllp(self.init())
        peer = self.mllp(server)
        sent = message(1, "ADT^A01", patient="77")
        self.assertEqual(peer.ask(sent), ("AA", "1"))
        self.assertEqual(peer.ask(sent), ("AA", "1"))
        patients = self.search(server, "Patient?family=Test77")
        self.assertEqual(len(patients), 1)
        binaries = self.search(server, "Binary?_source=urn:holdfast:neighbour:lab")
        self.assertEqual(len(binaries), 1)
        self.assertNotIn("data", binaries[0])
        self.assertEqual(binaries[0]["meta"]["tag"][0]["code"], "ADT^A01")
        path = "/fhir/Binary/" + binaries[0]["id"]
        whole = json.loads(ask(server.connect(), "GET", path).body)
        self.assertEqual(base64.b64decode(whole["data"]), sent)
        self.assertEqual(json.loads(ask(server.connect(), "GET", path + "/_history/1").body)["data"], whole["data"])
        reply = ask(server.connect(), "GET", path + "/$mapping-report")
        self.assertEqual(reply.status, 200, reply.body)
        report = json.loads(reply.body)
        self.assertEqual(report["resourceType"], "OperationOutcome")
        provenance = self.search(server, f"Provenance?target=Patient/{patients[0]['id']}")
        self.assertEqual(provenance[0]["entity"][0]["what"]["reference"], "Binary/" + binaries[0]["id"])
        metrics = ask(server.connect(), "GET", "/metrics").body.decode()
        self.assertIn('holdfast_hl7_messages_total{neighbour="lab",became="applied"} 1', metrics)
        self.assertIn('holdfast_hl7_messages_total{neighbour="lab",became="duplicate"} 1', metrics)

    def test_what_must_not_be_taken_is_kept_and_owned(self):
        server = self.serve_mllp(self.init())
        peer = self.mllp(server)
        self.assertEqual(peer.ask(message(1, application="STRANGER")), ("AR", "1"))
        self.assertEqual(peer.ask(message(2, processing="T")), ("AR", "2"))
        self.assertEqual(peer.ask(message(3, "ZZZ^Z99")), ("AE", "3"))
        self.assertEqual(peer.ask(message(4, "ZZZ^Z99", application="LETTERS")), ("AA", "4"))
        self.assertEqual(len(self.search(server, "Binary?_source:missing=false")), 4)
        tasks = self.search(server, "Task?code=urn:holdfast:message-item|not-mapped")
        self.assertEqual(len(tasks), 1)
        self.assertEqual(tasks[0]["owner"]["identifier"]["value"], "results")
        self.assertIn("The laboratory", tasks[0]["description"])
        self.assertEqual(tasks[0]["status"], "requested")

    def test_bad_input_ends_nothing_but_its_own_connection(self):
        server = self.serve_mllp(self.init(), "--mllp-frame-bytes-max", "64KiB", "--mllp-frame-ms-max", "400")
        random.seed(4)
        good = self.mllp(server)
        for number, data in enumerate([b"\x0b", b"\x0bMSH|", b"\x0b" * 100_000, b"\x1c\r" * 1000, b"GET / HTTP/1.1\r\n\r\n",
                                       b"\x0bMSH|^~\\&|" + b"x" * 200_000, bytes(random.randbytes(50_000)),
                                       b"\x0bMSH|^~\\&|LAB|" + b"~" * 60_000 + b"\x1c\r",
                                       b"\x0bhalf\x0b" + message(900) + b"\x1c\r"]):
            bad = self.mllp(server)
            try:
                bad.raw(data)
            except ConnectionError:
                pass
            self.assertEqual(good.ask(message(number)), ("AA", str(number)))
            bad.close()
        slow = self.mllp(server)
        slow.raw(b"\x0bMSH|^~")
        self.assertIsNone(slow.receive())  # the frame's time is over
        idle = [self.mllp(server) for _ in range(300)]
        self.assertEqual(good.ask(message("last")), ("AA", "last"))
        for peer in idle:
            peer.close()
        self.assertEqual(server.end(), 0)
        self.summary("verify", self.folder / "data")

    def test_after_kill_9_each_acknowledged_message_is_there_once(self):
        directory = self.init()
        acknowledged, lock = {}, threading.Lock()
        counter = [0]

        def sender(number, port, stop):
            try:
                peer = Mllp("127.0.0.1", port, timeout=20)
            except OSError:
                return
            while not stop.is_set():
                with lock:
                    counter[0] += 1
                    mine = counter[0]
                sent = message(f"N{mine}", patient=str(number * 10 + mine % 10))
                try:
                    answer = peer.ask(sent)
                except OSError:
                    answer = None
                if answer is None:
                    break
                with lock:
                    acknowledged[sent] = answer

        for _ in range(KILLS):
            server = self.serve_mllp(directory)
            stop = threading.Event()
            threads = [threading.Thread(target=sender, args=(i, server.mllp[1], stop)) for i in range(12)]
            for thread in threads:
                thread.start()
            time.sleep(random.uniform(0.15, 0.5))
            server.kill()
            stop.set()
            for thread in threads:
                thread.join()
        self.assertGreater(len(acknowledged), KILLS * 5)
        self.assertEqual({answer[0] for answer in acknowledged.values()}, {"AA"})
        self.assertEqual(self.summary("verify", directory), self.summary("rebuild", directory))
        server = self.serve_mllp(directory)
        # Each is there: sent again it changes nothing. Once: there is one Binary a message.
        before = json.loads(ask(server.connect(), "GET", "/fhir/Binary?_summary=count").body)["total"]
        peer = self.mllp(server)
        for sent in acknowledged:
            self.assertEqual(peer.ask(sent)[0], "AA")
        after = json.loads(ask(server.connect(), "GET", "/fhir/Binary?_summary=count").body)["total"]
        self.assertEqual(after, before)
        self.assertEqual(self.search(server, "Task?_count=1"), [])
        self.assertGreaterEqual(before, len(acknowledged))

    def test_the_console_sends_listens_and_explains(self):
        server = self.serve_mllp(self.init())
        (self.folder / "a.hl7").write_bytes(message(1).replace(b"\r", b"\n"))
        (self.folder / "b.hl7").write_bytes(message(2, "ZZZ^Z99").replace(b"\r", b"\r\n"))
        to = f"127.0.0.1:{server.mllp[1]}"
        done = run("hl7", "send", "--to", to, self.folder / "a.hl7")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("a.hl7: AA", done.stdout)
        done = run("hl7", "send", "--to", to, self.folder / "a.hl7", self.folder / "b.hl7")
        self.assertEqual(done.returncode, 1)
        self.assertIn("b.hl7: AE: no mapping", done.stdout)
        self.assertIn("sent=2 accepted=1 not_accepted=1", done.stdout)
        explained = run("hl7", "explain", self.folder / "a.hl7")
        self.assertEqual(explained.returncode, 0, explained.stdout)
        self.assertIn("Patient Name", explained.stdout.replace("Patient name", "Patient Name"))
        self.assertIn("% mapped", explained.stdout)
        listener = subprocess.Popen([BINARY, "hl7", "listen", "--on", "127.0.0.1:0", "--answer", "AE", "--count", "1"],
                                    stdout=subprocess.PIPE, text=True)
        self.addCleanup(lambda: listener.poll() is None and listener.kill())
        port = listener.stdout.readline().strip().rsplit(":", 1)[1]
        done = run("hl7", "send", "--to", f"127.0.0.1:{port}", self.folder / "a.hl7")
        self.assertEqual(done.returncode, 1)
        self.assertIn("a.hl7: AE: answered as told", done.stdout)
        self.assertIn("PID|1||1^^^QE2^MR", listener.communicate(timeout=30)[0])
        self.assertEqual(listener.returncode, 0)

    def test_a_neighbour_is_read_as_its_overlay_says(self):
        overlay = self.folder / "overlay"
        overlay.mkdir()
        (overlay / "authorities.csv").write_text("name,system,owner\nQE2,https://qe2.example/mrn,ann\n")
        config = CONFIG.replace('owner = "results"', f'owner = "results"\noverlay = "{overlay}"\n'
                                "filter = \"MSH-9.1 = 'ADT'\"")
        server = self.serve_mllp(self.init(), config=config)
        peer = self.mllp(server)
        self.assertEqual(peer.ask(message(1, patient="77")), ("AA", "1"))
        self.assertEqual(len(self.search(server, "Patient?identifier=https://qe2.example/mrn|77")), 1)
        # What the filter leaves out is kept, and not looked into.
        self.assertEqual(peer.ask(message(2, "ORU^R01", patient="78")), ("AA", "2"))
        self.assertEqual(len(self.search(server, "Binary?_source=urn:holdfast:neighbour:lab")), 2)
        self.assertEqual(self.search(server, "Patient?identifier=https://qe2.example/mrn|78"), [])
        # A changed overlay, before it goes live.
        before, after = self.folder / "before.toml", self.folder / "after.toml"
        before.write_text(CONFIG)
        after.write_text(config)
        url = f"http://{server.host}:{server.port}"
        done = run("hl7", "diff", "--server", url, "--before", before, "--after", before)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("neighbour=lab messages=2 same=2 differ=0", done.stdout)
        done = run("hl7", "diff", "--server", url, "--before", before, "--after", after, "--neighbour", "lab")
        self.assertEqual((done.returncode, done.stderr), (1, ""))
        self.assertIn("messages=2 same=0 differ=2", done.stdout)
        self.assertRegex(done.stdout, r"Patient\.identifier\.system  in 2 message\(s\), first .*"
                                      r'"urn:holdfast:authority:QE2" -> "https://qe2\.example/mrn"')
        self.assertEqual(len(self.search(server, "Binary?_source=urn:holdfast:neighbour:lab")), 2)
        # What the overlay explains, and whose it is; of kept messages, and of files.
        done = run("hl7", "coverage", "--config", after, "--server", url, "--neighbour", "lab")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("neighbour=lab owner=results messages=2 not_mapped=0", done.stdout)
        self.assertIn("authorities.csv  owner=ann lines=1 used=1", done.stdout)
        self.assertNotIn("Smith", done.stdout)
        (self.folder / "other.hl7").write_text(message(3, patient="79").decode().replace("QE2", "QE3"))
        done = run("hl7", "coverage", "--config", after, "--neighbour", "lab", self.folder / "other.hl7")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("not used: authorities.csv 'QE2' owner=ann", done.stdout)
        done = run("hl7", "coverage", "--config", after)
        self.assertEqual(done.returncode, 2)
        self.assertIn("--server", done.stderr)
        self.assertEqual(server.end(), 0)
        # Without the filter, the message that was only kept is taken up again: shown, then done.
        server = self.serve_mllp(self.folder / "data", config=config.replace("filter = ", "#"))
        kept = self.search(server, "Binary?_tag=ORU%5ER01")[0]["id"]

        def take_up(body):
            return ask(server.connect(), "POST", f"/fhir/Binary/{kept}/$take-up", body,
                       **{"Content-Type": "application/fhir+json"})
        reply = take_up(b"")
        self.assertEqual(reply.status, 200, reply.body)
        self.assertIn(b'"name":"done","valueBoolean":false', reply.body)
        self.assertEqual(self.search(server, "Patient?identifier=https://qe2.example/mrn|78"), [])
        reply = take_up(json.dumps({"resourceType": "Parameters",
                                    "parameter": [{"name": "dryRun", "valueBoolean": False}]}))
        self.assertEqual(reply.status, 200, reply.body)
        self.assertIn(b'"name":"done","valueBoolean":true', reply.body)
        self.assertEqual(len(self.search(server, "Patient?identifier=https://qe2.example/mrn|78")), 1)
        self.assertEqual(self.summary("verify", self.folder / "data") if server.end() == 0 else None,
                         self.summary("rebuild", self.folder / "data"))
        for name, text, says in [("authorities", "name,system\nQE2\n", "line 2"), ("unit", "from,ucum\n", "is none of")]:
            (overlay / f"{name}.csv").write_text(text)
            done = run("serve", "--data", self.folder / "data", "--config", self.folder / "holdfast.toml",
                       "--http", "127.0.0.1:0")
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(says, done.stderr)
            self.assertIn(f"{name}.csv", done.stderr)
            (overlay / f"{name}.csv").unlink()

    def test_an_address_that_is_not_the_neighbours_is_refused(self):
        server = self.serve_mllp(self.init(), config=CONFIG.replace('senders = ["LAB"]',
                                                                    'senders = ["LAB"]\naddresses = ["127.9.9.9"]'))
        self.assertEqual(self.mllp(server).ask(message(1)), ("AR", "1"))
        self.assertEqual(self.search(server, "Patient?_count=1"), [])
        peer = self.mllp(server)
        for number in range(2, 80):  # too many: the connection is closed, and the log says why
            if peer.ask(message(number)) is None:
                break
        self.assertLess(number, 79)
        wait_until(lambda: any("must not be taken" in line for line in server.log()), 10)

    def test_configuration_is_checked(self):
        directory = self.init()
        for config, says in [("[[neighbour]]\nname = 'a'\n", "at least one sender"),
                             ("[[neighbour]]\nname = 'a'\nsender = ['x']\n", "did you mean 'senders'"),
                             ("[[neighbour]]\nname = 'a'\nsenders = ['x']\nzone = 'Moon'\n", "is no zone"),
                             ("[[neighbour]]\nname = 'a'\nsenders = ['x']\nfilter = 'MSH-9'\n", "expected at character"),
                             ("[[neighbour]]\nname = 'a'\nsenders = ['x']\n[[neighbour]]\nname = 'b'\nsenders = ['x']\n",
                              "claim the same sender"),
                             ("[[neighbour]]\nname = 'a'\nsenders = ['x']\noverlay = '/nowhere'\n", "overlay /nowhere"),
                             ("neighbour = 3\n", "[[neighbour]]")]:
            path = self.folder / "bad.toml"
            path.write_text(config)
            done = run("serve", "--data", directory, "--config", path, "--http", "127.0.0.1:0")
            self.assertEqual(done.returncode, 2, config)
            self.assertIn(says, done.stderr, config)


if __name__ == "__main__":
    main()
