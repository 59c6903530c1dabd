"""pathways_test.py: lives of requests over both doors of the real server: an order, its sample, its results, the
telephone call, the acknowledgement, the correction; blood until the fate of each unit; an operation and its date; a
referral. What comes by HL7 v2 and what comes by FHIR moves the same items."""
import json
import re
import shutil
from datetime import datetime, timedelta, timezone
from pathlib import Path

from harness import RecordTest, ask, main, metric, wait_until
from mllp import Mllp

CONFIG = """
[[neighbour]]
name = "lab"
senders = ["LAB"]
zone = "Europe/London"

[[neighbour]]
name = "epr"
senders = ["EPR"]
zone = "Europe/London"
"""
SNOMED = "http://snomed.info/sct"
EPR = "urn:holdfast:authority:EPR"
PID = "PID|1||{patient}^^^QE2^MR||Test{patient}^Ann||19800102|F\r"


class Pathways(RecordTest):
    def setUp(self):
        super().setUp()
        config = self.folder / "holdfast.toml"
        config.write_text(CONFIG)
        self.directory = self.init()
        self.server = self.serve(self.directory, "--config", config, "--mllp", "127.0.0.1:0")
        self.numbers = 0

    # ---- both doors --------------------------------------------------------------------------------------------

    def v2(self, kind, body, sender="LAB", at="20260301101500"):
        """Sends it and returns once it is acknowledged: then it is in the record."""
        self.numbers += 1
        text = f"MSH|^~\\&|{sender}|QE2|HOLDFAST|QE2|{at}||{kind}|{self.numbers}|P|2.5\r{body}"
        peer = Mllp(*self.server.mllp)
        self.assertEqual(peer.ask(text.encode()), ("AA", str(self.numbers)), text)
        peer.close()

    def put(self, resource):
        reply = ask(self.server.connect(), "PUT", f"/fhir/{resource['resourceType']}/{resource['id']}", resource)
        self.assertLess(reply.status, 300, reply.body)

    def do(self, task, act, status=200, **outputs):
        parameters = [{"name": "act", "valueString": act}]
        for name, value in outputs.items():
            if name == "reason":
                parameters.append({"name": "reason", "valueString": value})
            else:
                kind = "valueReference" if name == "evidence" else "valueString"
                value = {"reference": value} if name == "evidence" else value
                parameters.append({"name": "output", "part": [
                    {"name": "type", "valueString": name.replace("_", "-")}, {"name": "value", kind: value}]})
        reply = ask(self.server.connect(), "POST", f"/fhir/Task/{task['id']}/$advance",
                    {"resourceType": "Parameters", "parameter": parameters})
        self.assertEqual(reply.status, status, reply.body)
        return json.loads(reply.body)

    def items(self, focus, pathway=None):
        all_of_it = [task for task in self.found(f"Task?focus={focus}&_sort=_lastUpdated&_count=100")
                     if any(e["url"] == "urn:holdfast:item" for e in task.get("extension", []))]
        return [t for t in all_of_it if pathway is None or self.pathway(t) == pathway]

    @staticmethod
    def pathway(task):
        return next(c["code"] for c in task["code"]["coding"] if c["system"] == "urn:holdfast:pathway")

    @staticmethod
    def state(task):
        return task["businessStatus"]["coding"][0]["code"]

    def only(self, focus, pathway):
        found = self.items(focus, pathway)
        self.assertEqual(len(found), 1, found)
        self.assertIn("owner", found[0])
        return found[0]

    def expect(self, focus, pathway, state):
        task = self.only(focus, pathway)
        self.assertEqual(self.state(task), state, task)
        return task

    def request_of(self, number):
        found = self.found(f"ServiceRequest?identifier={EPR}|{number}")
        self.assertEqual(len(found), 1)
        return "ServiceRequest/" + found[0]["id"]

    # ---- an order of potassium, by either door -------------------------------------------------------------------

    def order_by_v2(self, number, patient):
        self.v2("OML^O21", PID.format(patient=patient) +
                f"ORC|NW|{number}^EPR|||||||20260301100000\r"
                f"OBR|1|{number}^EPR||K^Potassium^L||||||||||||||||||||CH\r", sender="EPR")
        return self.request_of(number)

    def order_by_fhir(self, number, patient):
        self.put({"resourceType": "Patient", "id": "p" + patient, "identifier": [
            {"system": "urn:holdfast:authority:QE2", "value": patient}]})
        self.put({"resourceType": "ServiceRequest", "id": "o" + number, "status": "active", "intent": "order",
                  "identifier": [{"system": EPR, "value": number}],
                  "category": [{"coding": [{"system": SNOMED, "code": "108252007"}]}],
                  "code": {"text": "Potassium"}, "subject": {"reference": "Patient/p" + patient}})
        return "ServiceRequest/o" + number

    def sample_by_v2(self, number, patient, request):
        self.v2("OML^O21", PID.format(patient=patient) +
                f"ORC|SC|{number}^EPR|F{number}^LAB||IP\r"
                f"OBR|1|{number}^EPR|F{number}^LAB|K^Potassium^L||||||||||20260301110000|BLD\r")

    def sample_by_fhir(self, number, patient, request):
        subject = self.found(f"Patient?identifier=urn:holdfast:authority:QE2|{patient}")[0]["id"]
        self.put({"resourceType": "Specimen", "id": "s" + number, "request": [{"reference": request}],
                  "receivedTime": "2026-03-01T11:00:00Z", "subject": {"reference": "Patient/" + subject}})

    def result_by_v2(self, number, patient, request, value, status, flag, at):
        self.v2("ORU^R01", PID.format(patient=patient) +
                f"ORC|RE|{number}^EPR|F{number}^LAB\r"
                f"OBR|1|{number}^EPR|F{number}^LAB|K^Potassium^L|||20260301100000|||||||||||||||{at}||CH|{status}\r"
                f"OBX|1|NM|K^Potassium^L||{value}|mmol/L|3.5-5.3|{flag}|||{status}|||{at}\r", at=at)

    def result_by_fhir(self, number, patient, request, value, status, flag, at):
        word = {"P": "preliminary", "F": "final", "C": "corrected"}[status]
        subject = self.found(f"Patient?identifier=urn:holdfast:authority:QE2|{patient}")[0]["id"]
        code = flag or "N"
        self.put({"resourceType": "Observation", "id": "v" + number, "status": word, "code": {"text": "Potassium"},
                  "subject": {"reference": "Patient/" + subject}, "basedOn": [{"reference": request}],
                  "valueQuantity": {"value": value, "unit": "mmol/L"}, "interpretation": [{"coding": [
                      {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", "code": code}]}]})
        # A report that knows its order by its number only.
        self.put({"resourceType": "DiagnosticReport", "id": "r" + number, "status": word, "code": {"text": "Potassium"},
                  "subject": {"reference": "Patient/" + subject}, "result": [{"reference": "Observation/v" + number}],
                  "basedOn": [{"type": "ServiceRequest", "identifier": {"system": EPR, "value": number}}]})

    def life(self, number, order, sample, result):
        """From the order to the second acknowledgement; one item of the order all the way."""
        patient = number[1:]
        request = order(number, patient)
        task = self.expect(request, "diagnostic-order", "ordered")
        sample(number, patient, request)
        self.expect(request, "diagnostic-order", "in-progress")
        result(number, patient, request, 5.0, "P", "", "20260301120000")
        self.expect(request, "diagnostic-order", "interim")
        result(number, patient, request, 7.1, "F", "HH", "20260301130000")
        task = self.expect(request, "diagnostic-order", "result")
        self.assertEqual(task["priority"], "stat")
        call = self.expect(request, "critical-result", "to-phone")
        self.assertEqual(call["partOf"][0]["reference"], "Task/" + task["id"])
        self.do(task, "acknowledge", status=422)  # what was done about it is missing
        self.do(call, "phone", receiver="Dr Lee", time="2026-03-01T13:10:00Z", status=422)
        self.do(call, "phone", receiver="Dr Lee", time="2026-03-01T13:10:00Z", read_back="seven point one")
        self.expect(request, "critical-result", "phoned")
        self.do(task, "acknowledge", action="calcium gluconate, repeat in two hours")
        self.assertEqual(self.only(request, "diagnostic-order")["status"], "completed")
        result(number, patient, request, 4.6, "C", "", "20260301150000")
        task = self.expect(request, "diagnostic-order", "result")
        self.assertEqual(task["status"], "in-progress")
        self.assertIn("corrected", task["statusReason"]["text"])
        self.do(task, "acknowledge", action="haemolysed sample, no treatment")
        self.assertEqual(self.only(request, "diagnostic-order")["status"], "completed")
        self.assertEqual(len(self.items(request)), 2)  # the order, the call

    def test_a_results_whole_life_by_hl7_v2(self):
        self.life("A1", self.order_by_v2, self.sample_by_v2, self.result_by_v2)

    def test_a_results_whole_life_by_fhir(self):
        self.life("A2", self.order_by_fhir, self.sample_by_fhir, self.result_by_fhir)

    def test_a_results_whole_life_ordered_by_v2_and_answered_by_fhir(self):
        self.life("A3", self.order_by_v2, self.sample_by_fhir, self.result_by_fhir)

    def test_a_results_whole_life_ordered_by_fhir_and_answered_by_v2(self):
        self.life("A4", self.order_by_fhir, self.sample_by_v2, self.result_by_v2)

    def test_charted_elsewhere_renews_the_time_of_who_is_watched(self):
        self.put({"resourceType": "Patient", "id": "p41", "birthDate": "1950-03-01"})
        self.put({"resourceType": "Encounter", "id": "stay", "status": "in-progress", "class": {"code": "IMP"},
                  "subject": {"reference": "Patient/p41"}})
        task = self.only("Encounter/stay", "observations")
        self.do(task, "charted-elsewhere", reason="on paper")
        first = self.expect("Encounter/stay", "observations", "watched")["restriction"]["period"]["end"]
        self.do(task, "charted-elsewhere", status=422)  # why, is missing
        self.do(task, "charted-elsewhere", reason="on paper")
        task = self.expect("Encounter/stay", "observations", "watched")
        self.assertGreater(task["restriction"]["period"]["end"], first)
        self.assertNotIn("given", json.dumps(task))
        # By PUT the reason that stands there is none of this act's.
        body = {**task, "businessStatus": {"coding": [{**task["businessStatus"]["coding"][0], "code": "stopped"}]}}
        reply = ask(self.server.connect(), "PUT", "/fhir/Task/" + task["id"], body,
                    If_Match=f'W/"{task["meta"]["versionId"]}"')
        self.assertEqual(reply.status, 422, reply.body)
        self.assertIn(b"was said before", reply.body)

    VITALS = (("9279-1", "16", "/min"), ("59408-5", "97", "%"), ("3150-6", "21", "%"), ("8480-6", "120", "mmHg"),
              ("8462-4", "80", "mmHg"), ("8867-4", "95", "bpm"), ("8310-5", "37.0", "C"))

    def ward(self, patient, values, more=""):
        """A ward's report, without OBR-24."""
        self.numbers += 1
        lines = "".join(f"OBX|{n}|NM|{code}^x^LN||{value}|{unit}|||||F|||20260301101500\r"
                        for n, (code, value, unit) in enumerate(values, 1))
        self.v2("ORU^R01", PID.format(patient=patient) + f"PV1|1|I|W1^^^QE2||||||||||||||||V{patient}^^^QE2^VN\r"
                f"OBR|1||W{self.numbers}^EPR|OBS^Observations^L|||20260301101500|||||||||||||||20260301101500|||F\r"
                + lines + more, sender="EPR")

    def test_a_wards_vital_signs_are_a_set_and_no_result_to_read(self):
        self.stay("A01", "51")
        visit = "Encounter/" + self.found("Encounter?identifier=urn:holdfast:authority:QE2|V51")[0]["id"]
        self.ward("51", self.VITALS[:3])
        self.expect(visit, "observations", "first-set")
        awake = "OBX|9|CE|80288-4^x^LN||248234008^Alert^SCT||||||F|||20260301101500\r"
        self.ward("51", self.VITALS[3:], awake)
        task = self.expect(visit, "observations", "watched")
        self.assertIn("NEWS2 1, low risk: pulse 1", task["statusReason"]["text"])
        reports = ["DiagnosticReport/" + r["id"] for r in self.found("DiagnosticReport?_count=10")]
        self.assertEqual(len(reports), 2)
        self.assertEqual([self.items(one) for one in reports], [[], []])
        self.ward("51", (("2823-3", "4.0", "mmol/L"), self.VITALS[5]))  # a potassium among them
        self.assertEqual(sum(len(self.items("DiagnosticReport/" + r["id"]))
                             for r in self.found("DiagnosticReport?_count=10")), 1)

    # ---- codes that no table knows ---------------------------------------------------------------------------------

    def number(self, n, code, flag="", limits=""):
        self.v2("ORU^R01", PID.format(patient=str(n)) + f"ORC|RE|M{n}^EPR|FM{n}^LAB\r"
                f"OBR|1|M{n}^EPR|FM{n}^LAB|X^Something^L|||20260301100000|||||||||||||||||CH|F\r"
                f"OBX|1|NM|{code}^Something^L||5|mmol/L|{limits}|{flag}|||F|||20260301101500\r")

    def mappings(self):
        listed = self.get("/fhir/Task/$work-list?owner=team:laboratory-integration")
        return [e["resource"] for e in listed["entry"] if e["resource"]["resourceType"] == "Task"]

    def test_a_code_that_no_table_knows_is_one_item_until_somebody_says_what_it_is(self):
        self.number(21, "ZZ1", flag="N")
        self.assertEqual(self.mappings(), [])
        # Numbers for limits judge it where no flag does, with a sign and the value's own unit or without; other words do not.
        for n, limits, urgency in ((31, "3.5-5.3", "normal"), (32, "5.5 - 7", "abnormal"), (33, ">=6", "abnormal"),
                                   (35, "<6", "normal"), (36, "<5", "abnormal"), (37, "< 6 mmol/L", "normal")):
            self.number(n, f"ZZ{n}", limits=limits)
            report, = self.found(f"DiagnosticReport?identifier=urn:holdfast:authority:LAB|FM{n}")
            item = self.only("DiagnosticReport/" + report["id"], "diagnostic-order")
            said = {part["url"]: part.get("valueString") for part in item["extension"][0]["extension"]}
            self.assertEqual(said["urgency"], urgency, limits)
            self.assertEqual(self.mappings(), [], limits)
        self.number(34, "ZZ34", limits="up to 6")
        self.assertEqual(len(self.mappings()), 1)
        self.do(self.mappings()[0], "not-judged", reason="words")
        self.number(22, "ZZ1")
        self.number(23, "ZZ1")
        task, = self.mappings()
        self.assertEqual((self.pathway(task), self.state(task)), ("mapping", "open"))
        self.assertIn("ZZ1", json.dumps(task["reasonCode"]))
        self.assertIn("sent by lab", task["description"])
        self.get("/fhir/" + task["reasonReference"]["reference"])
        self.do(task, "not-judged", status=422)
        self.do(task, "not-judged", reason="a dilution, not a result")
        self.number(24, "ZZ1")
        self.assertEqual(self.mappings(), [])
        self.number(25, "ZZ2")
        task, = self.mappings()
        self.do(task, "map", reason="the laboratory's name of 2823-3", status=422)
        self.do(task, "map", reason="the laboratory's name of 2823-3", version="phone 2")
        self.number(26, "ZZ2")  # and the table in force is still the one before
        self.assertEqual(self.mappings()[0]["id"], task["id"])

    # ---- other kinds of order -----------------------------------------------------------------------------------

    def test_what_kind_of_order_it_is_comes_from_its_message_or_its_section(self):
        rows = (("ORM^O01", "B1", "RAD", "diagnostic-order"), ("ORM^O01", "B2", "HM", "diagnostic-order"),
                ("ORM^O01", "B3", "PT", "unclassified"), ("ORM^O01", "B4", "", "unclassified"),
                ("OMG^O19", "B5", "CT", "diagnostic-order"), ("OMI^O23", "B6", "", "diagnostic-order"),
                ("OML^O21", "B7", "", "diagnostic-order"))
        for kind, number, section, pathway in rows:
            self.v2(kind, PID.format(patient=number) + f"ORC|NW|{number}^EPR\r"
                    f"OBR|1|{number}^EPR||X^Something^L||||||||||||||||||||{section}\r", sender="EPR")
            request = self.request_of(number)
            self.assertEqual([self.pathway(t) for t in self.items(request)], [pathway], number)

    def test_a_cancellation_by_message_is_a_request_and_both_who_must_answer_see_it(self):
        request = self.order_by_v2("G1", "11")
        self.expect(request, "diagnostic-order", "ordered")
        self.v2("ORM^O01", PID.format(patient="11") + "ORC|CA|G1^EPR\rOBR|1|G1^EPR||K^Potassium^L\r", sender="EPR")
        order = self.expect(request, "diagnostic-order", "cancel-wanted")
        asked = self.found("Task?code=urn:holdfast:message-item|order-request")
        self.assertEqual(asked[0]["basedOn"][0]["reference"], request)
        duty = self.expect("Task/" + asked[0]["id"], "message", "open")
        self.assertEqual(duty["partOf"][0]["reference"], "Task/" + order["id"])
        listed = self.get("/fhir/Task/$work-list?owner=team:integration")
        self.assertIn(duty["id"], [e["resource"].get("id") for e in listed["entry"]])
        # The order is still active: what else is said of it does not answer the question.
        self.v2("ORM^O01", PID.format(patient="11") + "ORC|SC|G1^EPR|F11^LAB||IP\rOBR|1|G1^EPR|F11^LAB|K^Potassium^L\r")
        self.expect(request, "diagnostic-order", "cancel-wanted")
        self.do(order, "cancel", reason="as the ward asked")
        self.expect(request, "diagnostic-order", "cancelled")
        self.put({**asked[0], "status": "completed"})
        self.expect("Task/" + asked[0]["id"], "message", "done")

    def test_a_message_that_cannot_be_taken_is_on_a_work_list(self):
        self.numbers += 1
        peer = Mllp(*self.server.mllp)
        text = f"MSH|^~\\&|LAB|QE2|HOLDFAST|QE2|20260301101500||ZZZ^Z99|{self.numbers}|P|2.5\r"
        self.assertEqual(peer.ask(text.encode())[0], "AE")
        peer.close()
        fault = self.found("Task?code=urn:holdfast:message-item|not-mapped")[0]
        duty = self.expect("Task/" + fault["id"], "message", "open")
        self.assertEqual(duty["owner"], fault["owner"])
        self.assertIn("team:integration", json.dumps(self.get("/fhir/$oversight")))

    def test_a_result_that_comes_before_its_order_is_one_duty(self):
        self.result_by_v2("H1", "12", None, 7.0, "F", "HH", "20260301130000")
        report = "DiagnosticReport/" + self.found("DiagnosticReport?_count=5")[0]["id"]
        self.expect(report, "diagnostic-order", "result")
        self.order_by_v2("H1", "12")
        order = self.expect(self.request_of("H1"), "diagnostic-order", "result")
        self.assertEqual(order["priority"], "stat")
        self.expect(report, "diagnostic-order", "followed-with-order")
        self.expect(report, "critical-result", "to-phone")  # the call is still owed

    def test_an_order_that_is_added_on_is_part_of_its_order(self):
        request = self.order_by_v2("C1", "1")
        parent = self.only(request, "diagnostic-order")
        self.v2("OML^O21", PID.format(patient="1") +
                "ORC|NW|C2^EPR||||||C1&EPR\rOBR|1|C2^EPR||MG^Magnesium^L|||||||G||||||||||||||||||C1&EPR\r", sender="EPR")
        added = self.only(self.request_of("C2"), "diagnostic-order")
        self.assertEqual(added["partOf"][0]["reference"], "Task/" + parent["id"])

    def test_blood_is_followed_until_the_fate_of_each_unit(self):
        pid = PID.format(patient="5")
        self.v2("OMB^O27", pid + "ORC|NW|D1^EPR\rBPO|1|RBC^Red cells^L||2|||20260301120000\r", sender="EPR")
        request = self.request_of("D1")
        self.expect(request, "blood", "requested")
        unit = "BPX|{n}|{status}|P|20260301110000|G0{n}^NBS|E0382^Red cells^ISBT\r"
        self.v2("BPS^O29", pid + "ORC|SC|D1^EPR\rBPO|1|RBC^Red cells^L||2\r" + unit.format(n=1, status="RS"))
        self.expect(request, "blood", "allocated")
        self.v2("BPS^O29", pid + "ORC|SC|D1^EPR\rBPO|1|RBC^Red cells^L||2\r" + unit.format(n=1, status="DS") +
                unit.format(n=2, status="DS"))
        blood = self.expect(request, "blood", "issued")
        units = {u["identifier"][0]["value"]: "BiologicallyDerivedProduct/" + u["id"]
                 for u in self.found("BiologicallyDerivedProduct?_count=10")}
        self.assertEqual(set(units), {"G01", "G02"})
        for one in units.values():
            task = self.expect(one, "blood-unit", "issued")
            self.assertEqual(task["partOf"][0]["reference"], "Task/" + blood["id"])
            self.assertEqual(task["for"], blood["for"])
        self.v2("BTS^O31", pid + "ORC|SC|D1^EPR\rBPO|1|RBC^Red cells^L||2\r"
                "BTX|1|G01^NBS|E0382^Red cells^ISBT||||||||TX|20260301140000|||20260301120000|20260301140000\r", sender="EPR")
        self.expect(units["G01"], "blood-unit", "transfused")
        self.v2("BPS^O29", pid + "ORC|SC|D1^EPR\rBPO|1|RBC^Red cells^L||2\r" + unit.format(n=2, status="RA"))
        self.expect(units["G02"], "blood-unit", "returned")
        # That all of them are known is said by a person, with what shows it.
        blood = self.expect(request, "blood", "issued")
        self.do(blood, "fate", evidence=units["G01"], units="G01 transfused, G02 returned")
        self.expect(request, "blood", "fate-known")

    def group(self, name, patient, code, day):
        self.put({"resourceType": "Observation", "id": name, "status": "final",
                  "code": {"coding": [{"system": "http://loinc.org", "code": "882-1"}]},
                  "subject": {"reference": "Patient/" + patient}, "effectiveDateTime": day,
                  "valueCodeableConcept": {"coding": [{"system": SNOMED, "code": code}]}})

    @staticmethod
    def shown(task, kind):
        return [i.get("valueString") or i["valueReference"]["display"] for i in task.get("input", [])
                if {"system": "urn:holdfast:blood", "code": kind} in i["type"].get("coding", [])]

    def test_blood_shows_the_groups_on_file_warns_and_holds_nothing_up(self):
        self.put({"resourceType": "Patient", "id": "p31", "gender": "female", "birthDate": "1980-01-02", "identifier": [
            {"system": "urn:holdfast:authority:QE2", "value": "31"}]})
        self.group("g1", "p31", "278152006", "2019-05-01")  # A RhD-negative
        pid = PID.format(patient="31")
        self.v2("OMB^O27", pid + "ORC|NW|N1^EPR\rBPO|1|RBC^Red cells^L|IR^Irradiated^HL70508|2\r", sender="EPR")
        request = self.request_of("N1")
        task = self.expect(request, "blood", "requested")
        self.assertEqual(self.shown(task, "group"), ["A RhD-negative, sampled 2019-05-01"])
        self.assertEqual(self.shown(task, "requirement"), ["needs irradiated units"])
        self.assertIn("one sample only", self.shown(task, "warning")[0])
        self.group("g2", "p31", "278148006", "2026-02-28")  # O RhD-negative
        task = self.expect(request, "blood", "requested")
        self.assertTrue(any("The group differs" in one for one in self.shown(task, "warning")), task)
        self.assertIn("The group differs", task["statusReason"]["text"])
        unit = "BPX|1|{}|P|20260301110000|G31^NBS|E0382^Red cells^ISBT|||||A POS^A POS^L\r"
        for status, state in (("RS", "allocated"), ("DS", "issued")):
            self.v2("BPS^O29", pid + "ORC|SC|N1^EPR\rBPO|1|RBC^Red cells^L||2\r" + unit.format(status))
            task = self.expect(request, "blood", state)
        warnings = self.shown(task, "warning")
        self.assertTrue(any("Unit G31: group A is not among those" in one for one in warnings), warnings)
        given = self.found("BiologicallyDerivedProduct?identifier=G31")[0]
        task_of_unit = self.expect("BiologicallyDerivedProduct/" + given["id"], "blood-unit", "issued")
        warnings = self.shown(task_of_unit, "warning")
        for said in ("Unit G31: group A is not among those", "Unit G31: not known to be irradiated", "The group differs"):
            self.assertTrue(any(said in one for one in warnings), (said, warnings))
        why = self.expect(request, "blood-override", "to-explain")
        self.assertEqual(why["partOf"][0]["reference"], "Task/" + task["id"])
        self.do(why, "explain", status=422)
        self.do(why, "explain", reason="the laboratory has confirmed group A")
        self.expect(request, "blood-override", "explained")

    def test_that_the_sample_has_expired_is_said_when_it_does(self):
        self.put({"resourceType": "Patient", "id": "p41", "gender": "male", "birthDate": "1980-01-02"})
        for name, day in (("h1", "2026-02-01"), ("h2", "2026-02-02")):
            self.group(name, "p41", "278149003", day)
        self.put({"resourceType": "ServiceRequest", "id": "b41", "status": "active", "intent": "order", "priority": "routine",
                  "category": [{"coding": [{"system": SNOMED, "code": "116859006"}]}],
                  "subject": {"reference": "Patient/p41"}})
        # Three days, of which a few seconds are left.
        taken = datetime.now(timezone.utc) - timedelta(hours=72) + timedelta(seconds=6)
        self.put({"resourceType": "Specimen", "id": "s41", "status": "available", "subject": {"reference": "Patient/p41"},
                  "request": [{"reference": "ServiceRequest/b41"}],
                  "collection": {"collectedDateTime": taken.isoformat(timespec="seconds")}})
        before = self.expect("ServiceRequest/b41", "blood", "sample")
        self.assertEqual(self.shown(before, "warning"), [])
        wait_until(lambda: self.shown(self.expect("ServiceRequest/b41", "blood", "sample"), "warning"))
        after = self.expect("ServiceRequest/b41", "blood", "sample")
        self.assertIn("The sample has expired", self.shown(after, "warning")[0])
        self.assertEqual(after["restriction"], before["restriction"])  # due as before, and nobody oversees it
        self.assertEqual(int(after["meta"]["versionId"]), int(before["meta"]["versionId"]) + 1)

    def test_an_appointment_moves_the_operation_that_it_names_and_opens_none(self):
        self.put({"resourceType": "Patient", "id": "p6", "identifier": [
            {"system": "urn:holdfast:authority:QE2", "value": "6"}]})
        self.put({"resourceType": "ServiceRequest", "id": "op", "status": "active", "intent": "order",
                  "identifier": [{"system": EPR, "value": "E1"}],
                  "category": [{"coding": [{"system": SNOMED, "code": "387713003"}]}],
                  "subject": {"reference": "Patient/p6"}})
        self.expect("ServiceRequest/op", "procedure", "planned")
        siu = "SCH|S1^EPR|S1^THEATRE||||{reason}|||60|min|^^^20260401090000^20260401100000|||||||||||||||E1^EPR\r"
        for kind, reason, state in (("SIU^S12", "", "booked"), ("SIU^S26", "NS^did not come", "clinical-review")):
            self.v2(kind, siu.format(reason=reason) + PID.format(patient="6"), sender="EPR")
            self.expect("ServiceRequest/op", "procedure", state)
        items = self.found("Task?_count=100")
        self.assertEqual([self.pathway(t) for t in items], ["procedure"])
        # A number that nothing has moves nothing, and is no fault.
        self.v2("SIU^S12", siu.format(reason="").replace("E1^EPR", "E9^EPR").replace("S1^", "S9^") +
                PID.format(patient="6"), sender="EPR")
        self.expect("ServiceRequest/op", "procedure", "clinical-review")

    # ---- the patient ------------------------------------------------------------------------------------------

    def stay(self, event, patient, *, died=False):
        pid = PID.format(patient=patient).rstrip("\r") + ("|" * 22 + "Y" if died else "") + "\r"
        self.v2("ADT^" + event, f"EVN||20260301101500\r{pid}PV1|1|I|W1^^^QE2||||||||||||||||V{patient}^^^QE2^VN\r", sender="EPR")

    def letter_of(self, patient):
        visit = self.found(f"Encounter?identifier=urn:holdfast:authority:QE2|V{patient}")[0]["id"]
        return [self.state(t) for t in self.items("Encounter/" + visit, "letter")]

    def test_a_discharge_owes_a_letter_and_its_cancellation_lets_that_rest(self):
        for event, states in (("A01", []), ("A03", ["no-draft"]), ("A13", ["stay-goes-on"]), ("A03", ["no-draft"]),
                              ("A11", ["stay-cancelled"]), ("A01", ["stay-goes-on"]), ("A03", ["no-draft"])):
            self.stay(event, "8")
            self.assertEqual(self.letter_of("8"), states, event)

    def test_a_death_opens_one_review_and_closes_nothing(self):
        request = self.order_by_v2("F1", "9")
        patient = "Patient/" + self.found("Patient?identifier=urn:holdfast:authority:QE2|9")[0]["id"]
        before = self.expect(request, "diagnostic-order", "ordered")
        self.stay("A08", "9", died=True)
        self.stay("A08", "9", died=True)
        review = self.expect(patient, "death", "to-review")
        self.assertEqual(review["for"]["reference"], patient)
        waiting = self.expect(request, "diagnostic-order", "ordered")
        self.assertEqual(waiting["owner"], before["owner"])
        self.assertEqual(waiting["statusReason"]["text"],
                         f"The patient has died: contact and bookings wait for the review (Task/{review['id']})")
        self.do(review, "review", status=422)
        self.do(review, "review", action="the order is cancelled, the family was told by the ward")
        self.expect(request, "diagnostic-order", "ordered")
        # Somebody owes nothing: no review.
        self.put({"resourceType": "Patient", "id": "p10", "deceasedDateTime": "2026-03-01"})
        self.assertEqual(self.items("Patient/p10"), [])

    def test_a_referral_by_v2_is_a_referral(self):
        self.v2("REF^I12", "RF1|A|R|||||20260301\rPRD|RP|Lee^Ann\r" + PID.format(patient="7"), sender="EPR")
        referrals = [t for t in self.found("Task?_count=100") if self.pathway(t) == "referral"]
        self.assertEqual([self.state(t) for t in referrals], ["received"])

    def test_a_referral_that_is_changed_or_called_off_by_v2_stays_one_duty(self):
        def referral(kind, status, patient="7"):
            self.v2(kind, f"RF1|{status}|R||||R-1^EPR|20260301\rPRD|RP|Lee^Ann\r" + PID.format(patient=patient),
                    sender="EPR")
            items = [t for t in self.found("Task?_count=100") if self.pathway(t) == "referral"]
            self.assertEqual(len(items), 1, kind)
            return items[0]
        opened = referral("REF^I12", "A")
        self.assertEqual(self.state(opened), "received")
        changed = referral("REF^I13", "A")
        self.assertEqual((changed["id"], self.state(changed)), (opened["id"], "received"))
        gone = referral("REF^I14", "A")
        self.assertEqual((gone["id"], self.state(gone)), (opened["id"], "clinical-review"))
        self.assertNotIn(gone["status"], ["completed", "cancelled"])
        self.assertIn("revoked", gone["statusReason"]["text"])
        # It is asked for again: the same duty goes on.
        self.assertEqual(referral("REF^I13", "A")["id"], opened["id"])
        self.assertEqual(referral("REF^I14", "")["id"], opened["id"])
        self.assertEqual(self.found("ServiceRequest?_count=10")[0]["status"], "revoked")

    def test_a_closed_referral_that_is_sent_anew_by_v2_opens_again(self):
        def send(kind):
            self.v2(kind, "RF1|A|R||||R-2^EPR|20260301\rPRD|RP|Lee^Ann\r" + PID.format(patient="8"), sender="EPR")
            return [t for t in self.found("Task?_count=100") if self.pathway(t) == "referral"]
        opened, = send("REF^I12")
        reply = ask(self.server.connect(), "POST", f"/fhir/Task/{opened['id']}/$close", {
            "resourceType": "Parameters", "parameter": [
                {"name": "act", "valueString": "end"}, {"name": "reason", "valueCoding": {"code": "34"}}]})
        self.assertEqual(reply.status, 200, reply.body)
        changed, = send("REF^I13")
        self.assertEqual(changed["status"], "cancelled")
        anew, = send("REF^I12")
        self.assertEqual((anew["id"], self.state(anew)), (opened["id"], "received"))

    def test_a_calendar_that_ends_is_said_before_due_times_lie_behind_it(self):
        self.assertGreater(metric(self.server.connect(), "calendar_days_left"), 0)
        folder = self.folder / "pathways"
        shutil.copytree(Path(__file__).parent.parent / "pathways", folder)
        calendar = (folder / "calendar.toml").read_text()
        (folder / "calendar.toml").write_text(re.sub(r"holidays = \[.*?\]", 'holidays = ["2020-12-25"]', calendar, flags=re.S))
        server = self.serve(self.init("other"), "--pathways", folder)
        self.assertLess(metric(server.connect(), "calendar_days_left"), -2000)
        self.assertTrue(any("holidays are known for less than a year" in line for line in server.log()))

    def test_metrics_say_how_many_items_are_open_and_late(self):
        def gauge(name):
            return metric(self.server.connect(), name)
        before = gauge("items_overdue")
        self.order_by_v2("F1", "9")
        self.assertEqual(gauge('items_open{pathway="diagnostic-order"}'), 1)
        self.assertGreaterEqual(gauge("items_owners"), 1)
        self.assertGreater(gauge("items_next_wake_timestamp_seconds"), 0)
        # Of years ago: late at once, as soon as anybody looks.
        self.put({"resourceType": "Patient", "id": "p9"})
        self.put({"resourceType": "ServiceRequest", "id": "old", "status": "active", "intent": "order",
                  "subject": {"reference": "Patient/p9"}, "category": [{"coding": [{"system": SNOMED, "code": "3457005"}]}]})
        self.put({"resourceType": "Appointment", "id": "old", "status": "booked", "start": "2020-01-06T10:00:00Z",
                  "end": "2020-01-06T10:30:00Z", "basedOn": [{"reference": "ServiceRequest/old"}],
                  "participant": [{"status": "accepted", "actor": {"reference": "Patient/p9"}}]})
        wait_until(lambda: gauge("items_overdue") == before + 1)


if __name__ == "__main__":
    main()
