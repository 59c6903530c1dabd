"""testscript_test.py: the FHIR TestScripts of somebody else, run by testscript.py against an empty record
and one with patients in it. What they call MUST passes; SHOULD and MAY pass, or are listed here with the
reason, and a listed one that passes is an error too. The runner itself is tested by scripts of our own:
it does what they say, and fails what it does not know or what does not hold.
"""
import copy
import json
import pathlib

from harness import ServerTest, main, run, shared_data
from testscript import Script
from wire import Wire

SCRIPTS = 23
SAMPLES = pathlib.Path(__file__).resolve().parent.parent / "samples" / "patients.tar.zst"
NOT_PASSED = {
    "MAY/bulk-data-export.json": "there is no bulk export yet",
}

# A life of one patient: a fixture that is created before and deleted behind, a variable from a header and
# one from a body, a request by id, an update, and what the server says of it.
LIFE = {
    "resourceType": "TestScript",
    "contained": [{"resourceType": "Patient", "id": "ada", "name": [{"family": "Sheard"}], "gender": "female"}],
    "fixture": [{"id": "patient", "autocreate": True, "autodelete": True, "resource": {"reference": "#ada"}}],
    "variable": [{"name": "id", "expression": "Patient.id", "sourceId": "patient"},
                 {"name": "tag", "headerField": "ETag", "sourceId": "patient"},
                 {"name": "family", "defaultValue": "Sheard"}],
    "setup": {"action": [
        {"operation": {"type": {"code": "read"}, "targetId": "patient", "responseId": "read"}},
        {"assert": {"response": "okay"}}]},
    "test": [
        {"name": "read", "action": [
            {"operation": {"type": {"code": "read"}, "resource": "Patient", "params": "/${id}"}},
            {"assert": {"responseCode": "200"}},
            {"assert": {"resource": "Patient"}},
            {"assert": {"contentType": "json"}},
            {"assert": {"minimumId": "patient"}},
            {"assert": {"headerField": "ETag", "value": "${tag}"}},
            {"assert": {"expression": "Patient.name[0].family", "value": "${family}"}}]},
        {"name": "vread", "action": [
            {"operation": {"type": {"code": "vread"}, "targetId": "read"}},
            {"assert": {"response": "okay"}}]},
        {"name": "update", "action": [
            {"operation": {"type": {"code": "update"}, "targetId": "patient", "sourceId": "read",
                           "requestHeader": [{"field": "If-Match", "value": "${tag}"}]}},
            {"assert": {"response": "okay"}},
            {"operation": {"type": {"code": "update"}, "targetId": "patient", "sourceId": "read",
                           "requestHeader": [{"field": "If-Match", "value": "${tag}"}]}},
            {"assert": {"response": "preconditionFailed"}},
            {"assert": {"resource": "OperationOutcome"}}]},
        {"name": "history", "action": [
            {"operation": {"type": {"code": "history"}, "targetId": "patient"}},
            {"assert": {"expression": "Bundle.total", "operator": "equals", "value": "2"}}]},
        {"name": "search", "action": [
            {"operation": {"type": {"code": "search"}, "resource": "Patient", "params": "?_id=${id}"}},
            {"assert": {"expression": "Bundle.total", "operator": "greaterThan", "value": "0"}}]}],
    "teardown": {"action": [
        {"operation": {"type": {"code": "search"}, "resource": "Patient", "params": "?family=${family}"}},
        {"assert": {"response": "okay"}}]},
}


class TestScripts(ServerTest):
    def setUp(self):
        super().setUp()
        self.server = self.serve(self.init())
        self.wire = Wire(self.server.host, self.server.port)
        self.addCleanup(self.wire.close)

    def ask(self, method, target, body=None, headers=()):
        return self.wire.ask(method, "/fhir" + target, body, headers)

    def run_script(self, script):
        return Script(script, self.ask, self.server.url + "/fhir").run()

    def read_scripts(self):
        folder = shared_data() / "testscripts" / "fhir-r4-base"
        if not folder.is_dir():
            self.skipTest(f"{folder} is not there")
        scripts = {str(path.relative_to(folder)): json.loads(path.read_text("utf-8"))
                   for path in sorted(folder.glob("*/*.json"))}
        self.assertEqual(len(scripts), SCRIPTS)
        return scripts

    def check_all(self, scripts):
        for name, script in scripts.items():
            with self.subTest(name):
                outcomes = self.run_script(script)
                self.assertTrue(outcomes, "nothing was tested")
                faults = [f"{test}: {fault}" for test, fault in outcomes if fault]
                if name in NOT_PASSED:
                    self.assertFalse(name.startswith("MUST/"))
                    self.assertTrue(faults, f"it passes: it is listed as {NOT_PASSED[name]!r}")
                else:
                    self.assertFalse(faults)
        self.assertLessEqual(NOT_PASSED.keys(), scripts.keys())

    def test_scripts_of_others_pass_on_an_empty_record_and_on_one_with_patients(self):
        scripts = self.read_scripts()
        self.check_all(scripts)
        done = run("import", "--server", self.server.url, SAMPLES)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.check_all(scripts)

    def test_what_is_not_there_yet_is_refused_by_name(self):
        for name in NOT_PASSED:
            operation = self.read_scripts()[name]["test"][0]["action"][0]["operation"]
            headers = {one["field"]: one["value"] for one in operation["requestHeader"]}
            reply = self.ask("GET", "/" + operation["resource"] + operation["params"], None, headers)
            self.assertIn(reply.status, (400, 404, 405, 501), reply)
            self.assertIn("export", reply.issues()[0]["diagnostics"])

    def test_the_runner_follows_a_script(self):
        outcomes = self.run_script(LIFE)
        self.assertEqual(outcomes, [(name, None) for name in
                                    ("setup", "read", "vread", "update", "history", "search")])
        left = self.ask("GET", "/Patient?_summary=count").json()
        self.assertEqual(left["total"], "0")  # autodelete

    def test_the_runner_fails_what_does_not_hold(self):
        for number, asserted in enumerate([
                {"response": "created"}, {"responseCode": "201"}, {"resource": "Bundle"},
                {"contentType": "xml"}, {"headerField": "ETag", "value": "W/\"7\""},
                {"headerField": "ETag", "operator": "empty"},
                {"expression": "Patient.name.family", "value": "Other"}, {"expression": "Patient.birthDate"},
                {"responseCode": "200,201", "operator": "notIn"}, {"responseCode": "201,202", "operator": "in"},
                {"responseCode": "200", "operator": "notEquals"},
                {"responseBody": "^Bundle", "operator": "matchesRegex"},
                {"responseBody": "Sheard", "operator": "notContains"},
                {"expression": "Patient.meta.versionId", "operator": "greaterThan", "value": "1"}]):
            with self.subTest(number):
                self.assert_fails(asserted, "does not hold")
                self.assertEqual(self.outcome({**asserted, "warningOnly": True}), None)

    def test_the_runner_fails_what_it_does_not_know(self):
        for number, asserted in enumerate([
                {"validateProfileId": "patient"}, {"navigationLinks": True}, {"requestMethod": "get"}, {},
                {"responseCode": "200", "resource": "Patient"}, {"responseCode": "200", "operator": "eval"},
                {"expression": "Patient.name.where(use = 'official')"}, {"response": "perhaps"},
                {"responseCode": "200", "direction": "request"}, {"compareToSourceId": "patient"},
                {"expression": "Patient.id", "value": "${nobody}"}]):
            with self.subTest(number):
                self.assert_fails(asserted, "not understood")
        for change in ({"profile": [{"reference": "x"}]}, {"origin": [{"index": 1}]}):
            script = {**LIFE, **change}
            self.assertIn("not understood", self.run_script(script)[0][1])
        script = copy.deepcopy(LIFE)
        script["test"][0]["action"][0]["operation"]["type"]["code"] = "guess"
        self.assertIn("not understood", dict(self.run_script(script))["read"])

    def outcome(self, asserted):
        script = copy.deepcopy(LIFE)
        script["test"] = script["test"][:1]
        script["test"][0]["action"][1:] = [{"assert": asserted}]
        return dict(self.run_script(script))["read"]

    def assert_fails(self, asserted, why):
        fault = self.outcome(asserted)
        self.assertIsNotNone(fault, asserted)
        self.assertIn(why, fault)


if __name__ == "__main__":
    main()
