"""validation_test.py: over HTTP, with a folder of packages in the manner of a country's: what is wrong is found
at its place by $validate; a channel that is off stores it, one that warns stores and counts it, one that
refuses does not store it. A profile that cannot be used is said at start and does not keep the server down.
"""
import json
import re

from harness import ServerTest, ask, main, run

WARD = "https://fhir.example.org/StructureDefinition/"
NHS = "https://fhir.example.org/Id/nhs-number"
CATEGORY = "https://fhir.example.org/CodeSystem/ethnic-category"
MANIFEST = {"name": "example.ward", "version": "1.0.0", "fhirVersions": ["4.0.1"]}


def definition(name, kind, base, elements, **more):
    base = base if base.startswith("https:") else f"http://hl7.org/fhir/StructureDefinition/{base}"
    return {"resourceType": "StructureDefinition", "url": WARD + name, "name": name.replace("-", ""),
            "status": "draft", "kind": "resource", "abstract": False, "type": kind, "baseDefinition": base,
            "derivation": "constraint", "differential": {"element": elements}, **more}


def element(identity, **more):
    path = re.sub(r":[^.]*", "", identity)
    name = re.search(r":([^.:]*)$", identity)
    return {"id": identity, "path": path, **({"sliceName": name.group(1)} if name else {}), **more}


def by(kind, *paths, rules="open"):
    return {"discriminator": [{"type": kind, "path": path} for path in paths], "rules": rules}


PACKAGE = [
    {"resourceType": "CodeSystem", "url": CATEGORY, "name": "E", "status": "active", "content": "complete",
     "concept": [{"code": "A", "display": "British"}, {"code": "B", "display": "Irish"}]},
    {"resourceType": "ValueSet", "url": "https://fhir.example.org/ValueSet/ethnic-category", "name": "E",
     "status": "active", "compose": {"include": [{"system": CATEGORY}]}},
    definition("Extension-Ethnicity", "Extension", "Extension", [
        element("Extension.url", fixedUri=WARD + "Extension-Ethnicity"),
        element("Extension.value[x]", min=1, type=[{"code": "CodeableConcept"}],
                binding={"strength": "required", "valueSet": "https://fhir.example.org/ValueSet/ethnic-category"}),
    ], context=[{"type": "element", "expression": "Patient"}]),
    definition("Ward-Patient", "Patient", "Patient", [
        element("Patient.extension:ethnicity", max="1",
                type=[{"code": "Extension", "profile": [WARD + "Extension-Ethnicity"]}]),
        element("Patient.identifier", slicing=by("value", "system")),
        element("Patient.identifier:nhsNumber", min=1, max="1"),
        element("Patient.identifier:nhsNumber.system", min=1, fixedUri=NHS),
        element("Patient.identifier:nhsNumber.value", min=1, maxLength=10,
                constraint=[{"key": "ward-1", "severity": "error", "human": "an NHS number has ten digits",
                             "expression": "matches('^[0-9]{10}$')"}]),
        element("Patient.name", min=1),
        element("Patient.generalPractitioner", type=[{"code": "Reference", "targetProfile": [
            "http://hl7.org/fhir/StructureDefinition/Organization"]}]),
    ]),
    definition("Ward-Newborn", "Patient", WARD + "Ward-Patient", [element("Patient.birthDate", min=1)]),
    definition("Ward-Observation", "Observation", "Observation", [
        element("Observation.code.coding", slicing=by("value", "system")),
        element("Observation.code.coding:local", min=1, max="1"),
        element("Observation.code.coding:local.system", min=1, fixedUri="urn:ward:codes"),
        element("Observation.component", slicing=by("pattern", "code")),
        element("Observation.component:left", min=1, max="1"),
        element("Observation.component:left.code", patternCodeableConcept={"coding": [
            {"system": "urn:ward:sides", "code": "left"}]}),
        element("Observation.component:left.value[x]", min=1, type=[{"code": "Quantity"}]),
    ]),
    definition("Ward-Odd", "Patient", "https://fhir.example.org/nowhere", [element("Patient.name", min=1)]),
]


def patient(**more):
    return {"resourceType": "Patient",
            "text": {"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">Ada</div>"},
            "identifier": [{"system": NHS, "value": "9000000009"}], "name": [{"family": "Okafor"}], **more}


def claiming(profile, resource):
    return {**resource, "meta": {"profile": [WARD + profile]}}


def observation(component):
    return {"resourceType": "Observation", "status": "final",
            "code": {"coding": [{"system": "urn:ward:codes", "code": "grip"}]}, "component": [component]}


LEFT = {"code": {"coding": [{"system": "urn:ward:sides", "code": "left"}]}, "valueQuantity": {"value": 31}}
EMPTY = {"family": "Okafor"}
# (profile, resource, code of the issue, its place)
MUTATIONS = [
    ("Ward-Patient", patient(identifier=[{"system": "urn:other", "value": "1"}]), "required", "Patient.identifier"),
    ("Ward-Patient", patient(identifier=[{"system": NHS, "value": "90000 0009"}]), "invariant",
     "Patient.identifier[0].value"),
    ("Ward-Patient", patient(identifier=[{"system": NHS, "value": "90000000090"}]), "value",
     "Patient.identifier[0].value"),
    ("Ward-Patient", patient(identifier=[{"system": NHS, "value": "9000000009"}] * 2), "structure",
     "Patient.identifier"),
    ("Ward-Patient", {key: value for key, value in patient().items() if key != "name"}, "required", "Patient.name"),
    ("Ward-Patient", patient(generalPractitioner=[{"reference": "Practitioner/1"}]), "structure",
     "Patient.generalPractitioner[0]"),
    ("Ward-Patient", patient(extension=[{"url": WARD + "Extension-Ethnicity", "valueCodeableConcept": {
        "coding": [{"system": CATEGORY, "code": "Z"}]}}]), "code-invalid", "Patient.extension[0].value"),
    ("Ward-Patient", patient(extension=[{"url": WARD + "Extension-Ethnicity", "valueString": "A"}]), "structure",
     "Patient.extension[0].value"),
    ("Ward-Newborn", patient(), "required", "Patient.birthDate"),
    ("Ward-Newborn", patient(birthDate="2026-01-01", identifier=[{"value": "1"}]), "required", "Patient.identifier"),
    ("Ward-Observation", observation({**LEFT, "valueQuantity": None}), "required", "Observation.component[0].value"),
    ("Ward-Observation", observation({**LEFT, "code": {"text": "left"}}), "required", "Observation.component"),
    ("Ward-Observation", {**observation(LEFT), "code": {"text": "grip"}}, "required", "Observation.code.coding"),
]


def without_nulls(value):
    if isinstance(value, dict):
        return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [without_nulls(inner) for inner in value] if isinstance(value, list) else value


def errors(outcome):
    return {(issue["code"], issue.get("expression", [""])[0]) for issue in outcome["issue"]
            if issue["severity"] == "error"}


class Validation(ServerTest):
    def setUp(self):
        super().setUp()
        self.directory = self.init()
        inside = self.folder / "packages" / "example.ward" / "package"
        inside.mkdir(parents=True)
        (inside / "package.json").write_text(json.dumps(MANIFEST))
        for number, resource in enumerate(PACKAGE):
            (inside / f"{resource['resourceType']}-{number}.json").write_text(json.dumps(resource))

    def start(self, *flags):
        self.server = self.serve(self.directory, "--packages", str(self.folder / "packages"), *flags)
        self.connection = self.server.connect()

    def post(self, target, body, status, **headers):
        reply = ask(self.connection, "POST", target, body, **headers)
        self.assertEqual(reply.status, status, reply.body[:600])
        return json.loads(reply.body)

    def counted(self, name):
        text = ask(self.connection, "GET", "/metrics").body.decode()
        return float(re.search(rf"^holdfast_{re.escape(name)} (\S+)$", text, re.M).group(1))

    def test_validate_finds_each_mutation_at_its_place(self):
        self.start()
        for profile, good in (("Ward-Patient", patient()), ("Ward-Newborn", patient(birthDate="2026-01-01")),
                              ("Ward-Observation", observation(LEFT)),
                              ("Ward-Patient", patient(extension=[{"url": WARD + "Extension-Ethnicity",
                                                                   "valueCodeableConcept": {"coding": [
                                                                       {"system": CATEGORY, "code": "A"}]}}]))):
            outcome = self.post(f"/fhir/{good['resourceType']}/$validate?profile={WARD}{profile}", good, 200)
            self.assertEqual(errors(outcome), set(), good)
        for profile, bad, code, place in MUTATIONS:
            bad = without_nulls(bad)
            outcome = self.post(f"/fhir/{bad['resourceType']}/$validate?profile={WARD}{profile}", bad, 200)
            self.assertIn((code, place), errors(outcome), f"{bad}: {outcome}")
            # By what it claims itself, and in Parameters, it is the same.
            claimed = self.post(f"/fhir/{bad['resourceType']}/$validate", claiming(profile, bad), 200)
            self.assertEqual(errors(claimed), errors(outcome))
            wrapped = {"resourceType": "Parameters", "parameter": [
                {"name": "resource", "resource": bad}, {"name": "profile", "valueUri": WARD + profile}]}
            self.assertEqual(errors(self.post(f"/fhir/{bad['resourceType']}/$validate", wrapped, 200)),
                             errors(outcome))

    def test_what_a_package_asks_in_vain_is_said(self):
        self.start()
        said = [line for line in self.server.log() if "Ward-Odd" in line]
        self.assertEqual(len(said), 1, said)
        self.assertIn("its base https://fhir.example.org/nowhere is not here", said[0])
        outcome = self.post(f"/fhir/Patient/$validate?profile={WARD}Ward-Odd", patient(), 200)
        self.assertIn(("not-found", "Patient"), errors(outcome))

    def test_the_statement_names_profiles_and_the_operation(self):
        self.start()
        statement = json.loads(ask(self.connection, "GET", "/fhir/metadata").body)
        resources = {one["type"]: one for one in statement["rest"][0]["resource"]}
        self.assertEqual(resources["Patient"]["supportedProfile"], [WARD + "Ward-Newborn", WARD + "Ward-Patient"])
        self.assertEqual(resources["Observation"]["supportedProfile"], [WARD + "Ward-Observation"])
        self.assertNotIn("supportedProfile", resources["Encounter"])
        self.assertIn("validate", [one["name"] for one in resources["Patient"]["operation"]])
        found = self.post("/fhir/ValueSet/$validate-code", {"resourceType": "Parameters", "parameter": [
            {"name": "url", "valueUri": "https://fhir.example.org/ValueSet/ethnic-category"},
            {"name": "code", "valueCode": "B"}, {"name": "system", "valueUri": CATEGORY}]}, 200)
        self.assertIn({"name": "result", "valueBoolean": True}, found["parameter"])

    def test_off_warn_and_refuse(self):
        bad = claiming("Ward-Patient", patient(identifier=[{"system": "urn:other", "value": "1"}]))
        told = {"Prefer": "return=OperationOutcome"}
        self.start("--http-validation", "off")
        self.assertEqual(errors(self.post("/fhir/Patient", bad, 201, **told)), set())
        self.assertEqual(self.counted('validated_resources_total{channel="http"}'), 0)
        self.server.end()
        # Warning is what it does if nothing is said.
        self.start()
        self.assertIn(("required", "Patient.identifier"), errors(self.post("/fhir/Patient", bad, 201, **told)))
        self.assertEqual(self.post("/fhir/Patient", bad, 201)["resourceType"], "Patient")
        self.assertEqual(self.counted('validated_resources_total{channel="http"}'), 2)
        self.assertEqual(self.counted('validation_issues_total{channel="http",severity="error"}'), 2)
        self.server.end()
        self.start("--http-validation", "refuse")
        self.assertIn(("required", "Patient.identifier"), errors(self.post("/fhir/Patient", bad, 422)))
        entry = {"resource": bad, "request": {"method": "POST", "url": "Patient"}}
        fine = {"resource": claiming("Ward-Patient", patient()), "request": {"method": "POST", "url": "Patient"}}
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [fine, entry]}
        self.assertEqual(errors(self.post("/fhir", bundle, 422)), {("required", "Bundle.entry[1].resource.identifier")})
        batch = self.post("/fhir", {**bundle, "type": "batch"}, 200)
        self.assertEqual([one["response"]["status"][:3] for one in batch["entry"]], ["201", "422"])
        unknown = claiming("Nobody-Knows", patient())
        self.assertEqual(self.post("/fhir/Patient", unknown, 201)["resourceType"], "Patient")
        self.assertEqual(self.counted('validation_refused_total{channel="http"}'), 3)
        self.server.end()
        self.start("--http-validation", "refuse", "--http-unknown-profile", "refuse")
        self.assertIn(("not-found", "Patient"), errors(self.post("/fhir/Patient", unknown, 422)))
        total = json.loads(ask(self.connection, "GET", "/fhir/Patient?_summary=count").body)["total"]
        self.assertEqual(total, 5)  # 1 off, 2 warned, 1 of the batch, 1 unknown
        self.server.end()
        self.summary("verify", self.directory)

    def test_a_setting_that_means_nothing_is_refused(self):
        done = run("serve", "--data", self.directory, "--http-validation", "strict")
        self.assertEqual(done.returncode, 2)
        self.assertIn("'strict' is none of off, warn and refuse", done.stderr)


if __name__ == "__main__":
    main()
