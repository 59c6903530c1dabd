"""rotas_test.py: whose an item is, seen by people: a rota on one list, an owner on leave and the deputy, a leaver's open
duties, and what is pending at discharge."""
import datetime
import json

from harness import RecordTest, ask, main, wait_until

SNOMED = "http://snomed.info/sct"


class Rotas(RecordTest):
    def setUp(self):
        super().setUp()
        self.directory = self.init()
        self.server = self.serve(self.directory)
        self.put({"resourceType": "Patient", "id": "p"})
        for name in "dr", "di":
            self.put({"resourceType": "Practitioner", "id": name, "active": True})
        self.put({"resourceType": "CareTeam", "id": "eyes", "status": "active", "name": "Eye clinic",
                  "participant": [{"member": {"reference": "PractitionerRole/dr-eyes"}}]})
        self.role()

    def put(self, resource):
        reply = ask(self.server.connect(), "PUT", f"/fhir/{resource['resourceType']}/{resource['id']}", resource)
        self.assertLess(reply.status, 300, reply.body)
        return reply

    def role(self, **more):
        self.put({"resourceType": "PractitionerRole", "id": "dr-eyes", "active": True,
                  "practitioner": {"reference": "Practitioner/dr"},
                  "extension": [{"url": "urn:holdfast:deputy", "valueReference": {"reference": "Practitioner/di"}}],
                  **more})

    def refer(self, name, owner):
        self.put({"resourceType": "ServiceRequest", "id": name, "status": "active", "intent": "order",
                  "category": [{"coding": [{"system": SNOMED, "code": "3457005"}]}],
                  "subject": {"reference": "Patient/p"}, "performer": [{"reference": owner}]})
        return self.found(f"Task?focus=ServiceRequest/{name}")[0]["id"]

    def listed(self, query):
        bundle = self.get("/fhir/" + query)
        return [e["resource"]["focus"]["reference"] for e in bundle["entry"] if e["search"]["mode"] == "match"]

    def test_a_rota_on_one_list_and_an_owner_on_leave(self):
        own = self.refer("own", "Practitioner/dr")
        self.refer("team", "CareTeam/eyes")
        self.assertEqual(sorted(self.listed("Task/$work-list?owner=Practitioner/dr&teams=1")),
                         ["ServiceRequest/own", "ServiceRequest/team"])
        self.assertEqual(self.listed("Task/$work-list?owner=Practitioner/dr"), ["ServiceRequest/own"])

        start = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2)
        self.role(notAvailable=[{"description": "leave", "during": {
            "start": start.strftime("%Y-%m-%dT%H:%M:%SZ"), "end": "2999-01-01"}}])
        self.assertNotIn("recipient", self.get(f"/fhir/Task/{own}")["restriction"])
        wait_until(lambda: "recipient" in self.get(f"/fhir/Task/{own}")["restriction"])
        task = self.get(f"/fhir/Task/{own}")
        self.assertEqual(task["restriction"]["recipient"], [{"reference": "Practitioner/di"}])
        self.assertEqual(task["owner"], {"reference": "Practitioner/dr"})
        self.assertIn("is away, leave", task["statusReason"]["text"])
        self.assertEqual(task["meta"]["versionId"], "2")
        self.refer("new", "Practitioner/dr")
        self.assertEqual(sorted(self.listed("Task/$work-list?owner=Practitioner/di&overseer=1")),
                         ["ServiceRequest/new", "ServiceRequest/own"])

        self.assertEqual(self.server.end(), 0)  # nobody is told again by a restart
        self.server = self.serve(self.directory)
        self.refer("later", "Practitioner/dr")
        self.assertEqual(self.get(f"/fhir/Task/{own}")["meta"]["versionId"], "2")

        duties = json.dumps(self.get("/fhir/Practitioner/dr/$open-duties"))
        self.assertIn("Practitioner/dr owns 3 open items", duties)
        reply = self.put({"resourceType": "Practitioner", "id": "dr", "active": False})
        self.assertEqual(reply.headers["Holdfast-Items-Moved"], "3")
        self.assertIn("Practitioner/dr owns 0 open items", json.dumps(self.get("/fhir/Practitioner/dr/$open-duties")))

    def test_pending_at_discharge(self):
        stay = {"resourceType": "Encounter", "id": "e", "status": "in-progress",
                "class": {"code": "IMP"}, "subject": {"reference": "Patient/p"},
                "period": {"start": "2026-01-01T00:00:00Z"}}
        self.put(stay)
        self.refer("r", "CareTeam/eyes")
        self.assertEqual(self.listed("Encounter/e/$pending"), ["ServiceRequest/r"])
        self.assertEqual(self.listed("Patient/p/$pending"), [])
        self.put({**stay, "status": "finished"})
        self.refer("after", "CareTeam/eyes")
        for query in "Encounter/e/$pending", "Patient/p/$pending", \
                     "Task/$work-list?owner=CareTeam/eyes&pending-at-discharge=1":
            self.assertEqual(self.listed(query), ["ServiceRequest/r"], query)

    def test_pages_of_what_is_pending_go_on_behind_a_restart(self):
        self.put({"resourceType": "Encounter", "id": "e", "status": "in-progress", "class": {"code": "IMP"},
                  "subject": {"reference": "Patient/p"}, "period": {"start": "2026-01-01T00:00:00Z"}})
        for number in range(5):
            self.refer(f"r{number}", "CareTeam/eyes")
        link = "Encounter/e/$pending?_count=2"
        found = []
        while link:
            bundle = self.get("/fhir/" + link)
            self.assertEqual(bundle["total"], 5)
            found += self.listed(link)
            link = next((one["url"].split("/fhir/")[1] for one in bundle["link"] if one["relation"] == "next"), None)
            self.assertEqual(self.server.end(), 0)
            self.server = self.serve(self.directory)
        self.assertEqual(sorted(found), [f"ServiceRequest/r{number}" for number in range(5)])


if __name__ == "__main__":
    main()
