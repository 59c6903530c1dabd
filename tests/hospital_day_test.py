"""hospital_day_test.py: a hospital's day against a real server ends as it must, by FHIR and by HL7 v2,
over kills and interruptions, and what is not as it must be is named."""
import json
import re
import signal
import subprocess
import time

import harness

CONFIG = """
[[neighbour]]
name = "simulated"
senders = ["SIMHOSPITAL"]
addresses = ["127.0.0.1"]
"""
RIGHT = "All is as it must be"


class HospitalDay(harness.ServerTest):
    def start(self, directory=None, http="127.0.0.1:0", mllp="127.0.0.1:0", config=CONFIG):
        path = self.folder / "holdfast.toml"
        path.write_text(config)
        return self.serve(directory or self.init(), "--config", path, "--http", http, "--mllp", mllp)

    def arguments(self, server, seed=7, events=600, **more):
        host, port = server.mllp
        return ["simulate-hospital", "--server", server.url, "--mllp", f"{host}:{port}", "--seed", str(seed),
                "--events", str(events), *[text for name, value in more.items() for text in (f"--{name}", str(value))]]

    def run_day(self, server, **options):
        return harness.run(*self.arguments(server, **options))

    def begin(self, server, **options):
        """The day in the background, and the file that it tells what happens."""
        said = open(self.folder / "day.out", "w")
        self.addCleanup(said.close)
        process = subprocess.Popen([harness.BINARY, *self.arguments(server, **options), "--tell"], stdout=said,
                                   stderr=subprocess.STDOUT)
        self.addCleanup(lambda: process.poll() is None and process.kill())
        return process

    def told(self):
        return (self.folder / "day.out").read_text()

    def search(self, server, target):
        reply = harness.ask(server.connect(), "GET", target)
        self.assertEqual(reply.status, 200, reply.body)
        return [entry["resource"] for entry in json.loads(reply.body).get("entry", [])]

    def item_in(self, server, pathway, state):
        return next(task for task in self.search(server, f"/fhir/Task?code=urn:holdfast:pathway%7C{pathway}&_count=500")
                    if task["businessStatus"]["coding"][0]["code"] == state)

    def number_of(self, server, task):
        focus = json.loads(harness.ask(server.connect(), "GET", "/fhir/" + task["focus"]["reference"]).body)
        return next(one["value"] for one in focus["identifier"] if one["value"].startswith("D7-"))

    def test_a_day_ends_as_it_must_and_happens_once(self):
        server = self.start()
        first = self.run_day(server)
        self.assertEqual(first.returncode, 0, first.stdout + first.stderr)
        self.assertIn(RIGHT, first.stdout)
        for kind in ("admission", "referral", "laboratory order", "final result", "set of observations", "letter signed"):
            by_fhir, by_v2 = map(int, re.search(rf"^  {kind} +(\d+) +(\d+)$", first.stdout, re.M).groups())
            self.assertGreater(by_fhir, 0, kind)
            self.assertGreater(by_v2, 0, kind)
        for pathway in "observations", "deterioration":
            still_open, closed = map(int, re.search(rf"^  {pathway} +(\d+) +(\d+)$", first.stdout, re.M).groups())
            self.assertGreater(still_open, 0, pathway)
            self.assertGreater(closed, 0, pathway)
        items = len(self.search(server, "/fhir/Task?_count=1000"))
        again = self.run_day(server)
        self.assertEqual(again.returncode, 0, again.stdout + again.stderr)
        self.assertIn("600 of 600 events: what has happened is not told twice", again.stdout)
        self.assertEqual(len(self.search(server, "/fhir/Task?_count=1000")), items)
        other = self.run_day(server, events=300)
        self.assertEqual(other.returncode, 2)
        self.assertIn("was begun there with other options", other.stderr)
        for seed in 8, 9:  # beside it
            beside = self.run_day(server, seed=seed)
            self.assertEqual(beside.returncode, 0, beside.stdout + beside.stderr)

    def test_a_day_without_messages(self):
        server = self.start()
        done = harness.run("simulate-hospital", "--server", server.url, "--seed", 7)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("no --mllp: everything goes as FHIR", done.stdout)
        self.assertIn(RIGHT, done.stdout)

    def test_what_was_changed_behind_its_back_is_named(self):
        server = self.start()
        self.assertEqual(self.run_day(server).returncode, 0)
        read = self.item_in(server, "diagnostic-order", "result")
        moved = self.item_in(server, "letter", "no-draft")
        link = server.connect()
        reply = harness.ask(link, "POST", f"/fhir/Task/{read['id']}/$advance", {
            "resourceType": "Parameters",
            "parameter": [{"name": "act", "valueString": "acknowledge"},
                          {"name": "output", "part": [{"name": "type", "valueString": "action"},
                                                      {"name": "value", "valueString": "none"}]}]})
        self.assertEqual(reply.status, 200, reply.body)
        reply = harness.ask(link, "POST", f"/fhir/Task/{moved['id']}/$assign?owner=team:referrals")
        self.assertEqual(reply.status, 200, reply.body)
        reply = harness.ask(link, "PUT", "/fhir/ServiceRequest/stray", {
            "resourceType": "ServiceRequest", "id": "stray", "status": "active", "intent": "order",
            "subject": moved["for"]})
        self.assertEqual(reply.status, 201, reply.body)
        done = self.run_day(server)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertNotIn(RIGHT, done.stdout)
        self.assertIn("\n3 differences:\n", done.stdout)
        said = done.stdout[done.stdout.index("3 differences"):]
        self.assertRegex(said, rf"\({self.number_of(server, read)}, diagnostic-order\): expected open in 'result' with "
                               rf".*, found closed as 'acknowledged' \(Task/{read['id']}\)")
        self.assertRegex(said, rf"\({self.number_of(server, moved)}, letter\): expected open in 'no-draft' with "
                               rf"team:letters, found open in 'no-draft' with team:referrals")
        self.assertRegex(said, r"unclassified of patient D7-P\d+ \(no number\): expected nothing, found open")

    def test_a_set_of_observations_that_nobody_expected_is_named(self):
        server = self.start()
        self.assertEqual(self.run_day(server).returncode, 0)
        task = self.adult_who_is_watched(server)
        number = self.number_of(server, task)

        def part(code, value, unit):
            return {"code": {"coding": [{"system": "http://loinc.org", "code": code}]},
                    "valueQuantity": {"value": value, "system": "http://unitsofmeasure.org", "code": unit}}
        awake = {"coding": [{"system": "http://snomed.info/sct", "code": "248234008"}]}
        reply = harness.ask(server.connect(), "PUT", "/fhir/Observation/stray", {
            "resourceType": "Observation", "id": "stray", "status": "final", "code": {"text": "Observations"},
            "subject": task["for"], "encounter": task["focus"],
            "component": [part("9279-1", 26, "/min"), part("59408-5", 90, "%"), part("3150-6", 21, "%"),
                          part("8480-6", 120, "mm[Hg]"), part("8867-4", 115, "/min"), part("8310-5", 37, "Cel"),
                          {"code": {"coding": [{"system": "http://loinc.org", "code": "80288-4"}]},
                           "valueCodeableConcept": awake}]})
        self.assertEqual(reply.status, 201, reply.body)
        done = self.run_day(server)
        self.assertEqual(done.returncode, 1, done.stdout)
        said = done.stdout[done.stdout.index("2 differences"):]
        self.assertRegex(said, rf"\({number}, observations\): expected open in 'watched' .*, stat instead of routine\n")
        self.assertRegex(said, rf"deterioration of patient D7-P\d+ \({number}\): expected nothing, found open in "
                               rf"'to-assess' with team:outreach")

    def adult_who_is_watched(self, server):
        items = self.search(server, "/fhir/Task?code=urn:holdfast:pathway%7Cobservations,urn:holdfast:pathway%7C"
                                    "deterioration&status=requested,in-progress,completed&_count=500")
        called = {one["focus"]["reference"] for one in items if one["code"]["coding"][0]["code"] == "deterioration"}
        for one in items:
            patient = json.loads(harness.ask(server.connect(), "GET", "/fhir/" + one["for"]["reference"]).body)
            if (one["businessStatus"]["coding"][0]["code"] == "watched" and one["priority"] == "routine"
                    and patient["birthDate"] < "2009" and one["focus"]["reference"] not in called):
                return one
        self.fail("nobody is watched")

    def test_a_server_that_is_killed_in_it_loses_nothing(self):
        directory = self.init()
        server = self.start(directory)
        http, mllp = f"{server.host}:{server.port}", "%s:%s" % server.mllp
        day = self.begin(server, rate=150)
        for events in 80, 250, 420:
            harness.wait_until(lambda: self.told().count("\n") > events, 60)
            server.kill()
            time.sleep(0.3)
            server = self.start(directory, http, mllp)
        self.assertEqual(day.wait(240), 0, self.told()[-2000:])
        self.assertIn(RIGHT, self.told())
        self.assertEqual(server.end(), 0)
        self.summary("verify", directory)

    def test_an_interrupted_day_goes_on_where_it_was(self):
        server = self.start()
        day = self.begin(server, rate=100)
        harness.wait_until(lambda: self.told().count("\n") > 100, 60)
        day.send_signal(signal.SIGINT)
        self.assertEqual(day.wait(30), 1)
        self.assertRegex(self.told(), r"stopped after \d+ of 600 events; the same command goes on from there\n$")
        done = self.run_day(server)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn(RIGHT, done.stdout)

    def test_who_cannot_be_reached_or_does_not_know_us_is_named(self):
        server = self.start(config="")
        unknown = self.run_day(server)
        self.assertEqual(unknown.returncode, 1)
        self.assertIn('its configuration needs a [[neighbour]] with senders = ["SIMHOSPITAL"]', unknown.stderr)
        gone = self.arguments(server)
        server.end()
        done = harness.run(*gone)
        self.assertEqual(done.returncode, 1)
        self.assertIn("the server does not answer", done.stderr)
        for away in (["--server", "http://192.0.2.1:8080"],
                     ["--server", server.url, "--mllp", "192.0.2.1:2575"]):
            done = harness.run("simulate-hospital", *away)
            self.assertEqual(done.returncode, 2)
            self.assertIn("is another machine", done.stderr)


if __name__ == "__main__":
    harness.main()
