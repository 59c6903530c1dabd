"""reconcile_test.py: a neighbour's list against a real server, by `holdfast reconcile`: each difference is one item,
however often the list comes, also after a kill and from several at once; a dry run writes nothing."""
import base64
import concurrent.futures
import json
import re

import harness
from harness import ask
from mllp import Mllp, message

SYSTEM = "https://county.example/referral"
NHS = "https://fhir.nhs.uk/Id/nhs-number"
REFERRAL = [{"coding": [{"system": "http://snomed.info/sct", "code": "3457005"}]}]


def referral(number, patient="p1", **more):
    return {"resourceType": "ServiceRequest", "id": f"r-{number}", "status": "active", "intent": "order",
            "identifier": [{"system": SYSTEM, "value": number}], "category": REFERRAL,
            "subject": {"reference": f"Patient/{patient}"}, **more}


class Reconcile(harness.ServerTest):
    def start(self, data):
        self.server = self.serve(data)
        self.connection = self.server.connect()

    def setUp(self):
        super().setUp()
        self.data = self.init()
        self.start(self.data)
        for patient, number in ("p1", "9434765919"), ("p2", "9876543210"):
            self.put({"resourceType": "Patient", "id": patient, "identifier": [{"system": NHS, "value": number}]})
        for number in "A1", "A2", "A3":
            self.put(referral(number))

    def put(self, resource):
        reply = ask(self.connection, "PUT", f"/fhir/{resource['resourceType']}/{resource['id']}", resource)
        self.assertIn(reply.status, (200, 201), reply.body)

    def file(self, text, name="list.csv"):
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def reconcile(self, path, *flags, source="county"):
        done = harness.run("reconcile", path, "--server", self.server.url, "--source", source,
                           "--identifier-system", SYSTEM, *flags)
        counts = dict(re.findall(r"([a-z-]+)=(\d+)", done.stdout.splitlines()[-1])) if done.stdout else {}
        return done, counts

    def items(self):
        reply = ask(self.connection, "GET", "/fhir/Task?code=urn:holdfast:pathway%7Creconciliation&_count=500")
        return {entry["resource"]["id"]: entry["resource"] for entry in reply.json().get("entry", [])}

    def position(self):
        return ask(self.connection, "GET", "/fhir/metadata").headers["Holdfast-Position"]

    def test_each_difference_is_one_item_however_often(self):
        path = self.file("identifier,nhs_number,state\r\n"
                         "A1,9434765919,active\r\n"      # the same
                         "A2,9434765919,discharged\r\n"  # another state
                         "B1,9876543210,active\r\n"      # missing here
                         "A3,9876543210,active\r\n"      # another patient's
                         "B1,9876543210,active\r\n"      # twice
                         "B2,9434765919,Lost in post\r\n")
        before = self.position()
        done, counts = self.reconcile(path, "--kind", "referral", "--dry-run")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual((counts["different"], counts["new"]), ("4", "4"), done.stdout)
        self.assertEqual(self.position(), before, "a dry run writes nothing")
        self.assertEqual(self.items(), {})

        self.put(referral("A4"))
        done, counts = self.reconcile(path, "--kind", "referral")
        self.assertEqual(done.returncode, 1)
        self.assertEqual([counts[name] for name in ("missing-here", "missing-there", "state-differs",
                                                    "identity-conflict", "new", "known")],
                         ["2", "1", "1", "1", "5", "0"], done.stdout)
        self.assertIn("1 named more than once: B1 (line 4, line 6)", done.stdout)
        self.assertIn("Lost in post", done.stdout)
        items = self.items()
        self.assertEqual(len(items), 5)
        self.assertEqual({item["for"]["reference"] for item in items.values()}, {"Patient/p1", "Patient/p2"})
        owners = sorted(item["owner"]["identifier"]["value"] for item in items.values())
        self.assertEqual(owners, ["patient-identity"] + ["reconciliation"] * 4)

        before = self.position()
        done, counts = self.reconcile(path, "--kind", "referral")
        self.assertEqual((done.returncode, counts["new"], counts["known"]), (1, "0", "5"))
        self.server.kill()
        self.start(self.data)
        done, counts = self.reconcile(path, "--kind", "referral")
        self.assertEqual((done.returncode, counts["new"], counts["known"]), (1, "0", "5"))
        self.assertEqual(self.items(), items)
        self.assertEqual(self.position(), before, "what is known is not written again")

        # Put right: each is said to be gone, and stays open until somebody confirms it.
        for number in "B1", "B2":
            self.put(referral(number, "p2" if number == "B1" else "p1"))
        path = self.file("identifier,nhs_number,state\n" + "".join(
            f"{number},{nhs},active\n" for number, nhs in
            [("A1", "9434765919"), ("A2", "9434765919"), ("A3", "9434765919"), ("A4", "9434765919"),
             ("B1", "9876543210"), ("B2", "9434765919")]))
        done, counts = self.reconcile(path, "--kind", "referral")
        self.assertEqual((done.returncode, counts["different"], counts["gone"]), (0, "0", "5"), done.stdout)
        states = {item["businessStatus"]["coding"][0]["code"] for item in self.items().values()}
        self.assertEqual(states, {"gone", "identity-gone"})
        self.assertNotIn("completed", {item["status"] for item in self.items().values()})

        self.assertEqual(self.server.end(), 0)
        verified = self.summary("verify", self.data)
        self.assertEqual(self.summary("rebuild", self.data), verified)

    def test_at_the_same_time_opens_each_once(self):
        csv = "identifier,state\n" + "".join(f"N{i},active\n" for i in range(200))
        body = json.dumps({"resourceType": "Parameters", "parameter": [
            {"name": "source", "valueString": "county"},
            {"name": "list", "resource": {"resourceType": "Binary", "contentType": "text/csv",
                                          "data": base64.b64encode(csv.encode()).decode()}}]})

        def once(_):
            return ask(self.server.connect(), "POST", "/fhir/$reconcile", body)

        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            replies = list(pool.map(once, range(6)))
        self.assertEqual({reply.status for reply in replies}, {200}, [reply.body[:300] for reply in replies])
        self.assertEqual(len(self.items()), 200)
        new = [parameter["valueUnsignedInt"][1] for reply in replies for parameter in reply.json()["parameter"]
               if parameter["name"] == "new"]
        self.assertEqual(sorted(new), ["0"] * 5 + ["200"])

    def test_a_batch_is_held_against_what_came(self):
        data = self.init("exchange")
        config = self.folder / "holdfast.toml"
        config.write_text('[[neighbour]]\nname = "lab"\nsenders = ["LAB"]\nzone = "Europe/London"\nowner = "results"\n')
        self.server = self.serve(data, "--config", config, "--mllp", "127.0.0.1:0")
        self.connection = self.server.connect()
        sent = [message(number, "ADT^A08", patient="77") for number in ("M1", "M2", "M3")]
        peer = Mllp(*self.server.mllp)
        self.assertEqual(peer.ask(sent[0])[0], "AA")
        self.assertEqual(peer.ask(sent[2])[0], "AA")
        peer.close()
        batch = b"BHS|^~\\&|LAB|QE2|||||||B7\r" + b"".join(sent) + b"BTS|%d\r"
        path = self.file((batch % 4).replace(b"\r", b"\n"), "batch.hl7")
        done, counts = self.reconcile(path, source="lab")
        self.assertEqual((done.returncode, counts["same"], counts["missing-here"], counts["count-differs"]),
                         (1, "2", "1", "1"), done.stdout)
        self.assertIn("BTS-1 counts 4 messages, there are 3", done.stdout)
        self.assertEqual(len(self.items()), 2)
        peer = Mllp(*self.server.mllp)
        self.assertEqual(peer.ask(sent[1])[0], "AA")
        peer.close()
        done, counts = self.reconcile(self.file(batch % 3), source="lab")
        self.assertEqual((done.returncode, counts["same"], counts["gone"]), (0, "3", "2"), done.stdout)

    def test_a_work_list_of_e_rs_is_compared_by_its_numbers(self):
        ubrn = [{"system": "https://fhir.nhs.uk/Id/UBRN", "value": "000049973321"}]
        self.put({**referral("A9"), "identifier": ubrn})
        path = self.file(json.dumps({"resourceType": "List", "status": "current", "mode": "snapshot", "entry": [
            {"item": {"reference": f"ReferralRequest/{number}"}} for number in ("000049973321", "000049973322")]}))
        done, counts = self.reconcile(path, source="e-RS")
        self.assertEqual((done.returncode, counts["same"], counts["missing-here"]), (1, "1", "1"), done.stdout)
        self.assertIn("000049973322", done.stdout)

    def test_what_cannot_be_a_list_is_refused_and_writes_nothing(self):
        before = self.position()
        for text, why in ((b"identifier,state\nA1,active\nA2", "line 3"),
                          (b"identifier,state\nA1,\xe9\n", "UTF-8"),
                          (b"number,state\nA1,active\n", "no column `identifier`"),
                          (b"", "empty"),
                          (b'{"resourceType":"Patient"}', "a list is a Bundle"),
                          (b"identifier\n" + b"".join(b"N%d\n" % i for i in range(100_001)), "100000 lines")):
            done, _ = self.reconcile(self.file(text))
            self.assertEqual(done.returncode, 1, done.stdout)
            self.assertIn(why, done.stderr)
        self.assertEqual(harness.run("reconcile", "x.csv").returncode, 2)
        self.assertEqual(harness.run("reconcile", self.folder / "none.csv", "--server", self.server.url,
                                     "--source", "x").returncode, 2)
        self.assertEqual(self.position(), before)

    def test_the_most_lines_are_compared_in_bounded_memory(self):
        text = "identifier,state\n" + "A1,active\n" + "".join(f"N{i},active\n" for i in range(99_999))
        before = self.position()
        done, counts = self.reconcile(self.file(text), "--dry-run")
        self.assertEqual((done.returncode, counts["compared"], counts["missing-here"]), (1, "100000", "99999"))
        self.assertEqual(counts["left-out"], "94999")
        done, _ = self.reconcile(self.file(text))
        self.assertEqual(done.returncode, 1)
        self.assertIn("99999 differences would be written", done.stderr)
        self.assertEqual(self.position(), before)
        if not int(harness.os.environ.get("HOLDFAST_SANITIZED", "0")):
            self.assertLess(self.server.memory()[1], 512 << 20)


if __name__ == "__main__":
    harness.main()
