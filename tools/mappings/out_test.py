#!/usr/bin/env python3
"""A bad table of mappings/out is refused, with its file, its line and the reason; the real ones compile to the same
bytes each time."""
import pathlib
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE))
from mappings import Mappings  # noqa: E402
from out import Out  # noqa: E402
from paths import Reader  # noqa: E402
from rendering import Output, compile_tables  # noqa: E402
from tables import Faults, Fhir  # noqa: E402

PACKAGE = ROOT / "definitions/node_modules/hl7.fhir.r4.examples"
RULES = "of,field,from,as,codes,value,when,implies,note\n"
LINES = "kind,group,name,of,from,within,numbers,when,note\n"
EVENTS = "of,when,type,structure,table,control,note\n"
PID = (RULES + "Patient,PID-3[*]!,identifier,CX,,,,,\nPatient,PID-5[*],name,XPN,,,,,\n"
       "Patient,PID-8,gender,code,0001.gender,,,,\n")
GOOD = {
    "types/CX": RULES + "Identifier,CX,,identity(1 4 5),,,,,\n",
    "types/XPN": RULES + "HumanName,XPN.1,family,string,,,,,\n",
    "segments/PID": PID,
    "messages/PATIENT": LINES + "let,,%patient,Patient,%focus,,,,\nsegment,,MSH,,,,,,\n"
                                "segment,,PID,Patient,%patient,,,,\n",
    "events": EVENTS + "Patient,%before.empty(),ADT^A28,ADT_A05,PATIENT,,\nPatient,,ADT^A31,ADT_A05,PATIENT,,\n",
    "aside": "of,element,note\n*,meta,ours\n",
    "preferences": "map,code,to,note\n0001.gender,other,O,\n0001.gender,female,F,\n0001.gender,male,M,\n"
                   "0001.gender,unknown,U,\n",
}


class Refusals(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.fhir = Fhir(PACKAGE)
        cls.mappings = Mappings(ROOT / "mappings", cls.fhir, Faults())

    def faults(self, **changes):
        """What is wrong with the good tables, changed: keys are file names with __ for /."""
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name in ("types", "segments", "messages"):
                (root / name).mkdir()
            files = dict(GOOD)
            files.update({key.replace("__", "/"): text for key, text in changes.items()})
            for name, text in files.items():
                (root / f"{name}.csv").write_text(text, "utf-8")
            found = Faults()
            out = Out(root, self.mappings, self.fhir, found)
            if not found.found:
                Output(out, self.mappings, self.fhir).text()
            return found.found

    def refused(self, expected, **changes):
        found = self.faults(**changes)
        self.assertTrue(any(expected in fault for fault in found), f"{expected!r} is not in {found}")

    def pid(self, row):
        return {"segments__PID": PID + row + "\n"}

    def test_good_tables_are_taken(self):
        self.assertEqual(self.faults(), [])

    def test_the_same_tables_give_the_same_bytes(self):
        made, faults = compile_tables(ROOT / "mappings", PACKAGE)
        self.assertEqual(faults, [])
        self.assertEqual(made, compile_tables(ROOT / "mappings", PACKAGE)[0])

    def test_unknown_segment(self):
        self.refused("segments/ZZZ.csv:1: no table segments/ZZZ.csv on the way in", segments__ZZZ=RULES)

    def test_unknown_data_type(self):
        self.refused("no table types/QQ.csv on the way in", types__QQ=RULES)

    def test_unknown_field_or_part(self):
        self.refused("segments/PID.csv:5: PID has no field 99", **self.pid("Patient,PID-99,active,boolean,,,,,"))
        self.refused("XPN has no part 99",
                     types__XPN=RULES + "HumanName,XPN.99,family,string,,,,,\n")
        self.refused("'PV1-3' is no field of PID", **self.pid("Patient,PV1-3,active,boolean,,,,,"))

    def test_field_of_another_type(self):
        self.refused("PID-8 is a CWE, not a XPN", **self.pid("Patient,PID-8,name,XPN,,,,,"))
        self.refused("boolean makes no DTM, which PID-7 is", **self.pid("Patient,PID-7,active,boolean,,,,,"))

    def test_type_without_rules(self):
        self.refused("no rules for a Address in types/XAD.csv", **self.pid("Patient,PID-11,address,XAD,,,,,"))

    def test_unknown_resource(self):
        self.refused("'Person2' is no resource", **self.pid("Person2,PID-8,gender,code,,,,,"))

    def test_paths_that_are_none(self):
        for path, why in (("nickname", "Patient has no element nickname"), ("name.", "name of an element is expected"),
                          ("name[", "a literal is expected"), ("name..family", "name of an element is expected"),
                          ("name.where(use = )", "a literal is expected"), ("name.where(use)", "is no comparison"),
                          ("name.where(use = 'x'", "')' is expected"), ("name.magic()", "is not in the part of FHIRPath"),
                          ("%nobody.name", "no variable %nobody"), ("gender.resolve()", "resolve() of a code"),
                          ("managingOrganization.resolve().name", "behind resolve() stands ofType()"),
                          ("managingOrganization.resolve().ofType(Patient)", "may not mean a Patient"),
                          ("deceased", "has several types"), ("deceasedBoolean", "is written deceased.ofType"),
                          ("multipleBirth.ofType(string)", "is no string"), ("name ~ 'x'", "is not expected here"),
                          ("name.where(use ~ period)", "is never like"), ("name.where($this = 'x')", "is no literal"),
                          ("name §", "cannot read")):
            self.refused(why, **self.pid(f"Patient,PID-6,{path},string,,,,,why"))

    def test_conditions_that_are_none(self):
        for when, why in (("active", "a condition ends with"), ("active = true or", "a path is expected"),
                          ("(active = true", "')' is expected"), ("active like 'x'", "is no comparison")):
            self.refused(why, **self.pid(f"Patient,PID-6,name.family,string,,,{when},,why"))

    def test_texts_where_there_is_a_place_for_them(self):
        self.refused("%version and other texts stand alone", types__XPN=RULES + "HumanName,XPN.1,%version,string,,,,,\n")
        self.refused("%version and other texts stand alone", **self.pid("Patient,PID-6,%version,,,X,,,why"))
        self.refused("= or in compares a text", **self.pid("Patient,PID-6,name.family,string,,,%event ~ %control,,why"))
        self.refused("'%event' is a text", messages__PATIENT=GOOD["messages/PATIENT"] + "requires,,,,%event,,,,x\n")

    def test_implied_path(self):
        self.refused("Identifier has no element colour",
                     **self.pid("Patient,PID-2,identifier,CX,,,,colour,why"))

    def test_conversions(self):
        self.refused("no conversion 'magic'", **self.pid("Patient,PID-32,gender,magic,,,,,"))
        self.refused("boolean reads no code", **self.pid("Patient,PID-24,gender,boolean,,,,,"))
        self.refused("identity(1): wrong argument", types__CX=RULES + "Identifier,CX,,identity(1),,,,,\n")

    def test_code_maps(self):
        self.refused("no code map '0009.x'", **self.pid("Patient,PID-16,maritalStatus,cwe,0009.x,,,,"))
        self.refused("string has no use for a code map", **self.pid("Patient,PID-23,name.text,string,0001.gender,,,,x"))
        self.refused("0001.gender makes other of A, I, N, O", preferences="map,code,to,note\n")
        self.refused("0001.gender does not make other of M",
                     preferences=GOOD["preferences"].replace("other,O", "other,M"))
        self.refused("no rule of out/ uses a code map '0002.marital'",
                     preferences=GOOD["preferences"] + "0002.marital,M,M,\n")
        self.refused("no preference is needed",
                     preferences=GOOD["preferences"] + "0203.type,ACSN,ACSN,\n",
                     **self.pid("Patient,PID-16,maritalStatus,cwe,0203.type,,,,"))

    def test_required_fields(self):
        self.refused("PID of Patient never fills PID-5, which it must have",
                     segments__PID=RULES + "Patient,PID-3,identifier,CX,,,,,\nPatient,PID-8,gender,code,0001.gender,,,,\n")

    def test_duplicate_rule(self):
        self.refused("the same rule stands in line 4", **self.pid("Patient,PID-8,gender,code,0001.gender,,,,"))

    def test_a_field_that_nothing_reads_back_needs_a_reason(self):
        self.refused("SCH-3: nothing reads it back into a Appointment",
                     segments__SCH=RULES + "Appointment,SCH-3,description,string,,,,,\n"
                                           "Appointment,SCH-6.2,description,string,,,,,\n")

    def test_messages(self):
        def message(row):
            return {"messages__PATIENT": GOOD["messages/PATIENT"] + row + "\n"}
        self.refused("'loop' is no kind of row", **message("loop,,X,Patient,%focus,,,,"))
        self.refused("no group GONE is open here", **message("segment,GONE,PID,Patient,%focus,,,,"))
        self.refused("segments/PV1.csv has no rules of Encounter", **message("segment,,PV1,Encounter,,,,,"))
        self.refused("is a HumanName, not a Patient", **message("segment,,PID,Patient,name,,,,"))
        self.refused("what to do where it is missing", **message("requires,,,,name,,,,"))
        self.refused("%other is a Patient in another message",
                     messages__VISIT=LINES + "let,,%other,Encounter,,,,,\n", **message("let,,%other,Patient,,,,,"))
        self.refused("%other is not known in messages/PATIENT.csv",
                     messages__VISIT=LINES + "let,,%other,Patient,,,,,\n",
                     **self.pid("Patient,PID-6,%other.name.family,string,,,,,"))

    def test_events(self):
        def event(row):
            return {"events": EVENTS + row + "\n" + GOOD["events"].split("\n", 1)[1]}
        self.refused("'Human' is no resource", **event("Human,,ADT^A28,ADT_A05,PATIENT,,"))
        self.refused("'ADT' is no message type", **event("Patient,active = true,ADT,ADT_A05,PATIENT,,"))
        self.refused("no table messages/GONE.csv", **event("Patient,active = true,ADT^A28,ADT_A05,GONE,,"))
        self.refused("RDE^O11 is not read on the way in", **event("Patient,active = true,RDE^O11,RDE_O11,PATIENT,,"))
        self.refused("why no message is sent is missing", **event("Patient,active = true,,,,,"))
        self.refused("it is never reached", **event("Patient,,ADT^A28,ADT_A05,PATIENT,,"))
        self.refused("PATIENT is of Encounter, not Patient", **event("Encounter,,ADT^A01,ADT_A01,PATIENT,,"))

    def test_asides(self):
        self.refused("why meta is set aside is missing", aside="of,element,note\n*,meta,\n")
        self.refused("Patient has no element beds", aside="of,element,note\nPatient,beds,x\n")

    def test_columns(self):
        self.refused("the columns are", aside="of,element\n*,meta\n")


class Paths(unittest.TestCase):
    def test_what_a_path_leads_to(self):
        fhir = Fhir(PACKAGE)
        for text, kind in (("name.where(use = 'official').given[0]", "string"), ("birthDate.extension('x')", "Extension"),
                           ("deceased.ofType(dateTime)", "dateTime"), ("contact.telecom", "ContactPoint"),
                           ("generalPractitioner.resolve().ofType(Organization).name", "string"),
                           ("name.skip(1).first()", "HumanName"), ("$this", "Patient"), ("%v.code", "CodeableConcept")):
            self.assertEqual(Reader(fhir, text, "Patient", {"v": "Observation"}).path().type, kind, text)


if __name__ == "__main__":
    unittest.main()
