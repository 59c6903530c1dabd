#!/usr/bin/env python3
"""A bad table is refused, with its file, its line and the reason; a good one compiles to the same bytes."""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE))
from generate import Output, compile_tables  # noqa: E402
from mappings import Mappings  # noqa: E402
from tables import Condition, Faults, Fhir, hl7_path  # noqa: E402

PACKAGE = ROOT / "definitions/node_modules/hl7.fhir.r4.examples"
RULES = "field,name,type,when,to,element,as,codes,value,note\n"
CODES = "from,meaning,code,system,display\n"
MESSAGE = "kind,group,what,value,when,note\n"
TYPE = RULES + "CX.1,ID number,ST,,Identifier,value,string,,,\n"
SEGMENT = RULES + "PID-1,Set ID,SI,,-,,,,,numbers the segment\nPID-2,Patient ID,CX,,Patient,identifier,CX.Identifier,,,\n"
GOOD = {
    "codes/0001.gender.csv": CODES + "M,Male,male,http://hl7.org/fhir/administrative-gender,\n",
    "types/CX.csv": TYPE,
    "segments/PID.csv": SEGMENT,
    "messages/ADT.csv": MESSAGE + "trigger,,ADT^A01,,,Admit\ngroup,PATIENT,PID,message,,\n"
                                  "resource,PATIENT,Patient,merge,,\nsegment,PATIENT,PID,Patient,,\n",
}


class Refusals(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.fhir = Fhir(PACKAGE)

    def faults(self, **changes):
        """What is wrong with the good tables, changed: keys are file names with __ for / and no .csv."""
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name in ("codes", "types", "segments", "messages"):
                (root / name).mkdir()
            files = dict(GOOD)
            for key, text in changes.items():
                files[key.replace("__", "/").replace("_dot_", ".") + ".csv"] = text
            for name, text in files.items():
                (root / name).write_text(text, "utf-8")
            found = Faults()
            mappings = Mappings(root, self.fhir, found)
            if not found.found:
                Output(mappings, self.fhir).text()
            return found.found

    def refused(self, expected, **changes):
        found = self.faults(**changes)
        self.assertTrue(any(expected in fault for fault in found), f"{expected!r} is not in {found}")

    def test_good_tables_are_taken(self):
        self.assertEqual(self.faults(), [])

    def pid(self, row):
        return SEGMENT + row + "\n"

    def test_unknown_element(self):
        self.refused("segments/PID.csv:4: Patient.nickname: Patient has no element nickname",
                     segments__PID=self.pid("PID-3,X,ST,,Patient,nickname,string,,,"))

    def test_unknown_element_behind_a_reference(self):
        self.refused("Organization has no element beds",
                     segments__PID=self.pid("PID-3,X,ST,,Patient,managingOrganization->Organization.beds,string,,,"))

    def test_reference_to_what_it_may_not_mean(self):
        self.refused("managingOrganization may not refer to a Patient",
                     segments__PID=self.pid("PID-3,X,ST,,Patient,managingOrganization->Patient.active,boolean,,,"))

    def test_unknown_resource(self):
        self.refused("segments/PID.csv:4: 'Person2' is no resource",
                     segments__PID=self.pid("PID-3,X,ST,,Person2,name,string,,,"))

    def test_label_on_what_does_not_repeat(self):
        self.refused("Patient.gender does not repeat",
                     segments__PID=self.pid("PID-3,X,ST,,Patient,gender[1],code,,,"))

    def test_type_map_of_another_type(self):
        self.refused("segments/PID.csv:4: CX.Identifier makes a Identifier; name is a HumanName",
                     segments__PID=self.pid("PID-3,X,XPN,,Patient,name,CX.Identifier,,,"))

    def test_conversion_of_another_type(self):
        self.refused("segments/PID.csv:4: boolean makes no date, which birthDate is",
                     segments__PID=self.pid("PID-3,X,DTM,,Patient,birthDate,boolean,,,"))

    def test_unknown_type_map(self):
        self.refused("segments/PID.csv:4: no type map 'XPN.HumanName' in types/",
                     segments__PID=self.pid("PID-3,X,XPN,,Patient,name,XPN.HumanName,,,"))

    def test_unknown_conversion(self):
        self.refused("no conversion 'magic'", segments__PID=self.pid("PID-3,X,ST,,Patient,gender,magic,,,"))

    def test_wrong_argument(self):
        self.refused("identity(1): wrong argument",
                     segments__PID=self.pid("PID-3,X,CX,,Patient,identifier,identity(1),,,"))

    def test_unknown_code_map(self):
        self.refused("segments/PID.csv:4: no code map '0002.x' in codes/",
                     segments__PID=self.pid("PID-3,X,ST,,Patient,gender,code,0002.x,,"))

    def test_code_map_for_what_has_no_codes(self):
        self.refused("date has no use for a code map",
                     segments__PID=self.pid("PID-3,X,ST,,Patient,birthDate,date,0001.gender,,"))

    def test_bad_conditions(self):
        for condition, why in (("PID-3 VALUED", "begins with IF"), ("IF PID-3", "after PID-3 stands"),
                               ("IF PID-3 EQUALS x", "cannot read"), ("IF (PID-3 VALUED", "')' is missing"),
                               ("IF PID-3 IN ('a' 'b')", "')' is missing"), ("IF PID-3 COUNT", "after COUNT"),
                               ("IF PID-3 VALUED PID-4 VALUED", "is not expected"), ("IF CX.1 VALUED", "its own parts"),
                               ("IF", "ends too early")):
            self.refused(why, segments__PID=self.pid(f'PID-3,X,ST,"{condition}",Patient,gender,code,,,'))

    def test_duplicate_rule(self):
        self.refused("segments/PID.csv:4: the same rule stands in line 3",
                     segments__PID=self.pid("PID-2,,,,Patient,identifier,CX.Identifier,,,"))

    def test_field_without_rule(self):
        self.refused("segments/PID.csv:1: PID-3 has no rule and no reason",
                     segments__PID=self.pid("PID-4,X,ST,,-,,,,,why"))

    def test_field_without_target_and_reason(self):
        self.refused("segments/PID.csv:4: PID-3: why it is not mapped is missing",
                     segments__PID=self.pid("PID-3,X,ST,,-,,,,,"))
        self.refused("segments/PID.csv:4: PID-3 has neither a target nor a reason",
                     segments__PID=self.pid("PID-3,X,ST,,,,,,,"))

    def test_field_without_name(self):
        self.refused("field 3 of PID has no name", segments__PID=self.pid("PID-3,,,,Patient,gender,code,,,"))

    def test_fixed_value_of_another_type(self):
        self.refused("'maybe' is no boolean", segments__PID=self.pid("PID-3,X,ST,,Patient,active,,,maybe,"))
        self.refused("name is a HumanName: no fixed value",
                     segments__PID=self.pid("PID-3,X,ST,,Patient,name,,,Smith,"))

    def test_extension_without_url(self):
        self.refused("segments/PID.csv:4: extension[a].valueString: no rule gives this extension its url",
                     segments__PID=self.pid("PID-3,X,ST,,Patient,extension[a].valueString,string,,,"))

    def test_speaking_for_something_else(self):
        self.refused("it speaks for telecom, not for name",
                     segments__PID=self.pid("PID-3,X,ST,,Patient,name.text,string,,,speaks for telecom"))

    def test_wrong_columns(self):
        self.refused("segments/PID.csv:1: the columns are", segments__PID="a,b\n1,2\n")

    def test_codes(self):
        self.refused("codes/0001.gender.csv:3: 'M' is there twice",
                     codes__0001_dot_gender=GOOD["codes/0001.gender.csv"] + "M,Male,male,,\n")
        self.refused("'X' has a code but no system", codes__0001_dot_gender=CODES + "X,Other,other,,\n")

    def message(self, rows):
        return GOOD["messages/ADT.csv"] + rows + "\n"

    def test_unreachable_groups(self):
        self.refused("messages/ADT.csv:6: group VISIT is unreachable",
                     messages__ADT=self.message("group,VISIT,PV1,NOWHERE,,"))
        self.refused("group VISIT is opened by no segment", messages__ADT=self.message("group,VISIT,,PATIENT,,"))
        self.refused("group A is unreachable",
                     messages__ADT=self.message("group,A,PV1,B,,\ngroup,B,PV2,A,,"))

    def test_messages_name_what_is_there(self):
        for row, why in (("segment,PATIENT,PV1,Patient,,", "no table segments/PV1.csv"),
                         ("segment,PATIENT,PID,Encounter,,", "has no rules to Encounter"),
                         ("resource,PATIENT,Pet,merge,,", "'Pet' is no resource"),
                         ("resource,PATIENT,Encounter,overwrite,,", "'overwrite' is no mode"),
                         ("link,PATIENT,Patient.link,Encounter,,", "no resource of this message"),
                         ("link,PATIENT,Patient.generalPractitioner,own Practitioner,,",
                          "Practitioner is no resource of this group"),
                         ("link,PATIENT,Patient.pet,Patient,,", "Patient has no element pet"),
                         ("default,PATIENT,Patient.name,x,,", "the value of a primitive element"),
                         ("key,PATIENT,Patient,PID,,", "'PID' is no path"),
                         ("trigger,,ADT-A02,,,", "'ADT-A02' is no message type"),
                         ("trigger,,ADT^A02,explode,,", "'explode' is no action"),
                         ("trigger,,ADT^A40,merge pet,,", "'pet' is no level"),
                         ("trigger,,ADT^A01,,,", "ADT^A01 is in"),
                         ("resources,PATIENT,Encounter,merge,,", "'resources' is no kind of row"),
                         ("segment,VISIT,PID,Patient,,", "no group 'VISIT'")):
            self.refused(why, messages__ADT=self.message(row))

    def test_faults_are_all_told(self):
        self.assertGreater(len(self.faults(segments__PID=self.pid(
            "PID-3,X,ST,,Patient,nickname,string,,,\nPID-4,X,ST,,Patient,petname,string,,,"))), 1)


class Language(unittest.TestCase):
    def test_precedence(self):
        ops = [op for op, *_ in Condition("IF PID-1 VALUED OR PID-2 VALUED AND NOT PID-3 EQUALS 'x'").ops]
        self.assertEqual(ops, ["valued", "valued", "equals", "not", "and", "or"])
        ops = [op for op, *_ in Condition("IF (PID-1 VALUED OR PID-2 VALUED) AND PID-3 NOT IN ('x', 'y')").ops]
        self.assertEqual(ops, ["valued", "valued", "or", "equals", "not", "and"])

    def test_counts_and_quotes(self):
        (op, path, _, number), = Condition("IF OBX-5 LST.COUNT > 1").ops
        self.assertEqual((op, path.field, number), ("count_above", 5, 1))
        (_, _, texts, _), = Condition("IF OBX-5 EQUALS 'it''s'").ops
        self.assertEqual(texts, ("it's",))

    def test_paths(self):
        self.assertEqual(hl7_path("PID-13.2.1").subcomponent, 1)
        self.assertIsNone(hl7_path("PID13"))


class Program(unittest.TestCase):
    def test_ours_compile_to_the_same_bytes_every_time(self):
        once, faults = compile_tables(ROOT / "mappings", PACKAGE)
        self.assertEqual(faults, [])
        self.assertEqual(once, compile_tables(ROOT / "mappings", PACKAGE)[0])

    def test_a_fault_writes_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder) / "mappings"
            shutil.copytree(ROOT / "mappings", root)
            with open(root / "segments/PID.csv", "a", encoding="utf-8") as file:
                file.write("PID-5,,,,Patient,nickname,string,,,\n")
            output = pathlib.Path(folder) / "out.cpp"
            done = subprocess.run([sys.executable, "-B", HERE / "generate.py", root, PACKAGE, output],
                                  capture_output=True, text=True)
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, r"mappings/segments/PID.csv:\d+: Patient.nickname: Patient has no element")
            self.assertFalse(output.exists())


if __name__ == "__main__":
    if not PACKAGE.is_dir():
        print(f"skipped: the build has not put the definitions at {PACKAGE}")
        sys.exit(77)
    unittest.main()
