"""life_test.py: what a client may rely on over the life of a server: searches and page links that outlive
a restart, transactions, conditions in headers, repeated requests; one ready line and nothing else.
"""
import re

from harness import ServerTest, main, run
from wire import Wire


def patient(name, **more):
    return {"resourceType": "Patient", "identifier": [{"system": "urn:mrn", "value": name}],
            "name": [{"family": name}], **more}


class Life(ServerTest):
    def setUp(self):
        super().setUp()
        self.directory = self.init()
        self.start()

    def start(self):
        self.server = self.serve(self.directory)
        self.wire = Wire(self.server.host, self.server.port)
        self.addCleanup(self.wire.close)

    def stop(self):
        self.wire.close()
        self.assertEqual(self.server.end(), 0, self.server.log()[-3:])

    def ask(self, status, method, target, body=None, headers=()):
        reply = self.wire.ask(method, target, body, headers)
        self.assertEqual(reply.status, status, f"{method} {target}: {reply}")
        if status >= 400:
            reply.issues()
        return reply

    def sound(self, entries):
        """verify and rebuild agree, and a server starts from what was rebuilt. The pathways are the first entry."""
        self.stop()
        verified = self.summary("verify", self.directory)
        self.assertEqual(int(verified[0]), 1 + entries)
        self.assertEqual(self.summary("rebuild", self.directory), verified)
        self.assertEqual(self.summary("verify", self.directory), verified)
        self.start()

    def test_the_ready_line_is_all_that_stdout_says(self):
        server = self.server
        server.process.terminate()
        self.assertEqual(server.process.stdout.read(), "")  # harness.Server has read the one line
        self.assertEqual(server.process.wait(60), 0)

    def test_page_links_go_on_over_a_restart_and_show_the_moment_of_the_first(self):
        names = [f"p{number:03}" for number in range(57)]
        for name in names:
            self.ask(201, "PUT", f"/fhir/Patient/{name}", patient(name, id=name))
        pages, target = [], "/fhir/Patient?_count=10"
        while target:
            page = self.ask(200, "GET", target).json()
            pages.append([entry["resource"]["id"] for entry in page.get("entry", [])])
            target = next((link["url"] for link in page["link"] if link["relation"] == "next"), None)
            if target:
                target = re.sub(r"^http://[^/]+", "", target)
            if len(pages) == 2:  # what happens now is after the moment that these pages show
                self.ask(204, "DELETE", "/fhir/Patient/p050")
                self.ask(200, "PUT", "/fhir/Patient/p051", patient("changed", id="p051"))
                self.ask(201, "PUT", "/fhir/Patient/p100", patient("p100", id="p100"))
                self.stop()
                self.start()
            if any(entry["resource"]["id"] == "p051" for entry in page["entry"]):
                shown = next(entry["resource"] for entry in page["entry"] if entry["resource"]["id"] == "p051")
                self.assertEqual(shown["name"], [{"family": "p051"}])
        self.assertEqual(sorted(name for page in pages for name in page), names)
        self.assertEqual([len(page) for page in pages], [10, 10, 10, 10, 10, 7])
        now = self.ask(200, "GET", "/fhir/Patient?_summary=count").json()
        self.assertEqual(now["total"], "57")  # one less, one more
        self.sound(60)

    def test_a_page_link_is_taken_as_it_was_given_or_not_at_all(self):
        for number in range(4):
            self.ask(201, "PUT", f"/fhir/Patient/p{number}", patient("one", id=f"p{number}"))

        def next_of(target):
            page = self.ask(200, "GET", target).json()
            link = next(link["url"] for link in page["link"] if link["relation"] == "next")
            return re.sub(r"^http://[^/]+", "", link)

        search = next_of("/fhir/Patient?family=one&_sort=-_id&_count=2")
        history = next_of("/fhir/Patient/_history?_count=2")
        of_all = next_of("/fhir?_type=Patient&_count=2")
        links = [search, history, of_all]
        for link in links:
            self.ask(200, "GET", link)
        path, sealed = search.split("_page=")
        forged = {path + "_page=" + sealed[:at] + other + sealed[at + 1:]
                  for at in range(len(sealed)) for other in "Ab7" if sealed[at] != other}
        forged |= {path + "_page=" + sealed[:length] for length in range(len(sealed))}
        forged |= {search + more for more in ("A", "==", "%00", "&_count=100", "&gender=male", "&_sort=_id")}
        forged |= {path + f"_page={sealed}&_page={sealed}", path + "_page=" + "A" * 4000}
        # A link is for the address that it was given for.
        forged |= {f"/fhir/{place}?_page={sealed}" for place in ("Observation", "Patient/p1/Observation", "Patient/_history")}
        forged |= {f"/fhir/Patient?_page={link.split('_page=')[1]}" for link in (history, of_all)}
        taken = [target for target in sorted(forged) if self.wire.ask("GET", target).status != 400]
        self.assertEqual(taken, [])
        # Nor is one of another server.
        other = self.serve(self.init("other"))
        with Wire(other.host, other.port) as wire:
            for number in range(4):
                wire.ask("PUT", f"/fhir/Patient/p{number}", patient("one", id=f"p{number}"))
            for link in links:
                reply = wire.ask("GET", link)
                self.assertEqual(reply.status, 400, link)
                reply.issues()
        for link in links:
            self.ask(200, "GET", link)

    def test_searches_find_what_was_written_and_nothing_else(self):
        self.ask(201, "PUT", "/fhir/Patient/a", patient("one", id="a"))
        self.ask(201, "PUT", "/fhir/Patient/b", patient("two", id="b"))
        self.ask(201, "PUT", "/fhir/Observation/o", {
            "resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "x"},
            "subject": {"reference": "Patient/a"}})

        def found(target):
            bundle = self.ask(200, "GET", target).json()
            return sorted(entry["resource"]["id"] for entry in bundle.get("entry", []))

        wanted = {"/fhir/Patient": ["a", "b"], "/fhir/Patient?_id=a": ["a"], "/fhir/Patient?_id=a,b": ["a", "b"],
                  "/fhir/Patient?_id=nobody": [], "/fhir/Patient?identifier=urn:mrn|two": ["b"],
                  "/fhir/Patient?identifier=two": ["b"], "/fhir/Patient?identifier=urn:other|two": [],
                  "/fhir/Patient?_lastUpdated=gt2020": ["a", "b"], "/fhir/Patient?_lastUpdated=lt2020": [],
                  "/fhir/Patient/a/Observation": ["o"], "/fhir/Patient/b/Observation": [],
                  "/fhir/Patient?_id=a&identifier=urn:mrn|two": []}
        for _ in range(2):
            for target, ids in wanted.items():
                self.assertEqual(found(target.replace("|", "%7C")), ids, target)
            self.sound(3)
        self.ask(204, "DELETE", "/fhir/Observation/o")
        self.assertEqual(found("/fhir/Patient/a/Observation"), [])

    def test_a_transaction_happens_as_a_whole_or_not_at_all(self):
        organization = {"resourceType": "Organization", "identifier": [{"system": "urn:o", "value": "1"}]}
        entries = [
            {"fullUrl": "urn:uuid:7d0a3ccd-0000-4000-8000-000000000001", "resource": patient(
                "t", managingOrganization={"reference": "urn:uuid:7d0a3ccd-0000-4000-8000-000000000002"}),
             "request": {"method": "POST", "url": "Patient"}},
            {"fullUrl": "urn:uuid:7d0a3ccd-0000-4000-8000-000000000002", "resource": organization,
             "request": {"method": "POST", "url": "Organization", "ifNoneExist": "identifier=urn:o|1"}}]
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        first = self.ask(200, "POST", "/fhir", bundle).json()["entry"]
        self.assertEqual([entry["response"]["status"][:3] for entry in first], ["201", "201"])
        places = [entry["response"]["location"].split("/_history")[0] for entry in first]
        stored = self.ask(200, "GET", "/fhir/" + places[0]).json()
        self.assertEqual(stored["managingOrganization"]["reference"], places[1])
        # Again: the organisation is matched, the patient is another one.
        second = self.ask(200, "POST", "/fhir", bundle).json()["entry"]
        self.assertEqual([entry["response"]["status"][:3] for entry in second], ["201", "200"])
        self.assertEqual(second[1]["response"]["location"].split("/_history")[0], places[1])
        # One entry that must fail: nothing of it is there.
        bad = {**bundle, "entry": [*entries, {"resource": patient("x", id="none"), "request": {
            "method": "PUT", "url": "Patient/none", "ifMatch": 'W/"3"'}}]}
        self.ask(412, "POST", "/fhir", bad)
        self.assertEqual(self.ask(200, "GET", "/fhir/Patient?_summary=count").json()["total"], "2")
        # In a batch each stands for itself.
        batch = self.ask(200, "POST", "/fhir", {**bad, "type": "batch", "entry": bad["entry"][1:]}).json()["entry"]
        self.assertEqual([entry["response"]["status"][:3] for entry in batch], ["200", "412"])
        self.sound(2)

    def test_conditions_in_headers_decide(self):
        made = self.ask(201, "PUT", "/fhir/Patient/a", patient("a", id="a"))
        self.assertEqual(made.headers["etag"], 'W/"1"')
        self.assertEqual(made.headers["location"], f"{self.server.url}/fhir/Patient/a/_history/1")
        self.ask(412, "PUT", "/fhir/Patient/a", patient("b", id="a"), {"If-Match": 'W/"2"'})
        self.ask(412, "PUT", "/fhir/Patient/nobody", patient("b", id="nobody"), {"If-Match": 'W/"1"'})
        self.assertEqual(self.ask(200, "PUT", "/fhir/Patient/a", patient("b", id="a"),
                                  {"If-Match": 'W/"1"'}).headers["etag"], 'W/"2"')
        read = self.ask(200, "GET", "/fhir/Patient/a")
        self.assertEqual(self.ask(304, "GET", "/fhir/Patient/a", None, {"If-None-Match": 'W/"2"'}).body, b"")
        self.ask(200, "GET", "/fhir/Patient/a", None, {"If-None-Match": 'W/"1"'})
        self.ask(304, "GET", "/fhir/Patient/a", None, {"If-Modified-Since": read.headers["last-modified"]})
        self.ask(412, "DELETE", "/fhir/Patient/a", None, {"If-Match": 'W/"1"'})
        exists = {"If-None-Exist": "identifier=urn:mrn|new"}
        self.ask(201, "POST", "/fhir/Patient", patient("new"), exists)
        self.ask(200, "POST", "/fhir/Patient", patient("new"), exists)
        self.ask(201, "POST", "/fhir/Patient", patient("new"))
        self.ask(412, "POST", "/fhir/Patient", patient("new"), exists)  # two of them now
        self.ask(204, "DELETE", "/fhir/Patient/a", None, {"If-Match": 'W/"2"'})
        self.ask(410, "GET", "/fhir/Patient/a")
        self.sound(5)
        self.ask(410, "GET", "/fhir/Patient/a")
        history = self.ask(200, "GET", "/fhir/Patient/a/_history").json()
        self.assertEqual([entry["request"]["method"] for entry in history["entry"]], ["DELETE", "PUT", "PUT"])
        self.assertEqual(self.ask(200, "GET", "/fhir/Patient/a/_history/1").json()["name"], [{"family": "a"}])

    def test_a_request_under_a_key_is_done_once_whenever_it_is_repeated(self):
        key = {"Idempotency-Key": "order-1"}
        first = self.ask(201, "POST", "/fhir/Patient", patient("a"), key)
        for _ in range(2):
            again = self.ask(201, "POST", "/fhir/Patient", patient("a"), key)
            self.assertEqual((again.headers["location"].split("/fhir/")[1], again.body),
                             (first.headers["location"].split("/fhir/")[1], first.body))
            self.ask(422, "POST", "/fhir/Patient", patient("b"), key)
            self.sound(1)

    def test_exit_codes(self):
        self.stop()
        sound = self.summary("verify", self.directory)
        self.assertEqual(run("verify", self.directory).returncode, 0)
        self.assertEqual(run("init", self.directory).returncode, 1)
        self.assertEqual(run("verify").returncode, 2)
        self.assertEqual(run("serve", "--data", self.directory, "--http", "192.0.2.1:80").returncode, 2)
        segment = min((self.directory / "segments").glob("*.seg"))
        raw = segment.read_bytes()
        segment.write_bytes(bytes([raw[0] ^ 1]) + raw[1:])
        self.assertEqual(run("verify", self.directory).returncode, 3)
        segment.write_bytes(raw)
        self.assertEqual(self.summary("verify", self.directory), sound)


if __name__ == "__main__":
    main()
