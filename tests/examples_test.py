"""examples_test.py: the official R4 example instances go in over HTTP and come out as they were, or are
listed here with the reason; a change that breaks one structural rule is refused, with its place.
"""
import json
import os
import pathlib

from harness import ServerTest, main
from wire import Wire, read_json

SANITIZED = os.environ.get("HOLDFAST_SANITIZED") == "1"
PACKAGE = (pathlib.Path(__file__).resolve().parent.parent / "definitions" / "node_modules" /
           "hl7.fhir.r4.examples")
INSTANCES = 693
# The package also holds the definitions themselves, Bundles of them, and two files about it.
DEFINITIONS = {"StructureDefinition", "SearchParameter", "ValueSet", "CodeSystem", "ConceptMap",
               "OperationDefinition", "CompartmentDefinition", "ImplementationGuide", "Bundle"}
# What HL7 publishes and R4 does not allow: file, status, and where or why.
REFUSED_INSTANCES = {
    "Questionnaire-qs1.json": (422, "Questionnaire.item[0].item[0].linkId"),
}
NO_BASE = (422, "SearchParameter.base")
REFUSED_DEFINITIONS = {
    "Bundle-resources.json": (413, ""),  # 39 MB
    "ImplementationGuide-fhir.json": (422, "ImplementationGuide.name"),
    "ig-r4.json": (422, "ImplementationGuide.name"),
    # An id of 68 characters cannot be in an address.
    "SearchParameter-questionnaireresponse-extensions-QuestionnaireResponse-item-subject.json": (400, ""),
    **{f"SearchParameter-{kind}-extensions-{name}-{what}.json": NO_BASE
       for kind, name in (("codesystem", "CodeSystem"), ("valueset", "ValueSet"))
       for what in ("author", "effective", "end", "keyword", "workflow")},
}


def own_meta(resource):
    """Takes meta out of it; without what the server sets."""
    return {key: value for key, value in resource.pop("meta", {}).items() if key not in ("versionId", "lastUpdated")}


class Examples(ServerTest):
    def setUp(self):
        super().setUp()
        if not PACKAGE.is_dir():
            self.skipTest(f"the examples are not at {PACKAGE}; the build puts them there")
        self.directory = self.init()
        self.server = self.serve(self.directory)

    def end(self, entries):
        self.assertEqual(self.server.end(), 0, self.server.log()[-3:])
        verified = self.summary("verify", self.directory)
        # One is the pathways; one may be the dictionary that the server trains once it has seen enough bodies.
        self.assertIn(int(verified[0]) - entries, (1, 2))
        self.assertEqual(self.summary("rebuild", self.directory), verified)

    def put(self, wire, path):
        text = path.read_bytes()
        sent = read_json(text)
        target = f"/fhir/{sent['resourceType']}/{sent['id']}"
        reply = wire.ask("PUT", target, text)
        if reply.status != 201:
            issues = reply.issues()
            where = issues[0].get("expression", [""])[0]
            return reply.status, where, issues[0].get("diagnostics", "")
        stored = wire.ask("GET", target).json()
        self.assertEqual(own_meta(stored), own_meta(sent), path.name)
        self.assertEqual(stored, sent, path.name)
        order = [key for key in sent if key not in ("resourceType", "id")]
        self.assertEqual([key for key in stored if key not in ("resourceType", "id")], order, path.name)
        return None

    def put_all(self, paths, known):
        refused = {}
        with Wire(self.server.host, self.server.port, 120) as wire:
            for path in paths:
                answer = self.put(wire, path)
                if answer:
                    refused[path.name] = answer
                    if answer[0] == 413:  # the edge closes after it
                        wire.close()
                        wire.__init__(self.server.host, self.server.port, 120)
        for name, (status, where, why) in sorted(refused.items()):
            print(f"refused: {name}: {status} {where}: {why}")
        self.assertEqual({name: answer[:2] for name, answer in refused.items()}, known)
        return len(paths) - len(refused)

    def files(self):
        for path in sorted(PACKAGE.glob("*.json")):
            if path.name != "package.json":
                yield path, path.name.split("-")[0]

    def test_the_instances_go_in_and_come_out(self):
        paths = [path for path, kind in self.files() if kind not in DEFINITIONS and kind != "ig"]
        self.assertEqual(len(paths), INSTANCES)
        accepted = self.put_all(paths, REFUSED_INSTANCES)
        print(f"{accepted} of {len(paths)} example instances accepted, {len(REFUSED_INSTANCES)} refused as listed")
        self.end(accepted)

    def test_the_definitions_go_in_and_come_out(self):
        paths = [path for path, kind in self.files() if kind in DEFINITIONS or kind == "ig"]
        if SANITIZED:  # slow there: each one that is refused, and each tenth of the others
            paths = [path for number, path in enumerate(paths)
                     if path.name in REFUSED_DEFINITIONS or number % 10 == 0]
        accepted = self.put_all(paths, REFUSED_DEFINITIONS)
        print(f"{accepted} of {len(paths)} definitions and Bundles accepted, {len(REFUSED_DEFINITIONS)} refused as listed")
        self.end(accepted)


OBSERVATION = {
    "resourceType": "Observation", "id": "m", "status": "final", "code": {"coding": [
        {"system": "http://loinc.org", "code": "29463-7"}]},
    "subject": {"reference": "Patient/p"}, "effectiveDateTime": "2020-02-29T10:00:00Z",
    "valueQuantity": {"value": 70.5, "unit": "kg"}, "component": [
        {"code": {"text": "a"}, "valueString": "x"}, {"code": {"text": "b"}, "valueBoolean": True}],
    "referenceRange": [{"low": {"value": 1}}]}
PATIENT = {
    "resourceType": "Patient", "id": "m", "active": True, "birthDate": "1970-03-30", "gender": "male",
    "name": [{"family": "Sheard", "given": ["Ada", "Beth"]}], "deceasedBoolean": False,
    "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'},
    "contained": [{"resourceType": "Organization", "id": "o", "name": "x"}],
    "managingOrganization": {"reference": "#o"}, "multipleBirthInteger": 2,
    "communication": [{"language": {"text": "English"}, "preferred": True}]}
GONE = object()


def changed(base, path, value):
    """A copy in which what is at `path` is `value`, or is gone."""
    copy = json.loads(json.dumps(base))
    inside = copy
    for step in path[:-1]:
        inside = inside[step]
    if value is GONE:
        del inside[path[-1]]
    else:
        inside[path[-1]] = value
    return copy


# Rule, base, path, value, the place that the refusal must name.
MUTATIONS = [
    ("unknown element at the top", PATIENT, ["nmae"], "x", "Patient.nmae"),
    ("unknown element inside", PATIENT, ["name", 0, "givn"], ["x"], "Patient.name[0].givn"),
    ("unknown element in a backbone", OBSERVATION, ["component", 1, "x"], 1, "Observation.component[1].x"),
    ("unknown element in what is contained", PATIENT, ["contained", 0, "x"], 1, "Patient.contained[0].x"),
    ("element of another type", PATIENT, ["status"], "final", "Patient.status"),
    ("choice without its type", PATIENT, ["deceased"], True, "Patient.deceased"),
    ("choice of a type that is not among its types", PATIENT, ["deceasedString"], "x", "Patient.deceasedString"),
    ("choice twice", PATIENT, ["deceasedDateTime"], "2020-01-01", "Patient.deceased"),
    ("text for a boolean", PATIENT, ["active"], "true", "Patient.active"),
    ("number for a boolean", PATIENT, ["active"], 1, "Patient.active"),
    ("null for a primitive", PATIENT, ["active"], None, "Patient.active"),
    ("number for a date", PATIENT, ["birthDate"], 1970, "Patient.birthDate"),
    ("text for a number", OBSERVATION, ["valueQuantity", "value"], "70.5", "Observation.value.value"),
    ("object for a primitive", PATIENT, ["gender"], {"value": "male"}, "Patient.gender"),
    ("primitive for an object", PATIENT, ["maritalStatus"], "M", "Patient.maritalStatus"),
    ("primitive in a list of objects", PATIENT, ["name", 0], "Sheard", "Patient.name[0]"),
    ("no such day", PATIENT, ["birthDate"], "1970-02-30", "Patient.birthDate"),
    ("no leap year", OBSERVATION, ["effectiveDateTime"], "2021-02-29", "Observation.effective"),
    ("time without a zone", OBSERVATION, ["effectiveDateTime"], "2020-02-29T10:00:00", "Observation.effective"),
    ("hour 25", OBSERVATION, ["effectiveDateTime"], "2020-02-29T25:00:00Z", "Observation.effective"),
    ("code with spaces", PATIENT, ["gender"], " male", "Patient.gender"),
    ("empty text", PATIENT, ["name", 0, "family"], "", "Patient.name[0].family"),
    ("fraction for an integer", PATIENT, ["multipleBirthInteger"], 1.5, "Patient.multipleBirth"),
    ("integer beyond 32 bits", PATIENT, ["multipleBirthInteger"], 2**31, "Patient.multipleBirth"),
    ("positive integer that is 0", PATIENT, ["telecom"], [{"rank": 0}], "Patient.telecom[0].rank"),
    ("no base64", PATIENT, ["photo"], [{"data": "a?b="}], "Patient.photo[0].data"),
    ("narrative that is no div", PATIENT, ["text", "div"], "<p>x</p>", "Patient.text.div"),
    ("id with a slash", PATIENT, ["contained", 0, "id"], "a/b", "Patient.contained[0].id"),
    ("list where one is allowed", PATIENT, ["active"], [True], "Patient.active"),
    ("list of objects where one is allowed", OBSERVATION, ["code"], [{"text": "x"}], "Observation.code"),
    ("one where a list is due", PATIENT, ["name"], {"family": "x"}, "Patient.name"),
    ("one primitive where a list is due", PATIENT, ["name", 0, "given"], "Ada", "Patient.name[0].given"),
    ("empty list", PATIENT, ["name"], [], "Patient.name"),
    ("empty object", PATIENT, ["name", 0], {}, "Patient.name[0]"),
    ("required element gone", OBSERVATION, ["status"], GONE, "Observation.status"),
    ("required object gone", OBSERVATION, ["code"], GONE, "Observation.code"),
    ("required element gone inside", OBSERVATION, ["component", 0, "code"], GONE, "Observation.component[0].code"),
    ("required element of a backbone gone", PATIENT, ["communication", 0, "language"], GONE,
     "Patient.communication[0].language"),
    ("required element of a data type gone", PATIENT, ["extension"], [{"valueString": "x"}],
     "Patient.extension[0].url"),
    ("extension of a primitive that is none", PATIENT, ["_birthDate"], "x", "Patient.birthDate"),
    ("extensions of a list that do not match it", PATIENT, ["name", 0, "_given"], [{"id": "x"}],
     "Patient.name[0].given"),
    ("extension of what is no primitive", PATIENT, ["_name"], [{"id": "x"}], "Patient.name"),
    ("null in a list without its extension", PATIENT, ["name", 0, "given"], ["Ada", None],
     "Patient.name[0].given[1]"),
    ("contained without a type", PATIENT, ["contained", 0, "resourceType"], GONE, "Patient.contained[0]"),
    ("contained of an unknown type", PATIENT, ["contained", 0, "resourceType"], "Organisation",
     "Patient.contained[0].resourceType"),
    ("resourceType inside", PATIENT, ["name", 0, "resourceType"], "HumanName", "Patient.name[0].resourceType"),
]


class Mutations(ServerTest):
    def test_each_rule_refuses_with_the_place(self):
        directory = self.init()
        server = self.serve(directory)
        with Wire(server.host, server.port) as wire:
            for base in (PATIENT, OBSERVATION):  # unchanged they are good, so that the change is the reason
                reply = wire.ask("PUT", f"/fhir/{base['resourceType']}/m", base)
                self.assertEqual(reply.status, 201, reply)
            refused = 0
            for rule, base, path, value, place in MUTATIONS:
                with self.subTest(rule):
                    body = changed(base, path, value)
                    reply = wire.ask("PUT", f"/fhir/{base['resourceType']}/m", body)
                    self.assertIn(reply.status, (400, 422), f"{rule}: {reply}")
                    expressions = [issue.get("expression", [None])[0] for issue in reply.issues()]
                    self.assertIn(place, expressions, f"{rule}: {reply}")
                    # And as one entry of a transaction, where its place is in the Bundle.
                    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [
                        {"resource": {"resourceType": "Basic", "code": {"text": "x"}},
                         "request": {"method": "POST", "url": "Basic"}},
                        {"resource": body, "request": {"method": "PUT", "url": f"{base['resourceType']}/m"}}]}
                    reply = wire.ask("POST", "/fhir", bundle)
                    self.assertIn(reply.status, (400, 422), f"{rule}: {reply}")
                    inside = place.split(".", 1)[1]
                    expressions = [issue.get("expression", [None])[0] for issue in reply.issues()]
                    self.assertIn(f"Bundle.entry[1].resource.{inside}", expressions, f"{rule}: {reply}")
                    refused += 1
        self.assertEqual(server.end(), 0)
        self.assertEqual(self.summary("verify", directory)[0], "3")  # with the pathways that ship
        print(f"{refused} of {len(MUTATIONS)} mutations refused with their place, alone and in a transaction")


if __name__ == "__main__":
    main()
