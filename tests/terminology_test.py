"""terminology_test.py: the terminology operations over a real server, against the expansions that the
publishers of R4 made with another program."""
import json
import pathlib
import urllib.parse

from harness import ServerTest, ask, main

PACKAGE = (pathlib.Path(__file__).resolve().parent.parent /
           "definitions/node_modules/hl7.fhir.r4.examples")
# src/fhir/terminology/expansion_test.cpp says why each of these differs.
DIFFERENT = {
    "c80-doc-typecodes", "v3-ActCode", "v2-0916", "v2-0487", "relatedperson-relationshiptype",
    "patient-contactrelationship", "v3-ActPharmacySupplyType", "diagnostic-service-sections",
    "detectedissue-category", "security-labels", "observation-interpretation",
}


def flat(contains):
    for entry in contains:
        yield entry["system"], entry["code"]
        yield from flat(entry.get("contains", []))


def query(**parameters):
    return urllib.parse.urlencode({k.replace("_", "-"): v for k, v in parameters.items()})


class Terminology(ServerTest):
    @classmethod
    def setUpClass(cls):
        with open(PACKAGE / "Bundle-valueset-expansions.json", encoding="utf-8") as file:
            cls.expansions = [e["resource"] for e in json.load(file)["entry"]]

    def setUp(self):
        super().setUp()
        self.server = self.serve(self.init())
        self.http = self.server.connect()

    def value(self, reply, name):
        self.assertEqual(reply.status, 200, reply.body)
        for parameter in reply.json()["parameter"]:
            if parameter["name"] == name:
                return next(v for k, v in parameter.items() if k.startswith("value"))
        return None

    def test_every_expansion_is_that_of_the_publishers_or_refused_by_name(self):
        equal, refused = 0, 0
        for published in self.expansions:
            reply = ask(self.http, "GET", "/fhir/ValueSet/$expand?" + query(url=published["url"]))
            if reply.status == 403:
                issue = reply.json()["issue"][0]
                self.assertEqual(issue["code"], "too-costly")
                self.assertIn("://" if "urn:" not in issue["diagnostics"] else "urn:",
                              issue["diagnostics"])
                refused += 1
                continue
            self.assertEqual(reply.status, 200, reply.body[:500])
            expansion = reply.json()["expansion"]
            ours = set(flat(expansion.get("contains", [])))
            self.assertEqual(expansion["total"], ("number", str(len(ours))))
            theirs = set(flat(published["expansion"].get("contains", [])))
            if published["url"].rpartition("/")[2] in DIFFERENT:
                self.assertLess(theirs, ours, published["url"])
            else:
                self.assertEqual(ours, theirs, published["url"])
                equal += 1
        self.assertEqual((equal, refused, len(self.expansions)), (491, 51, 553))

    def test_a_code_of_each_expansion_is_valid_or_cannot_be_known(self):
        answers = {"valid": 0, "unknown": 0}
        for published in self.expansions:
            for system, code in list(flat(published["expansion"].get("contains", [])))[:1]:
                reply = ask(self.http, "GET", "/fhir/ValueSet/$validate-code?" +
                            query(url=published["url"], system=system, code=code, abstract="true"))
                if reply.status == 400:
                    self.assertEqual(reply.json()["issue"][0]["code"], "not-supported")
                    self.assertIn(system, reply.json()["issue"][0]["diagnostics"])
                    answers["unknown"] += 1
                else:
                    self.assertEqual(self.value(reply, "result"), True, (published["url"], code))
                    answers["valid"] += 1
        self.assertGreater(answers["valid"], 490)
        self.assertGreater(answers["unknown"], 30)

    def test_stored_resources_are_expanded_as_they_are_now(self):
        words = {"resourceType": "ValueSet", "id": "words", "status": "active", "compose": {
            "include": [{"system": "urn:x", "concept": [{"code": "a"}]}]}}
        self.assertEqual(ask(self.http, "PUT", "/fhir/ValueSet/words", words).status, 201)
        path = "/fhir/ValueSet/words/$expand"
        self.assertEqual(ask(self.http, "GET", path).json()["expansion"]["total"], ("number", "1"))
        words["compose"]["include"][0]["concept"].append({"code": "b"})
        self.assertEqual(ask(self.http, "PUT", "/fhir/ValueSet/words", words).status, 200)
        self.assertEqual(ask(self.http, "GET", path).json()["expansion"]["total"], ("number", "2"))
        self.assertEqual(ask(self.http, "DELETE", "/fhir/ValueSet/words").status, 204)
        self.assertEqual(ask(self.http, "GET", path).status, 410)

    def test_lookup_subsumes_and_translate_answer_in_parameters(self):
        role = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
        found = ask(self.http, "GET", "/fhir/CodeSystem/$lookup?" + query(system=role, code="MTH"))
        self.assertEqual(self.value(found, "display"), "mother")
        outcome = ask(self.http, "POST", "/fhir/CodeSystem/$subsumes", {
            "resourceType": "Parameters", "parameter": [
                {"name": "system", "valueUri": role}, {"name": "codeA", "valueCode": "FAMMEMB"},
                {"name": "codeB", "valueCode": "MTH"}]})
        self.assertEqual(self.value(outcome, "outcome"), "subsumes")
        translated = ask(self.http, "GET", "/fhir/ConceptMap/$translate?" + query(
            url="http://hl7.org/fhir/ConceptMap/cm-address-use-v2", code="home",
            system="http://hl7.org/fhir/address-use"))
        self.assertEqual(self.value(translated, "result"), True)

    def test_sets_that_import_each_other_and_costly_patterns_end(self):
        circle = {"resourceType": "ValueSet", "url": "urn:circle", "status": "draft", "compose": {
            "include": [{"valueSet": ["urn:circle"]}] * 500}}
        reply = ask(self.http, "POST", "/fhir/ValueSet/$expand", circle)
        self.assertEqual(reply.status, 403, reply.body[:300])
        self.assertIn("circle", reply.json()["issue"][0]["diagnostics"])
        pattern = {"resourceType": "ValueSet", "status": "draft", "compose": {"include": [
            {"system": "http://dicom.nema.org/resources/ontology/DCM",
             "filter": [{"property": "display", "op": "regex", "value": ".*a" * 100 + "!"}]}]}}
        reply = ask(self.http, "POST", "/fhir/ValueSet/$expand", pattern)
        self.assertEqual(reply.status, 200, reply.body[:300])
        self.assertEqual(reply.json()["expansion"]["total"], ("number", "0"))


if __name__ == "__main__":
    main()
