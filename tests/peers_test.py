"""peers_test.py: HL7 v2 programs that others wrote (HAPI; node-hl7-client and node-hl7-server; Python's hl7 and
hl7apy) and the real binary understand one another over MLLP, plain and over TLS with certificates on both sides, in
both directions: what they send is in the record and they read our acknowledgement; what `holdfast hl7 send` sends they
read, and it understands their answer.
"""
import collections
import json
import pathlib
import re
import subprocess
import sys
import urllib.parse

from certificates import Ca
from harness import ServerTest, ask, main, run
from mllp import message

TESTS = pathlib.Path(__file__).resolve().parent
FETCH = TESTS.parent / "tools" / "definitions" / "fetch.sh"
FETCH_UNREACHABLE = 75  # what fetch.sh of java/ and python/ end with where the packages cannot be had
BATCH = 50
SENDS_SECONDS_MAX = 240

NAMES = "HAPI", "NODE", "PYTHON"
CONFIG = "".join(f"""
[[neighbour]]
name = "{name.lower()}"
senders = ["{name}|QE2"]
zone = "Europe/London"
owner = "{name.lower()}-desk"
""" for name in NAMES)

# What a peer sends, by its name for it: MSA-1 of our answer, MSH-9.2, and ERR-3 as of version 2.5.
STEPS = {
    "admission": ("AA", "A01", ""),
    "again": ("AA", "A01", ""),
    "results": ("AA", "R01", ""),
    "utf8": ("AA", "A01", ""),
    "latin1": ("AA", "A01", ""),
    "stranger": ("AR", "A01", "103"),
    "training": ("AR", "A01", "202"),
    "unmapped": ("AE", "Z99", "201"),
    "enhanced": ("CA", "A01", ""),
    "batch": ("AA", "A01", ""),
}


class Keys:
    """Certificates of our side and of the peer's, which are known by one CA."""

    def __init__(self, folder):
        here = "DNS:localhost,IP:127.0.0.1"
        self.ca = Ca(folder)
        self.ours, self.theirs = self.ca.issue("holdfast.example", here), self.ca.issue("peer.example", here)
        self.peer = ["tls", self.ca.pem, *self.theirs]  # arguments of a peer
        self.send = ["--tls", "--ca", self.ca.pem, "--cert", self.ours[0], "--key", self.ours[1]]

    def config(self):
        return (f'mllp_tls = "127.0.0.1:0"\nmllp_tls_certificate = "{self.ours[0]}"\nmllp_tls_key = "{self.ours[1]}"\n'
                f'mllp_tls_client_ca = "{self.ca.pem}"\n'
                + CONFIG.replace("zone =", 'certificates = ["peer.example"]\nzone ='))


class Receiver:
    """A peer that receives, until its standard input ends. What it writes beside itself (HAPI does) goes to `folder`."""

    def __init__(self, command, folder):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8",
                                        cwd=folder)
        line = self.process.stdout.readline()
        ready = re.fullmatch(r"ready utf8=(\d+) latin1=(\d+)\n", line)
        assert ready, f"no ready line but {line!r}, exit {self.process.wait(60)}"
        self.utf8, self.latin1 = (f"127.0.0.1:{port}" for port in ready.groups())

    def end(self):
        """What it got, by id."""
        came = self.process.communicate(timeout=60)[0]
        assert self.process.returncode == 0, self.process.returncode
        return {line["id"]: line for line in map(json.loads, came.splitlines())}


class Peers(ServerTest):
    def fetched(self, *command, unreachable):
        """Installs the programs of others; skips the test where the registry cannot be reached."""
        done = subprocess.run(command, capture_output=True, text=True, timeout=600)
        if done.returncode in unreachable:
            self.skipTest(f"{command[0]} cannot get its packages: {done.stderr[-300:]}")
        self.assertEqual(done.returncode, 0, done.stderr)

    def hapi(self):
        self.fetched(TESTS / "java" / "fetch.sh", unreachable=(FETCH_UNREACHABLE,))
        path = f"{TESTS}/java/target/classes:{TESTS}/java/target/jars/*"
        return ["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", path, "Hl7Peer"]

    def node(self):
        self.fetched(FETCH, TESTS / "node", unreachable=range(1, 256))  # npm has one code for everything
        return ["node", TESTS / "node" / "hl7_peer.mjs"]

    def python(self):
        self.fetched(TESTS / "python" / "fetch.sh", sys.executable, unreachable=(FETCH_UNREACHABLE,))
        return [sys.executable, "-B", TESTS / "python" / "hl7_peer.py"]

    def found(self, server, kind, **parameters):
        query = urllib.parse.urlencode({**parameters, "_count": 100})
        reply = ask(server.connect(), "GET", f"/fhir/{kind}?{query}")
        self.assertEqual(reply.status, 200, reply.body)
        return [entry["resource"] for entry in json.loads(reply.body).get("entry", [])]

    # ---- they send

    def sends(self, name, command, cannot=(), keys=None):
        config = self.folder / "holdfast.toml"
        config.write_text(keys.config() if keys else CONFIG)
        server = self.serve(self.init(), "--config", config, *([] if keys else ["--mllp", "127.0.0.1:0"]))
        host, port = server.mllps if keys else server.mllp
        done = subprocess.run([*command, *(keys.peer if keys else []), "send", host, str(port)], capture_output=True,
                              encoding="utf-8", timeout=SENDS_SECONDS_MAX, cwd=self.folder)
        self.assertEqual(done.returncode, 0, done.stdout[-500:] + done.stderr[-3000:])
        self.check_answers(name, [json.loads(line) for line in done.stdout.splitlines()], cannot)
        self.check_record(server, name, cannot)
        self.assertEqual(server.end(), 0)
        self.summary("verify", self.folder / "data")

    def check_answers(self, name, answers, cannot):
        self.assertEqual(collections.Counter(answer["step"] for answer in answers),
                         {step: BATCH if step == "batch" else 1 for step in STEPS if step not in cannot})
        for answer in answers:
            code, event, fault = STEPS[answer["step"]]
            says = f"{answer}"
            self.assertEqual((answer["code"], answer["of"]), (code, answer["sent"]), says)
            self.assertEqual((answer["kind"], answer["event"], answer["event_sent"]), ("ACK", event, event), says)
            self.assertEqual((answer["from"], answer["to"]), ("HOLDFAST", answer["application"]), says)
            self.assertEqual(answer["application"], "NOBODY" if answer["step"] == "stranger" else name, says)
            self.assertEqual(answer["processing"], "T" if answer["step"] == "training" else "P", says)
            self.assertEqual(answer["version"], answer["version_sent"], says)
            self.assertEqual(answer["charset"], "UNICODE UTF-8", says)
            self.assertEqual(answer["text"] == "", code in ("AA", "CA"), says)
            self.assertEqual(answer["err"], fault if answer["version"] >= "2.5" else "", says)
        of = {answer["step"]: answer for answer in answers}
        self.assertIn("NOBODY|QE2 is no neighbour", of["stranger"]["text"])
        self.assertIn("processing id P, not 'T'", of["training"]["text"])
        self.assertIn("no mapping", of["unmapped"]["text"])
        self.assertEqual(len({answer["of"] for answer in answers if answer["step"] == "batch"}), BATCH)

    def check_record(self, server, name, cannot):
        patients = self.found(server, "Patient", family="Smith & Jones|Ltd^1~2\\3".replace("\\", "\\\\")
                              .replace("|", "\\|"))
        self.assertEqual(len(patients), 1)
        patient = patients[0]
        self.assertEqual(patient["name"][0]["family"], "Smith & Jones|Ltd^1~2\\3")
        self.assertEqual([one["value"] for one in patient["identifier"]], [name + "1", "9434765919"])
        self.assertEqual([one["value"] for one in patient["telecom"]], ["(020)794-6001", "(020)794-6002"])
        self.assertEqual((patient["gender"], patient["birthDate"]), ("female", "1980-01-02"))
        values = [(one["code"]["coding"][0]["code"], one["valueQuantity"]["value"], one["subject"]["reference"])
                  for one in self.found(server, "Observation", patient=patient["id"])]
        self.assertEqual(sorted(values), [("2823-3", 5.4, f"Patient/{patient['id']}"),
                                          ("2951-2", 139, f"Patient/{patient['id']}")])
        for step, number, family, given in (("utf8", 2, "Żółć", "Łukasz王"), ("latin1", 3, "Müller", "Zoë"),
                                            ("enhanced", 6, "Enhanced", "Ann")):
            people = self.found(server, "Patient", identifier=f"{name}{number}")
            self.assertEqual([(one["name"][0]["family"], one["name"][0]["given"]) for one in people],
                             [] if step in cannot else [(family, [given])])
        self.assertEqual(len(self.found(server, "Patient", family="Batch")), BATCH)
        for refused in "Strange", "Training":
            self.assertEqual(self.found(server, "Patient", family=refused), [])
        # All that came is kept once, and what nobody could map has an owner.
        kept = self.found(server, "Binary", _source=f"urn:holdfast:neighbour:{name.lower()}")
        self.assertEqual(len(kept), sum(BATCH if step == "batch" else 1 for step in STEPS
                                        if step not in cannot and step not in ("again", "stranger")))
        tasks = self.found(server, "Task", code="urn:holdfast:message-item|not-mapped")
        self.assertEqual([task["owner"]["identifier"]["value"] for task in tasks], [name.lower() + "-desk"])

    def test_hapi_sends(self):
        self.sends("HAPI", self.hapi())

    def test_hapi_sends_over_tls(self):
        self.sends("HAPI", self.hapi(), keys=Keys(self.folder))

    def test_node_hl7_client_sends_over_tls(self):
        self.sends("NODE", self.node(), cannot=("latin1",), keys=Keys(self.folder))

    def test_python_hl7_sends_over_tls(self):
        self.sends("PYTHON", self.python(), keys=Keys(self.folder))

    def test_node_hl7_client_sends(self):
        self.sends("NODE", self.node(), cannot=("latin1",))

    def test_python_hl7_sends(self):
        self.sends("PYTHON", self.python())

    # ---- they receive

    def receives(self, command, says, last_return=True, keys=None):
        """`says`: what they write of an AE and of an AR. Where they cannot read the CR behind a last segment, no
        file has one; messages of a batch always do, so these come in files of their own then.
        """
        receiver = Receiver([*command, *(keys.peer if keys else []), "receive"], self.folder)
        send = ["hl7", "send", *(keys.send if keys else [])]
        self.addCleanup(lambda: receiver.process.poll() is None and receiver.process.kill())

        def file(name, content):
            path = self.folder / name
            path.write_bytes(content if last_return else content.removesuffix(b"\r"))
            return path

        def named(number, family, charset, encoding):
            text = message(number).decode().replace("Test1^Ann", family)
            return text.replace("|2.4\r", f"|2.4||||||{charset}\r").encode(encoding)

        good = [file("a.hl7", message("A1", "ADT^A01", patient="7", rest="ZPI|1|custom\r")),
                file("u.hl7", named("U1", "Żółć^Łukasz王", "UNICODE UTF-8", "utf-8"))]
        done = run(*send, "--to", receiver.utf8, *good)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("a.hl7: AA (", done.stdout)
        self.assertIn("sent=2 accepted=2 not_accepted=0", done.stdout)
        latin1 = file("l.hl7", named("L1", "Müller^Zoë", "8859/1", "iso8859-1"))
        done = run(*send, "--to", receiver.latin1, latin1)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        many = [message(f"B{i}", patient=str(i)) for i in range(BATCH)]
        if last_return:
            files = [file("batch.hl7", b"BHS|^~\\&|LAB|QE2\r" + b"".join(many) + f"BTS|{BATCH}\r".encode())]
        else:
            files = [file(f"b{i}.hl7", one) for i, one in enumerate(many)]
        done = run(*send, "--to", receiver.utf8, *files)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn(f"sent={BATCH} accepted={BATCH} not_accepted=0", done.stdout)
        for number, code in ("E1", "AE"), ("R1", "AR"):
            bad = file(f"{code}.hl7", message(number).replace(b"|2.4\r", b"|2.5\r"))
            done = run(*send, "--to", receiver.utf8, good[0], bad, good[1])
            self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
            self.assertIn(f"{code}.hl7: {code}{says[code]} (", done.stdout)
            self.assertIn("sent=3 accepted=2 not_accepted=1", done.stdout)
        got = receiver.end()
        self.assertEqual(set(got), {"A1", "U1", "L1", "E1", "R1", *(f"B{i}" for i in range(BATCH))})
        self.assertEqual((got["A1"]["type"], got["A1"]["family"], got["A1"]["given"]), ("ADT^A01", "Test7", "Ann"))
        self.assertEqual((got["U1"]["family"], got["U1"]["given"]), ("Żółć", "Łukasz王"))
        self.assertEqual((got["L1"]["family"], got["L1"]["given"]), ("Müller", "Zoë"))
        self.assertEqual([got[f"B{i}"]["family"] for i in range(BATCH)], [f"Test{i}" for i in range(BATCH)])

    def test_hapi_receives(self):
        self.receives(self.hapi(), {"AE": ": told to fail", "AR": ": told to refuse"})

    def test_hapi_receives_over_tls(self):
        self.receives(self.hapi(), {"AE": ": told to fail", "AR": ": told to refuse"}, keys=Keys(self.folder))

    def test_node_hl7_server_receives_over_tls(self):
        self.receives(self.node(), {"AE": "", "AR": ""}, last_return=False, keys=Keys(self.folder))

    def test_python_hl7_receives_over_tls(self):
        self.receives(self.python(), {"AE": ": told to", "AR": ": told to"}, keys=Keys(self.folder))

    def test_node_hl7_server_receives(self):
        self.receives(self.node(), {"AE": "", "AR": ""}, last_return=False)

    def test_python_hl7_receives(self):
        self.receives(self.python(), {"AE": ": told to", "AR": ": told to"})


if __name__ == "__main__":
    main()
