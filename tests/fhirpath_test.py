"""fhirpath_test.py: `holdfast fhirpath EXPR FILE` as a person and a script use it."""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from harness import BINARY, main, run

PATIENT = {"resourceType": "Patient", "id": "p", "active": True, "birthDate": "1970-03-01",
           "name": [{"use": "official", "family": "Rey", "given": ["Ann", "B\"ea"]}, {"family": "Old"}],
           "contact": [{"name": {"family": "Kin"}}]}
OBSERVATION = """<?xml version="1.0"?><Observation xmlns="http://hl7.org/fhir"><status value="final"/>
<code><text value="weight"/></code><valueQuantity><value value="185.0"/><unit value="lbs"/>
<system value="http://unitsofmeasure.org"/><code value="[lb_av]"/></valueQuantity></Observation>"""


class FhirPath(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.patient = pathlib.Path(self.folder.name) / "patient.json"
        self.patient.write_text(json.dumps(PATIENT, indent=2))
        self.observation = pathlib.Path(self.folder.name) / "observation.xml"
        self.observation.write_text(OBSERVATION)

    def results(self, expression, file, *more):
        done = run("fhirpath", expression, file, *more)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def test_one_json_line_a_result(self):
        self.assertEqual(self.results("name.given", self.patient),
                         [{"type": "string", "value": "Ann"}, {"type": "string", "value": "B\"ea"}])
        self.assertEqual(self.results("name.where(use = 'official') | birthDate | active.not() | 1 'mg'",
                                      self.patient),
                         [{"type": "HumanName", "value": PATIENT["name"][0]},
                          {"type": "date", "value": "1970-03-01"},
                          {"type": "System.Boolean", "value": False},
                          {"type": "System.Quantity", "value": {"value": 1, "unit": "mg"}}])
        self.assertEqual(self.results("name.where(use = 'nickname')", self.patient), [])
        self.assertEqual(self.results("contact", self.patient),
                         [{"type": "BackboneElement", "value": PATIENT["contact"][0]}])

    def test_xml_is_read_as_well_and_decimals_keep_their_digits(self):
        done = run("fhirpath", "Observation.value.value", self.observation)
        self.assertEqual(done.stdout, '{"type":"decimal","value":185.0}\n')
        self.assertEqual(self.results("value > 83 'kg' and value < 84 'kg'", self.observation),
                         [{"type": "System.Boolean", "value": True}])

    def test_a_wrong_expression_ends_with_1_and_a_caret(self):
        done = run("fhirpath", "name.where(famly = 'x')", self.patient)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertEqual(done.stderr,
                         "fhirpath: HumanName has no element famly (did you mean family?) (character 12)\n"
                         "  name.where(famly = 'x')\n"
                         "             ^\n")
        done = run("fhirpath", "'é' +\n 1 +", self.patient)
        self.assertEqual(done.returncode, 1)
        self.assertTrue(done.stderr.endswith("\n   1 +\n      ^\n"), done.stderr)
        for wrong in ("", "name.given.single()", "(" * 5000, "name.as(HumanName)", "'a'.matches('(')"):
            done = run("fhirpath", wrong, self.patient)
            self.assertEqual((done.returncode, done.stdout), (1, ""), wrong[:40])
            self.assertIn("fhirpath: ", done.stderr)

    def test_patterns_that_take_others_for_ever_take_no_time(self):
        file = pathlib.Path(self.folder.name) / "long.json"
        file.write_text(json.dumps({"resourceType": "Patient", "name": [{"family": "a" * 100_000}]}))
        for pattern in ("(a+)+b", "(a|a)*b", "(a|aa)+b", "(.*a){12}b", "([a-zA-Z]+)*b", "(a?){25}a{25}b", "^(a*)*c$"):
            self.assertEqual(self.results(f"name.family.matches('{pattern}')", file),
                             [{"type": "System.Boolean", "value": False}], pattern)
        for pattern in ("(a{1000}){1000}", "((a{100}){100}){100}", "(?=a)b", r"(a)\\1", "a{2,1}",
                        "(" * 2000 + ")" * 2000):
            done = run("fhirpath", f"name.family.matches('{pattern}')", file, timeout=60)
            self.assertEqual((done.returncode, done.stdout), (1, ""), pattern[:40])
            self.assertTrue(done.stderr.startswith("fhirpath: "), f"{pattern[:40]}: {done.stderr[:200]}")

    def test_hostile_expressions_end_with_a_reason(self):
        doubling = "'aaaaaaaa'" + ".select($this & $this)" * 60
        for name, expression in {
            "cross product": "(1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10)" + ".select((1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10).combine($this))" * 12,
            "text that doubles": doubling,
            "text that grows": "'ab'" + ".replace('', 'ababababababab')" * 12,
            "repeat without end": "repeat($this & 'x')",
            "aggregate": "(1 | 2 | 3).aggregate($total & $total & 'abcdefgh' & $total, 'abcdefgh')" + ".select($this & $this)" * 40,
            "deep": "not(" * 3000 + "true" + ")" * 3000,
            "wide": " or ".join(["(active and active)"] * 200_000)[:900_000],
            "huge number": "9" * 5000, "huge text": "'" + "x" * (8 << 20) + "'",
        }.items():
            file = pathlib.Path(self.folder.name) / "expression"
            file.write_text(expression)
            # The longest argument of a process is 128 KiB; what is longer would never arrive.
            done = run("fhirpath", expression[:120_000], self.patient, timeout=120)
            self.assertEqual(done.returncode, 1, f"{name}: {done.stdout[:200]}")
            self.assertEqual(done.stdout, "", name)
            self.assertTrue(done.stderr.startswith("fhirpath: "), f"{name}: {done.stderr[:200]}")

    def test_lenient_takes_unknown_elements_as_empty(self):
        self.assertEqual(run("fhirpath", "Encounter.class", self.patient).returncode, 1)
        self.assertEqual(self.results("Encounter.class | id", self.patient, "--lenient"),
                         [{"type": "id", "value": "p"}])

    def test_standard_input_and_trace(self):
        done = subprocess.run([BINARY, "fhirpath", "name.family.trace('seen').count()", "-"],
                              input=json.dumps(PATIENT), capture_output=True, text=True, timeout=60)
        self.assertEqual(done.stdout, '{"type":"System.Integer","value":2}\n')
        self.assertEqual(done.stderr, 'trace seen: "Rey", "Old"\n')

    def test_a_file_that_is_no_document_ends_with_1(self):
        bad = pathlib.Path(self.folder.name) / "bad.json"
        for text in ("", "{", "<Patient", "<!DOCTYPE a><Patient/>", "\xff"):
            bad.write_text(text, encoding="latin-1")
            done = run("fhirpath", "id", bad)
            self.assertEqual((done.returncode, done.stdout), (1, ""), text)
            self.assertTrue(done.stderr.startswith("fhirpath: "), done.stderr)
        self.assertEqual(run("fhirpath", "id", bad.with_name("none.json")).returncode, 1)
        self.assertEqual(run("fhirpath", "id").returncode, 2)


if __name__ == "__main__":
    main()
