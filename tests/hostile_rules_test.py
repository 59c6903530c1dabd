"""hostile_rules_test.py: profiles whose rules never end, or end too late, or ask for all memory. Whoever
installs a package trusts it, but a careless rule must not stop a hospital: each is cut off where the work
that one validation may cost is spent, said in an OperationOutcome that names the rule, and the server goes on.
"""
import json
import threading

from harness import ServerTest, ask, main

URL = "https://fhir.example.org/StructureDefinition/"
MANIFEST = {"name": "example.hostile", "version": "1.0.0", "fhirVersions": ["4.0.1"]}
TEXT = "a" * 4000 + "!"

# Name: (rule, codes of the issue that may name it). RE2 is linear, so patterns that explode elsewhere have an
# answer here; a pattern that is too large is not compiled. Whatever has no end is too costly. What asks whether
# it conforms to itself does if nothing else speaks against it.
RULES = {
    "backtracking": ("name.family.all(matches('^(a+)+$'))", {"invariant"}),
    "alternatives": ("name.family.all(matches('^(a|aa|a?)*$'))", {"invariant"}),
    "repetitions": ("name.family.all(matches('((a{1,1000}){1,1000}){1,1000}'))", {"not-supported"}),
    "counting": ("(1).repeat($this + 1).count() > 0", {"too-costly"}),
    "growing": ("'a'.repeat($this & $this).count() > 0", {"too-costly"}),
    "doubled": ("'" + "a" * 64 + "'" + (".replace('a', '" + "a" * 64 + "')") * 12 + ".length() < 0", {"too-costly"}),
    "replaced": ("'aaaaaaaaaaaaaaaa'" + ".replaceMatches('a*', '$0$0$0$0$0$0$0$0')" * 14 + ".length() < 0",
                 {"too-costly"}),
    "squares": ("descendants().select(%resource.descendants().select(%resource.descendants().select("
                "%resource.descendants()))).count() < 0", {"too-costly"}),
    "unions": ("(name.given" + " | name.given.select($this & 'x')" * 3 + ")"
               + ".select($this.combine(%resource.descendants().ofType(string)))" * 12 + ".isDistinct()",
               {"too-costly"}),
    "aggregate": ("name.given.aggregate($total & $total & $this, 'x').length() < 0", {"too-costly"}),
    "powers": ("(1000000000000000.5.power(100000)).exists()", {"invariant"}),
    "itself": (f"conformsTo('{URL}itself') and conformsTo('{URL}itself')", set()),
    "parentheses": ("(" * 20_000 + "true" + ")" * 20_000, {"not-supported"}),
    "chain": ("true" + ".not()" * 20_000, {"not-supported"}),
    "operators": ("1 = 0" + " or 1 = 0" * 20_000, {"not-supported"}),
}


def profile(name, constraints, path="Patient"):
    return {"resourceType": "StructureDefinition", "url": URL + name, "name": name, "status": "draft",
            "kind": "resource", "abstract": False, "type": "Patient", "derivation": "constraint",
            "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
            "differential": {"element": [{"id": path, "path": path, "constraint": constraints}]}}


def constraint(name, expression):
    return {"key": f"bad-{name}", "severity": "error", "human": f"the rule {name}", "expression": expression}


def patient(names=40):
    return {"resourceType": "Patient", "name": [{"family": TEXT, "given": ["Ada", "Maria"]}]
            + [{"family": "b", "given": [f"n{i}"]} for i in range(names)]}


class HostileRules(ServerTest):
    def setUp(self):
        super().setUp()
        self.directory = self.init()
        inside = self.folder / "packages" / "example.hostile" / "package"
        inside.mkdir(parents=True)
        (inside / "package.json").write_text(json.dumps(MANIFEST))
        made = [profile(name, [constraint(name, rule)]) for name, (rule, _) in RULES.items()]
        made.append(profile("all", [constraint(name, rule) for name, (rule, _) in RULES.items()]))
        made.append(profile("each", [constraint("each", "%resource.descendants().count() < 0")], "Patient.name"))
        for one in made:
            (inside / f"StructureDefinition-{one['name']}.json").write_text(json.dumps(one))
        self.server = self.serve(self.directory, "--packages", str(self.folder / "packages"),
                                 "--http-validation", "refuse")
        self.connection = self.server.connect()

    def validate(self, name, resource):
        reply = ask(self.connection, "POST", f"/fhir/Patient/$validate?profile={URL}{name}", resource)
        self.assertEqual(reply.status, 200, reply.body[:300])
        outcome = json.loads(reply.body)
        self.assertEqual(outcome["resourceType"], "OperationOutcome")
        return outcome["issue"]

    def assert_alive(self):
        """It answers, and what is right is found right."""
        self.assertEqual(ask(self.connection, "GET", "/health/live").status, 200)
        reply = ask(self.connection, "POST", "/fhir/Patient", {"resourceType": "Patient", "active": True})
        self.assertEqual(reply.status, 201, reply.body[:300])

    def test_each_is_cut_off_and_named(self):
        for name, (_, codes) in RULES.items():
            with self.subTest(name):
                issues = [one for one in self.validate(name, patient()) if "bad-" + name in json.dumps(one)
                          or one["code"] in ("too-costly", "not-supported")]
                self.assertEqual({one["code"] for one in issues}, codes, issues)
        self.assert_alive()

    def test_together_they_cost_no_more(self):
        issues = self.validate("all", patient())
        self.assertIn("too-costly", {one["code"] for one in issues}, issues)
        claiming = {**patient(), "meta": {"profile": [URL + "all"]}}
        reply = ask(self.connection, "POST", "/fhir/Patient", claiming)
        self.assertEqual(reply.status, 422, reply.body[:300])
        self.assertEqual(json.loads(reply.body)["resourceType"], "OperationOutcome")
        self.assert_alive()

    def test_a_rule_of_each_element_of_a_large_resource(self):
        issues = self.validate("each", patient(20_000))
        self.assertIn("too-costly", {one["code"] for one in issues}, issues[:3])
        self.assert_alive()

    def test_small_requests_are_answered_beside_them(self):
        failures = []

        def ask_badly():
            connection = self.server.connect()
            for _ in range(5):
                reply = ask(connection, "POST", f"/fhir/Patient/$validate?profile={URL}all", patient())
                if reply.status != 200:
                    failures.append(reply.status)

        askers = [threading.Thread(target=ask_badly) for _ in range(4)]
        for asker in askers:
            asker.start()
        for _ in range(20):
            self.assert_alive()
        for asker in askers:
            asker.join()
        self.assertEqual(failures, [])


if __name__ == "__main__":
    main()
