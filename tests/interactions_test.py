"""interactions_test.py: histories whose pages outlive a kill and a rebuild, conditional updates and patches
that many send at once, operations on meta, parts of resources, over the real server.
"""
import base64
import json
import random
import threading

from harness import ServerTest, main
from wire import Wire

JSON_PATCH = {"Content-Type": "application/json-patch+json"}


def patient(name, **more):
    return {"resourceType": "Patient", "identifier": [{"system": "urn:mrn", "value": name}],
            "name": [{"family": name}], **more}


def tag(code):
    return {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": {"tag": [{"code": code}]}}]}


class Interactions(ServerTest):
    def setUp(self):
        super().setUp()
        self.directory = self.init()
        self.start()

    def start(self, *flags):
        self.server = self.serve(self.directory, *flags)
        self.wire = Wire(self.server.host, self.server.port)
        self.addCleanup(self.wire.close)

    def ask(self, status, method, target, body=None, headers=()):
        reply = self.wire.ask(method, target, body, headers)
        self.assertEqual(reply.status, status, f"{method} {target}: {reply}")
        if status >= 400:
            reply.issues()
        return reply

    def stop(self):
        self.wire.close()
        self.assertEqual(self.server.end(), 0, self.server.log()[-3:])

    def at_once(self, count, act):
        """`act(wire, number)` on as many connections at the same time."""
        failures, start = [], threading.Barrier(count)

        def work(number):
            try:
                with Wire(self.server.host, self.server.port) as wire:
                    start.wait()
                    act(wire, number)
            except Exception as failure:  # said below, in the thread that can fail the test
                failures.append(f"{number}: {failure!r}")
        threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])

    def page(self, target):
        """The versions on one page of a history, and the path of the next."""
        bundle = self.ask(200, "GET", target).json()
        found = []
        for entry in bundle.get("entry", []):
            name = entry["fullUrl"].split("/fhir/")[1]
            if entry["request"]["method"] == "DELETE":
                self.assertNotIn("resource", entry)
            else:
                resource = entry["resource"]
                self.assertEqual(name, f'{resource["resourceType"]}/{resource["id"]}')
                self.assertEqual(f'W/"{resource["meta"]["versionId"]}"', entry["response"]["etag"])
            found.append((name, entry["response"]["etag"], entry["request"]["method"]))
        following = [link["url"] for link in bundle["link"] if link["relation"] == "next"]
        return found, following[0].split(self.server.url)[-1] if following else None

    def write_at_random(self, dice, count, made, expected):
        """Puts, patches and deletes; `expected` grows by one (name, etag, method) a version."""
        for _ in range(count):
            kind, name = dice.choice(["Patient", "Organization"]), f"r{dice.randrange(6)}"
            path = f"{kind}/{name}"
            version = made.get(path, (0, False))[0] + 1
            there = made.get(path, (0, False))[1]
            roll = dice.random()
            if there and roll < 0.2:
                self.ask(204, "DELETE", "/fhir/" + path)
                method = "DELETE"
            elif there and roll < 0.5:
                patch = [{"op": "add", "path": "/active", "value": version % 2 == 0}]
                self.ask(200, "PATCH", "/fhir/" + path, json.dumps(patch), JSON_PATCH)
                method = "PATCH"
            else:
                self.ask(200 if there else 201, "PUT", "/fhir/" + path, {"resourceType": kind, "id": name})
                method = "PUT"
            made[path] = (version, method != "DELETE")
            expected.append((path, f'W/"{version}"', method))

    def test_histories_show_their_first_moment_over_kills_and_a_rebuild(self):
        dice, made, expected = random.Random(7), {}, []
        self.write_at_random(dice, 120, made, expected)
        name = "Patient/" + next(path.split("/")[1] for path in made if path.startswith("Patient/"))
        wanted = {"": list(expected), "Patient/": [v for v in expected if v[0].startswith("Patient/")],
                  name + "/": [v for v in expected if v[0] == name]}
        found = {scope: [] for scope in wanted}
        following = {scope: f"/fhir/{scope}_history?_count=7" for scope in wanted}
        turn = 0
        while any(following.values()):
            for scope, target in following.items():
                if target:
                    versions, following[scope] = self.page(target)
                    found[scope] += versions
            self.write_at_random(dice, 5, made, expected)
            turn += 1
            if turn == 2:
                self.wire.close()
                self.server.kill()
                self.start()
            elif turn == 4:
                self.stop()
                verified = self.summary("verify", self.directory)
                self.assertEqual(self.summary("rebuild", self.directory), verified)
                self.assertEqual(self.summary("verify", self.directory), verified)
                self.start()
        self.assertGreater(turn, 4, "pages were read after the rebuild")
        for scope, versions in wanted.items():
            self.assertEqual(found[scope], versions[::-1], scope)
        all_of_it, following = self.page("/fhir/_history?_count=500")
        self.assertIsNone(following)
        self.assertEqual(all_of_it, expected[::-1])

    def test_since_and_at_find_what_the_times_of_the_versions_say(self):
        for number in range(5):
            self.ask(201 if number == 0 else 200, "PUT", "/fhir/Patient/a", patient("a", id="a", active=number % 2 == 0))
        entries = self.ask(200, "GET", "/fhir/Patient/a/_history").json()["entry"]
        times = [entry["response"]["lastModified"] for entry in entries]
        for number, time in enumerate(times):
            since = self.ask(200, "GET", f"/fhir/Patient/_history?_since={time}").json()
            self.assertEqual(int(since["total"]), sum(other >= time for other in times))
            at = self.ask(200, "GET", f"/fhir/Patient/a/_history?_at={time}").json()["entry"]
            self.assertEqual(at[0]["response"]["etag"], entries[times.index(time)]["response"]["etag"])
            self.assertTrue(all(entry["response"]["lastModified"] == time for entry in at))
        self.ask(400, "GET", "/fhir/_history?_since=soon")

    def test_of_many_conditional_updates_at_once_one_creates(self):
        statuses = []

        def act(wire, number):
            for turn in range(10):
                reply = wire.ask("PUT", f"/fhir/Patient?identifier=urn:mrn%7Cm{turn}", patient(f"m{turn}"))
                statuses.append((turn, reply.status))
        self.at_once(8, act)
        for turn in range(10):
            self.assertEqual(sorted(status for at, status in statuses if at == turn), [200] * 7 + [201])
        self.assertEqual(self.ask(200, "GET", "/fhir/Patient?_summary=count").json()["total"], "10")
        self.ask(204, "DELETE", "/fhir/Patient?identifier=urn:mrn%7Cm3")
        self.ask(204, "DELETE", "/fhir/Patient?identifier=urn:mrn%7Cm3")
        self.assertEqual(self.ask(200, "GET", "/fhir/Patient?_summary=count").json()["total"], "9")
        self.ask(400, "DELETE", "/fhir/Patient")
        self.ask(400, "DELETE", "/fhir/Patient?identifer=m4", None, {"Prefer": "handling=lenient"})

    def test_a_conditional_delete_removes_as_many_as_the_operator_allows(self):
        for name in "abc":
            self.ask(201, "PUT", f"/fhir/Patient/{name}", patient("same", id=name))
        self.ask(412, "DELETE", "/fhir/Patient?identifier=urn:mrn%7Csame")
        self.stop()
        self.start("--conditional-delete-max", "3")
        self.ask(204, "DELETE", "/fhir/Patient?identifier=urn:mrn%7Csame")
        history = self.ask(200, "GET", "/fhir/Patient/_history").json()
        self.assertEqual(sum(entry["request"]["method"] == "DELETE" for entry in history["entry"]), 3)
        self.stop()
        verified = self.summary("verify", self.directory)
        self.assertEqual(int(verified[0]), 1 + 4, "the pathways, three creates, and one entry for all three")
        self.assertEqual(self.summary("rebuild", self.directory), verified)

    def test_of_many_patches_at_once_none_is_lost(self):
        self.ask(201, "PUT", "/fhir/Patient/a", patient("a", id="a"))

        def act(wire, number):
            for turn in range(10):
                patch = [{"op": "add", "path": "/name/-", "value": {"given": [f"{number}-{turn}"]}}]
                key = {"Idempotency-Key": f"patch-{number}-{turn}"}
                for _ in range(2):  # a repeated one is not done again
                    reply = wire.ask("PATCH", "/fhir/Patient/a", json.dumps(patch), {**JSON_PATCH, **key})
                    self.assertEqual(reply.status, 200, reply)
                    self.assertEqual(reply.json()["name"][-1]["given"], [f"{number}-{turn}"])
        self.at_once(8, act)
        names = self.ask(200, "GET", "/fhir/Patient/a").json()["name"]
        self.assertEqual(len(names), 81)
        self.assertEqual(len({json.dumps(name) for name in names}), 81)
        self.assertEqual(self.ask(200, "GET", "/fhir/Patient/a/_history?_count=0").json()["total"], "81")

    def test_a_patch_in_a_transaction_and_meta_are_versions_like_any_other(self):
        self.ask(201, "PUT", "/fhir/Patient/a", patient("a", id="a"))
        patch = json.dumps([{"op": "test", "path": "/name/0/family", "value": "a"},
                            {"op": "replace", "path": "/name/0/family", "value": "b"}])
        entry = {"resource": {"resourceType": "Binary", "contentType": "application/json-patch+json",
                              "data": base64.b64encode(patch.encode()).decode()},
                 "request": {"method": "PATCH", "url": "Patient?identifier=urn:mrn|a"}}
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
        done = self.ask(200, "POST", "/fhir", bundle).json()["entry"][0]["response"]
        self.assertEqual((done["status"], done["etag"]), ("200 OK", 'W/"2"'))
        self.ask(412, "POST", "/fhir", bundle)  # its test no longer holds
        added = self.ask(200, "POST", "/fhir/Patient/a/$meta-add", tag("x")).json()
        self.assertEqual(added["parameter"][0]["valueMeta"]["tag"], [{"code": "x"}])
        self.ask(200, "POST", "/fhir/Patient/a/$meta-delete", tag("x"))
        self.assertNotIn("tag", self.ask(200, "GET", "/fhir/Patient/a/$meta").json()["parameter"][0]["valueMeta"])
        self.assertEqual([version[2] for version in self.page("/fhir/Patient/a/_history")[0]],
                         ["POST", "POST", "PATCH", "PUT"])
        short = self.ask(200, "GET", "/fhir/Patient/a?_elements=name").json()
        self.assertNotIn("identifier", short)
        self.assertEqual(short["meta"]["tag"][0]["code"], "SUBSETTED")
        self.stop()
        verified = self.summary("verify", self.directory)
        self.assertEqual(self.summary("rebuild", self.directory), verified)


if __name__ == "__main__":
    main()
