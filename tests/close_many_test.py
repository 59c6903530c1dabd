"""close_many_test.py: one person proposes to close items, a second confirms; what moved in between stays open, over a
restart and with both names in the record."""
import json

from harness import RecordTest, ask, main

SNOMED = "http://snomed.info/sct"


class CloseMany(RecordTest):
    def setUp(self):
        super().setUp()
        self.directory = self.init()
        self.server = self.serve(self.directory)
        self.put({"resourceType": "Patient", "id": "p"})
        self.put({"resourceType": "CareTeam", "id": "eyes", "status": "active", "name": "Eye clinic"})
        for name in "ann", "bob":
            self.put({"resourceType": "Practitioner", "id": name, "active": True})
        for number in range(20):
            self.put({"resourceType": "ServiceRequest", "id": f"r{number}", "status": "active", "intent": "order",
                      "category": [{"coding": [{"system": SNOMED, "code": "3457005"}]}],
                      "subject": {"reference": "Patient/p"}, "performer": [{"reference": "CareTeam/eyes"}]})

    def put(self, resource):
        reply = ask(self.server.connect(), "PUT", f"/fhir/{resource['resourceType']}/{resource['id']}", resource)
        self.assertLess(reply.status, 300, reply.body)

    def do(self, path, *parameters, status=200):
        reply = ask(self.server.connect(), "POST", "/fhir/" + path,
                    {"resourceType": "Parameters", "parameter": list(parameters)})
        self.assertEqual(reply.status, status, reply.body)
        return json.loads(reply.body)

    @staticmethod
    def said(reply, name):
        found = next(p for p in reply["parameter"] if p["name"] == name)
        return found["valueReference"]["reference"] if "valueReference" in found else found["valueUnsignedInt"]

    def open(self):
        header = self.get("/fhir/Task/$work-list?owner=CareTeam/eyes")["entry"][0]["resource"]
        return next(e["valueUnsignedInt"] for e in header["extension"][0]["extension"] if e["url"] == "open")

    def test_two_people_close_what_was_shown(self):
        by = {"name": "by", "valueReference": {"reference": "Practitioner/ann"}}
        other = {"name": "by", "valueReference": {"reference": "Practitioner/bob"}}
        what = [{"name": "owner", "valueReference": {"reference": "CareTeam/eyes"}},
                {"name": "act", "valueString": "end"},
                {"name": "reason", "valueCoding": {"code": "34"}}]
        proposed = self.do("Task/$close-many", by, *what)
        self.assertEqual((self.said(proposed, "closable"), self.said(proposed, "not-closable")), (20, 0))
        self.assertEqual(self.open(), 20)
        proposal = self.said(proposed, "proposal")

        task = self.found("Task?focus=ServiceRequest/r7")[0]["id"]
        self.do(f"Task/{task}/$assign", {"name": "owner", "valueString": "team:referrals"})
        self.assertEqual(self.server.end(), 0)  # a proposal is in the record
        self.server = self.serve(self.directory)
        self.do(f"{proposal}/$confirm", by, status=422)
        self.assertEqual(self.open(), 19)
        waiting = self.found("List?code=urn:holdfast:proposal|close-many&status=current")
        self.assertEqual(["List/" + one["id"] for one in waiting], [proposal])

        done = self.do(f"{proposal}/$confirm", other)
        self.assertEqual((self.said(done, "closed"), self.said(done, "left")), (19, 1))
        left = [p for p in done["parameter"] if p["name"] == "not-closed"]
        self.assertIn(f"Task/{task}/_history/1", json.dumps(left))
        self.assertEqual(self.open(), 0)
        self.assertNotEqual(self.get(f"/fhir/Task/{task}")["status"], "cancelled")
        provenance = self.get("/fhir/" + self.said(done, "provenance"))
        self.assertEqual([agent["who"]["reference"] for agent in provenance["agent"]],
                         ["Practitioner/ann", "Practitioner/bob"])
        self.assertEqual(len(provenance["target"]), 19)
        self.assertEqual(self.found("List?code=urn:holdfast:proposal|close-many&status=current"), [])
        self.do(f"{proposal}/$confirm", other, status=422)


if __name__ == "__main__":
    main()
