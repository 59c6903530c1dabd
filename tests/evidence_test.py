"""evidence_test.py: the chronology of a patient and of an item, as the server gives it, checked by
`holdfast verify --evidence` with the server gone, and by a program that shares no code with it; a document with
one byte changed, an entry less, two in another order, or a proof of another entry is refused."""
import json
import os
import random
import re

import evidence_program
from harness import ServerTest, ask, main, run, wait_until
from mllp import Mllp
from receiver import Receiver

CONFIG = """
[[neighbour]]
name = "lab"
senders = ["LAB"]

[[channel]]
name = "gp"
to = "{to}"
sender = "HOLDFAST|RXH"
receiver = "GPSYS|G12"
processing = "T"
pause_ms_min = 50
pause_ms_max = 200
[[channel.route]]
type = "Patient"
"""
FLIPS = 60 if os.environ.get("HOLDFAST_SANITIZED") == "1" else 300
SYSTEM = "urn:oid:1.2.3"
NAME = "<script>alert('x')</script>"


def result(number, patient, value):
    return (f"MSH|^~\\&|LAB|QE2|HOLDFAST|QE2|20240301101500||ORU^R01|{number}|P|2.4\r"
            f"PID|1||{patient}^^^QE2^MR||Test{patient}^Ann||19800102|F\r"
            f"OBR|1||{number}|K^Potassium^L|||20240301100000||||||||||||||||||F\r"
            f"OBX|1|NM|K^Potassium^L||{value}|mmol/L|||||F\r").encode()


class Evidence(ServerTest):
    def setUp(self):
        super().setUp()
        receiver = Receiver()
        self.addCleanup(receiver.close)
        self.directory = self.init()
        config = self.folder / "holdfast.toml"
        config.write_text(CONFIG.format(to=receiver.address))
        self.server = self.serve(self.directory, "--config", config, "--mllp", "127.0.0.1:0")
        self.key = re.search(r"^verifier: (.+)$", (self.directory / "keys" / "checkpoint.pem").read_text(), re.M).group(1)
        (self.folder / "key").write_text(self.key + "\n")

    def get(self, path, **headers):
        reply = ask(self.server.connect(), "GET", path, **headers)
        self.assertEqual(reply.status, 200, reply.body)
        return reply.body

    def put(self, resource):
        path = f"/fhir/{resource['resourceType']}/{resource['id']}"
        reply = ask(self.server.connect(), "PUT", path, resource)
        self.assertLess(reply.status, 300, reply.body)

    def fill(self):
        """A patient that the laboratory names, results of both doors, one that moves away, an item: his id."""
        peer = Mllp(*self.server.mllp)
        self.sent = result(1, "77", "6.1")
        self.assertEqual(peer.ask(self.sent), ("AA", "1"))
        found = json.loads(self.get("/fhir/Patient?family=Test77"))["entry"][0]["resource"]
        patient = found["id"]
        found["name"].append({"family": NAME})
        self.put(found)
        self.put({"resourceType": "Patient", "id": "other", "name": [{"family": "Other"}]})
        self.put({"resourceType": "Appointment", "id": "visit", "status": "booked", "description": NAME,
                  "participant": [{"actor": {"reference": "Patient/" + patient}, "status": "accepted"}]})
        observation = {"resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "Sodium"},
                       "subject": {"reference": "Patient/" + patient}}
        self.put(observation)
        self.put({**observation, "subject": {"reference": "Patient/other"}})
        task = {"resourceType": "Task", "id": "t", "status": "requested", "intent": "order",
                "for": {"reference": "Patient/" + patient}, "focus": {"reference": "Observation/o"}}
        self.put(task)
        self.put({**task, "status": "accepted"})
        self.assertEqual(peer.ask(result(2, "77", "4.4")), ("AA", "2"))
        peer.close()
        self.assertEqual(ask(self.server.connect(), "DELETE", "/fhir/Task/t").status, 204)
        wait_until(lambda: self.owed() == 0)
        return patient

    def owed(self):
        queue = json.loads(self.get("/fhir/Endpoint/channel-gp/$queue"))["parameter"]
        return next(value for one in queue if one["name"] == "owed" for key, value in one.items() if key != "name")

    def verify(self, document, *flags):
        path = self.folder / "evidence.json"
        path.write_bytes(document)
        return run("verify", "--evidence", path, *(flags or ("--key", self.folder / "key")))

    def refused(self, document, why, *flags):
        done = self.verify(document, *flags)
        self.assertEqual(done.returncode, 3, (why, done.stdout, done.stderr))
        self.assertRegex(done.stderr, "verify: .", why)
        return done.stderr

    def test_it_is_checked_without_the_server_and_by_a_program_of_others(self):
        patient = self.fill()
        chronology = self.get(f"/fhir/Patient/{patient}/$chronology")
        item = self.get("/fhir/Task/t/$chronology")
        self.assertEqual(self.server.end(), 0)
        for subject, document in (f"Patient/{patient}", chronology), ("Task/t", item):
            done = self.verify(document)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertTrue(done.stdout.startswith(f"evidence={subject} entries="), done.stdout)
            self.assertEqual(done.stderr, "")
            records = evidence_program.check(document, self.key, self.folder)
            self.assertEqual(sorted(records), [entry["position"] for entry in json.loads(document)["entries"]])
        entries = json.loads(chronology)["entries"]
        messages = [entry for entry in entries if "message" in entry]
        self.assertEqual([(one["message"]["type"], one["message"]["controlId"], one["who"]) for one in messages],
                         [("ORU^R01", "1", "neighbour:lab"), ("ORU^R01", "2", "neighbour:lab")])
        records = evidence_program.check(chronology, self.key, self.folder)
        self.assertIn(self.sent, evidence_program.command_of(records[messages[0]["position"]]))
        operations = [(one["result"], one.get("resource"), one.get("version"), one.get("state"))
                      for entry in entries for one in entry.get("operations", [])]
        for wanted in (("created", "Observation/o", 1, "final"), ("updated", "Observation/o", 2, "final"),
                       ("created", "Task/t", 1, "requested"), ("updated", "Task/t", 2, "accepted"),
                       ("deleted", "Task/t", 3, None)):
            self.assertIn(wanted, operations)
        ends = [end for entry in entries for end in entry.get("settled", [])]
        owing = [(one["channel"], entry["position"], one["number"]) for entry in entries for one in entry.get("owed", [])]
        self.assertTrue(owing)
        self.assertEqual(sorted((one["channel"], one["entry"], one["number"]) for one in ends), sorted(owing))
        # Of the item: its versions and those of what it was about, no more.
        self.assertEqual({one["resource"] for entry in json.loads(item)["entries"] for one in entry["operations"]},
                         {"Task/t", "Observation/o"})
        self.assertEqual(self.summary("verify", self.directory), self.summary("rebuild", self.directory))

    def test_one_changed_byte_is_found_wherever_it_is(self):
        patient = self.fill()
        document = self.get(f"/fhir/Patient/{patient}/$chronology")
        self.assertEqual(self.verify(document).returncode, 0)
        seed = int(os.environ.get("HOLDFAST_SEED", "7"))
        draw = random.Random(seed)
        # The first character of every member's value in the head and in the first and last entries; blanks too.
        lines = document.splitlines(keepends=True)
        kept = [(0, lines[0]), (len(lines[0]), lines[1]), (len(document) - len(lines[-1]), lines[-1]),
                (len(document) - len(lines[-1]) - len(lines[-2]), lines[-2])]
        places = {start + found.end() for start, line in kept for found in re.finditer(rb'":["\[{]?', line)}
        places |= {draw.randrange(len(document)) for _ in range(FLIPS)}
        places |= {at for at, byte in enumerate(document) if byte in b"\n"}
        for at in sorted(places):
            bent = bytearray(document)
            bent[at] ^= 1 << draw.randrange(7)
            self.refused(bytes(bent), f"byte {at}, seed {seed}")
            self.refused(bytes(bent), f"byte {at}, seed {seed}, by itself", "--verifier", self.key)
        self.assertIn("no key was given", run("verify", "--evidence", self.write(document)).stderr)

    def write(self, document):
        path = self.folder / "plain.json"
        path.write_bytes(document)
        return path

    def test_a_document_that_was_put_together_otherwise_is_found(self):
        patient = self.fill()
        document = self.get(f"/fhir/Patient/{patient}/$chronology")
        lines = document.splitlines(keepends=True)
        self.assertIn("there are", self.refused(b"".join(lines[:2] + lines[3:]), "an entry dropped"))
        swapped = lines[:]
        swapped[1], swapped[2] = swapped[2], swapped[1]
        self.assertIn("out of order", self.refused(b"".join(swapped), "two entries swapped"))
        proof = re.compile(rb'"proof":\[[^\]]*\]')
        other = lines[:]
        other[1] = proof.sub(lambda _: proof.search(lines[3]).group(0), lines[1])
        position = json.loads(document)["entries"][0]["position"]
        self.assertIn(f"entry {position} (line 2): its proof does not lead to the root",
                      self.refused(b"".join(other), "the proof of another"))
        # A field that a person reads, changed by somebody who cannot sign.
        said = self.refused(document.replace(b'"who":"neighbour:lab"', b'"who":"neighbour:gp"', 1), "who")
        self.assertRegex(said, r'entry \d+ \(line \d+\): `who` reads "neighbour:gp", its record says "neighbour:lab"')
        # Of another server, with another key: only who brings the key sees it.
        other_directory = self.init("other")
        other = self.serve(other_directory)
        ask(other.connect(), "PUT", "/fhir/Patient/p", {"resourceType": "Patient", "id": "p"})
        foreign = ask(other.connect(), "GET", "/fhir/Patient/p/$chronology").body
        self.assertIn("not by the key that was given", self.refused(foreign, "another key"))
        self.assertEqual(run("verify", "--evidence", self.write(foreign)).returncode, 0)
        self.refused(b"", "nothing")
        self.refused(b"\x89PNG\r\n", "something else")

    def test_usage(self):
        for arguments in ([], ["--evidence", self.folder / "missing"], [self.directory, "--evidence", "x"],
                          ["--evidence", __file__, "--key", self.folder / "missing"],
                          ["--evidence", __file__, "--verifier", "no key"]):
            done = run("verify", *arguments)
            self.assertEqual(done.returncode, 2, (arguments, done.stderr))
        self.assertIn("--evidence patient-7.json", run("verify", "--help").stdout)

    def test_parts_hold_together_what_the_whole_holds(self):
        patient = self.fill()
        whole = json.loads(self.get(f"/fhir/Patient/{patient}/$chronology"))
        self.assertTrue(whole["complete"])
        path, positions = f"/fhir/Patient/{patient}/$chronology?_count=2", []
        before = 0
        while path:
            document = self.get(path)
            done = self.verify(document)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("this is a part", done.stderr)
            part = json.loads(document)
            self.assertEqual(part["after"], before)
            before = part["through"]
            positions += [entry["position"] for entry in part["entries"]]
            path = part["next"].removeprefix(self.server.url) if "next" in part else None
        self.assertEqual(positions, [entry["position"] for entry in whole["entries"]])

    def test_the_page_is_for_people_and_holds_no_markup_of_others(self):
        patient = self.fill()
        page = self.get(f"/fhir/Patient/{patient}/$chronology", Accept="text/html").decode()
        self.assertNotIn("<script", page)
        self.assertIn("&lt;script&gt;alert(&#39;x&#39;)", page)
        for wanted in ("neighbour:lab", "ORU^R01", "Potassium, 6.1 mmol/L", "+00:00", "state <b>", "@media print",
                       "was delivered", "reading is not recorded yet"):
            self.assertIn(wanted, page)
        self.assertIsNone(re.search(r'(src|href)=(?!"http://127\.0\.0\.1|"#)', page))
        part = self.get(f"/fhir/Patient/{patient}/$chronology?_count=1&_format=html").decode()
        self.assertIn("This is a part.", part)


if __name__ == "__main__":
    main()
