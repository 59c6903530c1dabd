"""pathways_check_test.py: other definitions are tried on what is open before they come into force; nothing is written, and
the exit code says what the next start will say."""
import pathlib
import shutil

from harness import RecordTest, ask, main, run

SHIPPED = pathlib.Path(__file__).resolve().parent.parent / "pathways"
APPROVED = 'version = 2\napproved = ["Dr A. Bell (clinical)", "C. Dean"]\n'


class PathwaysCheck(RecordTest):
    def setUp(self):
        super().setUp()
        self.own = self.folder / "pathways"
        shutil.copytree(SHIPPED, self.own)
        for file in self.own.glob("*.toml"):  # a set may be older than those that ship
            file.write_text(file.read_text().replace('effective = "2026-12-01"', 'effective = "2026-01-01"'))
        self.directory = self.init()
        self.server = self.serve(self.directory, "--pathways", self.own)
        for body in ({"resourceType": "Patient", "id": "p"},
                     {"resourceType": "ServiceRequest", "id": "r", "status": "active", "intent": "order",
                      "category": [{"coding": [{"system": "http://snomed.info/sct", "code": "3457005"}]}],
                      "subject": {"reference": "Patient/p"}}):
            reply = ask(self.server.connect(), "PUT", f"/fhir/{body['resourceType']}/{body['id']}", body)
            self.assertLess(reply.status, 300, reply.body)

    def change(self, *changes):
        file = self.own / "referral.toml"
        text = file.read_text()
        for before, after in changes:
            self.assertIn(before, text)
            text = text.replace(before, after)
        file.write_text(text)

    def check(self, *flags):
        return run("pathways", "check", self.own, "--server", self.server.url, *flags)

    def test_what_the_check_says_is_what_the_next_start_does(self):
        same = self.check()
        self.assertEqual(same.returncode, 0, same.stdout + same.stderr)
        self.assertIn("0 pathways differ", same.stdout)

        self.change(('within = "5 working days", source = "local default"',
                     'within = "1 working day", source = "local default"'))
        refused = self.check()
        self.assertEqual(refused.returncode, 1, refused.stdout + refused.stderr)
        self.assertIn("refused: pathway 'referral' differs and still has version 1", refused.stdout)

        self.change(("version = 1\n", APPROVED))
        head = self.get("/health/ready")
        good = self.check()
        self.assertEqual(good.returncode, 0, good.stdout + good.stderr)
        self.assertIn("referral (changed): version 1 -> 2, 1 open", good.stdout)
        self.assertIn("due of routine: 5 working days -> 1 working day", good.stdout)
        self.assertIn("1 due sooner (0 overdue at once)", good.stdout)
        self.assertEqual(self.get("/health/ready"), head)
        self.assertEqual(run("pathways", "check", self.own).returncode, 0)

        self.assertEqual(self.server.end(), 0)  # and so it comes into force
        self.server = self.serve(self.directory, "--pathways", self.own)
        self.assertIn("0 pathways differ", self.check().stdout)

    def potassium(self, number, value):
        """A result that the laboratory calls normal, and its report; how many are to be telephoned by then."""
        observation = {"resourceType": "Observation", "id": f"k{number}", "status": "final",
                       "code": {"coding": [{"system": "http://loinc.org", "code": "2823-3"}]},
                       "subject": {"reference": "Patient/p"},
                       "interpretation": [{"coding": [{
                           "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", "code": "N"}]}],
                       "valueQuantity": {"value": value, "system": "http://unitsofmeasure.org", "code": "mmol/L"}}
        report = {"resourceType": "DiagnosticReport", "id": f"d{number}", "status": "final",
                  "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "LAB"}]}],
                  "code": {"text": "potassium"}, "subject": {"reference": "Patient/p"},
                  "result": [{"reference": f"Observation/k{number}"}]}
        for body in (observation, report):
            reply = ask(self.server.connect(), "PUT", f"/fhir/{body['resourceType']}/{body['id']}", body)
            self.assertLess(reply.status, 300, reply.body)
        return self.get("/fhir/Task?patient=Patient/p&code=urn:holdfast:pathway|critical-result&_summary=count")["total"]

    def test_a_hospitals_own_clinical_table_is_tried_and_comes_into_force(self):
        self.assertEqual(self.potassium(1, 6.2), 0)
        table = self.own / "clinical" / "phone.toml"
        table.parent.mkdir()
        shipped = (SHIPPED.parent / "clinical" / "phone.toml").read_text()
        table.write_text(shipped)
        self.assertNotIn("clinical table", self.check().stdout)

        own = shipped.replace('high = "6.5"', 'high = "6.0"')
        table.write_text(own)
        refused = self.check()
        self.assertEqual(refused.returncode, 1)
        self.assertIn("clinical table 'phone' differs and still has version 1", refused.stdout)
        own = own.replace('version = "1"', 'version = "ours 1"').replace('effective = "2026-11-30"', 'effective = "2026-01-01"')
        table.write_text(own)
        self.assertIn("clinical table 'phone' version ours 1 is not approved", self.check().stdout)
        table.write_text(own.replace(
            "approved_by = []", 'approved_by = [{ name = "Dr A. Bell", clinical = true }, { name = "C. Dean" }]'))
        good = self.check()
        self.assertEqual(good.returncode, 0, good.stdout)
        self.assertIn("clinical table phone: version 1 -> ours 1, ", good.stdout)
        self.assertIn('  - high = "6.5"\n', good.stdout)
        self.assertIn('  + high = "6.0"\n', good.stdout)
        self.assertIn("normal -> critical: 1, such as Observation/k1", good.stdout)

        self.assertEqual(self.server.end(), 0)
        self.server = self.serve(self.directory, "--pathways", self.own)
        self.assertEqual(self.potassium(2, 6.2), 1)
        self.assertEqual(self.potassium(3, 5.9), 1)
        # A folder that leaves the table out leaves it as it is.
        shutil.rmtree(table.parent)
        self.assertNotIn("clinical table", self.check().stdout)
        self.assertEqual(self.server.end(), 0)
        self.server = self.serve(self.directory, "--pathways", self.own)
        self.assertEqual(self.potassium(4, 6.2), 2)

    def test_what_cannot_be_read_is_refused_without_a_server(self):
        (self.own / "clinical").mkdir()
        (self.own / "clinical" / "phon.toml").write_text('table = "phone"\n')
        unknown = run("pathways", "check", self.own)
        self.assertEqual(unknown.returncode, 1)
        self.assertIn("there is no table 'phon'; did you mean 'phone'?", unknown.stdout)
        self.change(("[[state]]", "[[stat]]"))
        broken = run("pathways", "check", self.own)
        self.assertEqual(broken.returncode, 1)
        self.assertIn("referral.toml", broken.stdout)
        self.assertEqual(self.check().returncode, 1)
        self.assertEqual(run("pathways", "check", self.folder / "nothing").returncode, 2)


if __name__ == "__main__":
    main()
