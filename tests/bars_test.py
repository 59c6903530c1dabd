"""bars_test.py: referrals and bookings as messages of the NHS Booking and Referral Standard, at the real server: one
referral opens one item however often its message comes, by however many connections, across a kill; what follows
moves that item; what is refused leaves nothing."""
import json
import threading

from harness import RecordTest, ask, main

EVENTS = "https://fhir.nhs.uk/CodeSystem/message-events-bars"
REASONS = "https://fhir.nhs.uk/CodeSystem/message-reason-bars"
CATEGORIES = "https://fhir.nhs.uk/CodeSystem/message-category-servicerequest"
NHS = "https://fhir.nhs.uk/Id/nhs-number"
OURS = "https://eyes.example/fhir"
THEIRS = "https://oldmill.example/fhir"
REQUEST, PATIENT, PRACTICE, APPOINTMENT = (f"urn:uuid:6f1d0f00-0000-4000-8000-00000000000{n}" for n in range(1, 5))


def header(number, event, reason, focus):
    return {"resourceType": "MessageHeader", "id": number, "eventCoding": {"system": EVENTS, "code": event},
            "destination": [{"endpoint": OURS}], "source": {"name": "Old Mill", "endpoint": THEIRS},
            "reason": {"coding": [{"system": REASONS, "code": reason}]}, "focus": [{"reference": focus}]}


def referral(status="active", number="9434765919", **more):
    return {REQUEST: {"resourceType": "ServiceRequest", "identifier": [{"system": "urn:oldmill", "value": "R-1"}],
                      "status": status, "intent": "plan", "subject": {"reference": PATIENT},
                      "category": [{"coding": [{"system": CATEGORIES, "code": "referral"}]}],
                      "requester": {"reference": PRACTICE}, **more},
            PATIENT: {"resourceType": "Patient", "identifier": [{"system": NHS, "value": number}],
                      "name": [{"family": "Sheard"}]},
            PRACTICE: {"resourceType": "Organization", "name": "Old Mill practice", "identifier": [
                {"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "A81001"}]}}


def booking(status):
    return {APPOINTMENT: {"resourceType": "Appointment", "identifier": [{"system": "urn:oldmill", "value": "A-1"}],
                          "status": status, "basedOn": [{"reference": REQUEST}], "start": "2027-02-02T10:00:00Z",
                          "end": "2027-02-02T10:20:00Z",
                          "participant": [{"status": "accepted", "actor": {"reference": PATIENT}}]}, **referral()}


def message(number, event, reason, resources):
    first = header(number, event, reason, next(iter(resources)))
    return json.dumps({"resourceType": "Bundle", "type": "message", "timestamp": "2026-11-30T10:00:00Z", "entry": [
        {"fullUrl": "urn:uuid:6f1d0f00-0000-4000-8000-000000000000", "resource": first},
        *({"fullUrl": url, "resource": resource} for url, resource in resources.items())]})


class Bars(RecordTest):
    def setUp(self):
        super().setUp()
        self.directory = self.init()
        self.server = self.serve(self.directory)

    def send(self, text):
        return ask(self.server.connect(), "POST", "/fhir/$process-message", text)

    def take(self, *what):
        reply = self.send(message(*what))
        self.assertEqual(reply.status, 200, reply.body)
        return reply.body

    def item(self):
        found = self.found("Task?code=urn:holdfast:pathway|referral")
        self.assertEqual(len(found), 1, found)
        return found[0]

    def state(self):
        return self.item()["businessStatus"]["coding"][0]["code"]

    def head(self):
        return ask(self.server.connect(), "GET", "/fhir/Task?_count=1").headers["Holdfast-Position"]

    def test_a_referral_lives(self):
        answer = json.loads(self.take("m-1", "servicerequest-request", "new", referral()))
        told, request = (entry["resource"] for entry in answer["entry"])
        self.assertEqual((answer["type"], told["resourceType"]), ("message", "MessageHeader"))
        self.assertEqual(told["eventCoding"], {"system": EVENTS, "code": "servicerequest-response"})
        self.assertEqual(told["response"], {"identifier": "m-1", "code": "ok"})
        self.assertEqual(told["destination"], [{"name": "Old Mill", "endpoint": THEIRS}])
        self.assertEqual(told["source"]["endpoint"], OURS)
        item = self.item()
        self.assertEqual(item["focus"]["reference"], "ServiceRequest/" + request["id"])
        patient, = self.found(f"Patient?identifier={NHS}|9434765919")
        self.assertEqual(item["for"]["reference"], "Patient/" + patient["id"])
        self.assertEqual(self.state(), "received")

        self.take("m-2", "servicerequest-request", "update", referral(priority="urgent"))
        self.assertEqual(self.found("ServiceRequest")[0]["priority"], "urgent")
        self.take("m-3", "booking-request", "new", booking("booked"))
        self.assertEqual(self.state(), "booked")
        self.take("m-4", "booking-request", "update", booking("cancelled"))
        self.assertEqual(self.state(), "clinical-review")
        self.take("m-5", "booking-request", "update", booking("booked"))
        self.assertEqual(self.state(), "booked")
        self.take("m-6", "servicerequest-request", "update", referral("revoked"))
        self.assertEqual((self.state(), self.item()["status"]), ("clinical-review", "in-progress"))
        for kind in "ServiceRequest", "Patient", "Organization", "Appointment":
            self.assertEqual(len(self.found(kind)), 1, kind)
        words = self.get(f"/fhir/Patient/{patient['id']}/$where-is-my-referral")["parameter"][0]["valueString"]
        self.assertIn("waiting for a clinician's review", words)
        entries = json.dumps(self.get(f"/fhir/ServiceRequest/{request['id']}/$chronology"))
        self.assertIn("Binary/", entries)
        self.assertIn(THEIRS, json.dumps(self.found(f"Provenance?target=ServiceRequest/{request['id']}")))

    def test_what_is_closed_and_asked_for_anew_opens_again(self):
        self.take("m-1", "servicerequest-request", "new", referral())
        item = self.item()
        reply = ask(self.server.connect(), "POST", f"/fhir/Task/{item['id']}/$close", {
            "resourceType": "Parameters", "parameter": [
                {"name": "act", "valueString": "end"},
                {"name": "reason", "valueCoding": {"code": "34", "display": "Decision not to treat"}}]})
        self.assertEqual(reply.status, 200, reply.body)
        # A change of what is closed opens nothing; to ask anew does, under the number of before.
        self.take("m-2", "servicerequest-request", "update", referral(priority="urgent"))
        self.assertEqual(self.item()["status"], "cancelled")
        self.take("m-3", "servicerequest-request", "new", referral())
        again = self.item()
        self.assertEqual((again["id"], self.state(), again["status"]), (item["id"], "received", "requested"))
        self.assertIn("asked for anew", again["statusReason"]["text"])
        self.assertEqual(len(self.found("ServiceRequest")), 1)

    def test_a_message_happens_once(self):
        text = message("m-1", "servicerequest-request", "new", referral())
        answers = []
        together = [threading.Thread(target=lambda: answers.append(self.send(text))) for _ in range(8)]
        for one in together:
            one.start()
        for one in together:
            one.join()
        port = self.server.port
        self.assertEqual([reply.status for reply in answers], [200] * 8, answers[0].body)
        self.assertEqual(len({reply.body for reply in answers}), 1)
        head = self.head()
        self.server.kill()
        self.server = self.serve(self.directory, "--http", f"127.0.0.1:{port}")
        again = self.send(text)
        self.assertEqual((again.status, again.body), (200, answers[0].body))
        self.assertEqual((self.state(), self.head()), ("received", head))

        other = self.send(text.replace("Sheard", "Shepherd"))
        self.assertEqual(other.status, 409, other.body)
        self.assertIn("has sent another message with the id m-1", other.body.decode())

    def test_a_patient_who_comes_with_many_at_once_is_one(self):
        replies = []

        def refer(number):
            resources = referral()
            resources[REQUEST]["identifier"][0]["value"] = f"R-{number}"
            replies.append(self.send(message(f"m-{number}", "servicerequest-request", "new", resources)))
        together = [threading.Thread(target=refer, args=(number,)) for number in range(8)]
        for one in together:
            one.start()
        for one in together:
            one.join()
        self.assertEqual([reply.status for reply in replies], [200] * 8, replies[0].body)
        self.assertEqual((len(self.found("Patient")), len(self.found("Organization"))), (1, 1))
        self.assertEqual(len(self.found("Task?code=urn:holdfast:pathway|referral")), 8)

    def test_what_is_refused_leaves_nothing(self):
        self.take("m-1", "servicerequest-request", "new", referral())
        head = self.head()
        missing = {url: one for url, one in referral().items() if url != PRACTICE}
        for number, (status, words, *what) in enumerate([
                (422, "the event", "documents", "new", referral()),
                (422, "new referral is active", "servicerequest-request", "new", referral("revoked")),
                (422, "is no NHS number", "servicerequest-request", "update", referral(number="9434765910")),
                (422, "is another patient's here", "servicerequest-request", "update", referral(number="9000000009")),
                (422, "names no entry", "servicerequest-request", "update", missing),
                (404, "not known here", "booking-request", "update", booking("booked"))]):
            reply = self.send(message(f"bad-{number}", *what))
            self.assertEqual(reply.status, status, reply.body)
            answer = json.loads(reply.body)
            if answer["resourceType"] == "Bundle":
                told, outcome = (entry["resource"] for entry in answer["entry"])
                self.assertEqual(told["response"]["code"], "fatal-error")
                self.assertEqual(told["response"]["details"]["reference"], answer["entry"][1]["fullUrl"])
                answer = outcome
            self.assertEqual(answer["resourceType"], "OperationOutcome")
            self.assertIn(words, answer["issue"][0]["diagnostics"])
        self.assertEqual(ask(self.server.connect(), "GET", "/fhir/$process-message").status, 405)
        self.assertEqual(self.head(), head)
        self.item()


if __name__ == "__main__":
    main()
