"""lifecycle_test.py: a directory from init to rebuild, as an operator lives with it."""
import json
import os
import signal
import stat

from harness import ServerTest, ask, main, metric, run

OWN = 1  # entries of a new directory before anything is asked: the pathways that ship
PATIENT = {"resourceType": "Patient", "name": [{"family": "Sheard", "given": ["Ada"]}]}


class Lifecycle(ServerTest):
    def test_what_was_written_survives_stop_verify_rebuild_and_start(self):
        directory = self.init()
        server = self.serve(directory)
        http = server.connect()
        created = ask(http, "POST", "/fhir/Patient", PATIENT)
        self.assertEqual(created.status, 201, created.body)
        path = created.headers["Location"].split("/_history")[0].removeprefix(server.url)
        self.assertEqual(ask(http, "GET", path).json()["name"], PATIENT["name"])

        changed = {**created.json(), "gender": "female"}
        del changed["meta"]
        updated = ask(http, "PUT", path, changed, If_Match='W/"1"')
        self.assertEqual(updated.status, 200, updated.body)
        self.assertEqual(updated.headers["ETag"], 'W/"2"')
        stale = ask(http, "PUT", path, changed, If_Match='W/"1"')
        self.assertEqual(stale.status, 412)

        doomed = ask(http, "POST", "/fhir/Patient", PATIENT)
        doomed_path = doomed.headers["Location"].split("/_history")[0].removeprefix(server.url)
        self.assertEqual(ask(http, "DELETE", doomed_path).status, 204)
        self.assertEqual(ask(http, "GET", doomed_path).status, 410)
        self.assertEqual(ask(http, "GET", doomed_path + "/_history/1").status, 200)
        found = ask(http, "GET", "/fhir/Patient").json()
        self.assertEqual(found["total"], ("number", "1"))
        before = ask(http, "GET", path).body
        self.assertEqual(server.end(), 0)

        verified = self.summary("verify", directory)
        self.assertEqual(verified[0], str(OWN + 4))
        self.assertEqual(self.summary("rebuild", directory), verified)
        self.assertEqual(self.summary("verify", directory), verified)
        with self.serve(directory) as again:
            http = again.connect()
            self.assertEqual(ask(http, "GET", path).body, before)
            self.assertEqual(ask(http, "GET", doomed_path).status, 410)
            self.assertEqual(metric(http, "journal_position"), OWN + 4)
            self.assertEqual(metric(http, "resources"), 1)

    def test_interrupt_ends_like_terminate(self):
        directory = self.init()
        self.assertEqual(self.serve(directory).end(signal.SIGINT), 0)

    def test_requests_in_flight_are_answered_while_draining(self):
        directory = self.init()
        server = self.serve(directory)
        http = server.connect()
        body = json.dumps(PATIENT)
        # The head and half of the body: the request is under way when the end is asked for.
        http.putrequest("POST", "/fhir/Patient")
        http.putheader("Content-Type", "application/fhir+json")
        http.putheader("Content-Length", str(len(body)))
        http.endheaders(body[:20].encode())
        other = server.connect()
        self.assertEqual(ask(other, "GET", "/health/live").status, 200)
        server.process.send_signal(signal.SIGTERM)
        http.send(body[20:].encode())
        self.assertEqual(http.getresponse().status, 201)
        self.assertEqual(server.process.wait(60), 0)
        server.process.stdout.close()
        self.assertEqual(self.summary("verify", directory)[0], str(OWN + 1))

    def test_keys_are_for_their_owner_only(self):
        directory = self.init()
        for path in [directory, directory / "keys", *(directory / "keys").iterdir()]:
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode) & 0o077, 0, path)
        self.assertEqual(len((directory / "keys" / "link.secret").read_bytes()), 32)

    def test_two_processes_cannot_open_one_directory(self):
        directory = self.init()
        with self.serve(directory):
            for command in (["serve", "--data", directory, "--http", "127.0.0.1:0"],
                            ["verify", directory], ["rebuild", directory]):
                refused = run(*command)
                self.assertEqual(refused.returncode, 1, command)
                self.assertIn("another process", refused.stderr)

    def test_init_refuses_a_folder_with_something_in_it(self):
        directory = self.init()
        again = run("init", directory)
        self.assertEqual(again.returncode, 1)
        self.assertIn("not empty", again.stderr)
        foreign = self.folder / "foreign"
        foreign.mkdir()
        (foreign / "letter.txt").write_text("x")
        self.assertEqual(run("init", foreign).returncode, 1)
        self.assertEqual([path.name for path in foreign.iterdir()], ["letter.txt"])

    def test_checkpoint_finds_a_journal_that_was_rolled_back(self):
        directory = self.init()
        old = self.folder / "old"
        with self.serve(directory) as server:
            ask(server.connect(), "POST", "/fhir/Patient", PATIENT)
        os.system(f"cp -a {directory} {old}")
        with self.serve(directory) as server:
            http = server.connect()
            ask(http, "POST", "/fhir/Patient", PATIENT)
            note = self.folder / "checkpoint"
            note.write_bytes(ask(http, "GET", "/journal/checkpoint").body)
        self.summary("verify", directory, "--checkpoint", note)
        with self.serve(directory) as server:
            ask(server.connect(), "POST", "/fhir/Patient", PATIENT)
        self.summary("verify", directory, "--checkpoint", note)  # a journal that went on is fine
        rolled_back = run("verify", old, "--checkpoint", note)
        self.assertEqual(rolled_back.returncode, 3, rolled_back.stdout)
        self.assertIn(f"checkpoint is of {OWN + 2} entries, the journal has {OWN + 1}", rolled_back.stderr)
        # A fork: as many entries, but others.
        with self.serve(old) as server:
            ask(server.connect(), "POST", "/fhir/Patient", {**PATIENT, "gender": "male"})
        forked = run("verify", old, "--checkpoint", note)
        self.assertEqual(forked.returncode, 3)
        self.assertIn("another root", forked.stderr)
        forged = self.folder / "forged"
        forged.write_bytes(note.read_bytes().replace(b"\n%d\n" % (OWN + 2), b"\n%d\n" % (OWN + 3)))
        self.assertEqual(run("verify", directory, "--checkpoint", forged).returncode, 3)

    def test_a_flipped_byte_is_found_and_never_served(self):
        directory = self.init()
        with self.serve(directory) as server:
            http = server.connect()
            for _ in range(5):
                ask(http, "POST", "/fhir/Patient", PATIENT)
        segment = sorted((directory / "segments").glob("*.seg"))[0]
        raw = bytearray(segment.read_bytes())
        at = raw.rfind(b"Sheard")
        if at < 0:  # compressed: any byte of a payload will do
            at = 4096 + 300
        raw[at] ^= 1
        segment.write_bytes(raw)
        found = run("verify", directory)
        self.assertEqual(found.returncode, 3, found.stdout + found.stderr)
        self.assertIn("segments/", found.stderr)
        self.assertEqual(run("rebuild", directory).returncode, 3)
        with self.serve(directory) as server:  # read-only: it serves what it can prove
            http = server.connect()
            refused = ask(http, "POST", "/fhir/Patient", PATIENT)
            self.assertEqual(refused.status, 503, refused.body)
            self.assertEqual(ask(http, "GET", "/health/ready").status, 503)
            self.assertEqual(ask(http, "GET", "/health/live").status, 200)

    def test_wrong_views_are_found_and_a_rebuild_heals_them(self):
        directory = self.init()
        other = self.init("other")
        for each, count in ((directory, 3), (other, 3)):
            with self.serve(each) as server:
                http = server.connect()
                for _ in range(count):
                    ask(http, "POST", "/fhir/Patient", PATIENT)
        truth = self.summary("verify", directory)
        os.system(f"rm -rf {directory}/views && cp -a {other}/views {directory}/views")
        self.assertEqual(run("verify", directory).returncode, 3)
        refused = run("serve", "--data", directory, "--http", "127.0.0.1:0")
        self.assertEqual(refused.returncode, 3, refused.stderr)
        self.assertIn("rebuild", refused.stderr)
        self.assertEqual(self.summary("rebuild", directory), truth)
        self.assertEqual(self.summary("verify", directory), truth)

    def test_verify_changes_no_byte(self):
        directory = self.init()
        unchanged = self.verified_without_a_trace(directory)
        self.assertEqual(unchanged, 0)
        server = self.serve(directory)
        http = server.connect()
        for _ in range(5):
            self.assertEqual(ask(http, "POST", "/fhir/Patient", PATIENT).status, 201)
        self.assertEqual(server.end(), 0)
        self.assertEqual(self.verified_without_a_trace(directory), OWN + 5)
        server = self.serve(directory)
        http = server.connect()
        for _ in range(3):
            self.assertEqual(ask(http, "POST", "/fhir/Patient", PATIENT).status, 201)
        server.kill()  # the views have not flushed these: they are behind the journal
        self.assertEqual(self.verified_without_a_trace(directory), OWN + 8)
        self.assertIn(f"the views hold {OWN + 5} of {OWN + 8} entries", run("verify", directory).stderr)
        server = self.serve(directory)
        self.assertEqual(server.end(), 0)
        self.assertEqual(self.verified_without_a_trace(directory), OWN + 8)

    def verified_without_a_trace(self, directory):
        """The entries that verify counts, having changed nothing."""
        def files():
            return {str(path): (path.stat().st_size, path.stat().st_mtime_ns,
                                path.read_bytes() if path.is_file() else None)
                    for path in directory.rglob("*")}
        before = files()
        entries = int(self.summary("verify", directory)[0])
        self.assertEqual(files(), before)
        return entries

    def test_views_that_are_gone_come_back_by_themselves(self):
        directory = self.init()
        with self.serve(directory) as server:
            ask(server.connect(), "POST", "/fhir/Patient", PATIENT)
        truth = self.summary("verify", directory)
        os.system(f"rm -rf {directory}/views")
        self.assertEqual(self.summary("verify", directory), truth)
        with self.serve(directory) as server:
            self.assertEqual(ask(server.connect(), "GET", "/fhir/Patient").json()["total"],
                             ("number", "1"))
        self.assertEqual(self.summary("verify", directory), truth)

    def test_export_of_one_server_imports_into_another_without_loss(self):
        first, second = self.init("first"), self.init("second")
        out = self.folder / "out"
        with self.serve(first) as server:
            http = server.connect()
            for number in range(250):
                body = {**PATIENT, "id": f"p{number}", "multipleBirthInteger": number}
                self.assertEqual(ask(http, "PUT", f"/fhir/Patient/p{number}", body).status, 201)
            body = '{"resourceType":"Observation","id":"o1","status":"final","code":{"text":"x"},' \
                   '"subject":{"reference":"Patient/p1"},"valueQuantity":{"value":1.50}}'
            self.assertEqual(ask(http, "PUT", "/fhir/Observation/o1", body).status, 201)
            done = run("export", "--server", server.url, "--out", out, "--page", 100)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(done.stdout, "Observation=1\nPatient=250\ntotal=251\n")
        with self.serve(second) as server:
            done = run("import", "--server", server.url, out)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertIn("created=251", done.stdout)
            http = server.connect()
            body = ask(http, "GET", "/fhir/Observation/o1").json()
            self.assertEqual(body["valueQuantity"]["value"], ("number", "1.50"))
            self.assertEqual(metric(http, "resources"), 251)
            again = run("import", "--server", server.url, out)
            self.assertIn("repeated=251", again.stdout)
            self.assertEqual(metric(http, "resources"), 251)


class Import(ServerTest):
    def test_each_refusal_is_named_and_the_rest_goes_in(self):
        directory = self.init()
        files = self.folder / "in"
        files.mkdir()
        (files / "good.json").write_text(json.dumps({**PATIENT, "id": "g"}))
        (files / "bad.json").write_text('{"resourceType":"Patient","birthDate":"yesterday"}')
        (files / "no.json").write_text("no JSON")
        (files / "lines.ndjson").write_text(
            '{"resourceType":"Patient","id":"l1"}\n{"resourceType":"Patient","nome":1}\nx\n')
        with self.serve(directory) as server:
            done = run("import", "--server", server.url, files)
            self.assertEqual(done.returncode, 1)
            for part in ("bad.json: 422", "no.json: it is no FHIR resource",
                         "lines.ndjson lines 1-3: line 2: 422", "line 3: it is no resource"):
                self.assertIn(part, done.stderr)
            self.assertIn("created=2 ", done.stdout)
            self.assertIn("refused=3 ", done.stdout)
            http = server.connect()
            self.assertEqual(ask(http, "GET", "/fhir/Patient/g").status, 200)
            self.assertEqual(ask(http, "GET", "/fhir/Patient/l1").status, 200)

    def test_what_refers_to_others_goes_in_after_them_whatever_the_order(self):
        directory = self.init()
        files = self.folder / "in"
        files.mkdir()

        def bundle(name, kind, identifier, *references):
            resource = {"resourceType": kind, "identifier": [{"system": "urn:s", "value": identifier}]}
            if kind == "Observation":
                resource |= {"status": "final", "code": {"text": "x"}}
                resource["performer"] = [{"reference": f"{kind}?identifier=urn:s|{value}"}
                                         for kind, value in references]
            elif references:
                resource["managingOrganization"] = {
                    "reference": f"Organization?identifier=urn:s|{references[0][1]}"}
            (files / name).write_text(json.dumps({
                "resourceType": "Bundle", "type": "transaction", "entry": [
                    {"resource": resource, "request": {"method": "POST", "url": kind}}]}))

        bundle("1.json", "Observation", "o", ("Patient", "p"), ("Organization", "g"))
        bundle("2.json", "Patient", "p", ("Organization", "g"))
        bundle("3.json", "Organization", "g")
        bundle("4.json", "Patient", "lost", ("Organization", "nowhere"))
        with self.serve(directory) as server:
            done = run("import", "--server", server.url, "--clients", 1, files)
            self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
            self.assertIn("created=3 ", done.stdout)
            self.assertIn("4.json: 422", done.stderr)
            self.assertEqual(done.stderr.count("refused:"), 1, done.stderr)

    def test_a_server_that_is_not_there_is_said(self):
        (self.folder / "a.json").write_text("{}")
        done = run("import", "--server", "http://127.0.0.1:1", self.folder / "a.json")
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot reach the server", done.stderr)


if __name__ == "__main__":
    main()
