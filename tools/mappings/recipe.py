#!/usr/bin/env python3
"""How mappings/ was begun, once: facts taken from HL7/v2-to-fhir (https://github.com/HL7/v2-to-fhir,
folder mappings, Apache-2.0), brought into our own format. Since then the tables are maintained by hand;
this is kept to show where they come from and to begin a further table in the same way.

    recipe.py codes V2_TO_FHIR OUR_MAPPINGS      the code maps below that are not there yet
    recipe.py fields V2_TO_FHIR OUR_MAPPINGS     fields that our segment and type tables do not name yet:
                                                 appended with name and data type, and as not mapped
"""
import csv
import pathlib
import re
import sys

# The name of an official concept map → ours: HL7 table, then what it is turned into.
CODES = {
    "AdditivePreservative": "0371.additive", "AdmissionType": "0007.admission-type",
    "AmbulatoryStatus": "0009.ambulatory", "AllergenType[AllergyIntoleranceCategory]": "0127.category",
    "AllergyType": "0127.type", "AllergySeverity[AllergyIntolerance.criticality]": "0128.criticality",
    "AllergySeverity[AllergyIntolerance.reaction.severity]": "0128.severity",
    "AppointmentReasonCodes": "0276.reason", "AppointmentTypeCodes": "0277.type", "BedStatus": "0116.bed",
    "BodyParts": "0550.body-part", "BodySite": "0163.body-site", "CommentType": "0364.comment",
    "ContactRole": "0131.contact-role", "DegreeLicenseCertificate": "0360.degree",
    "DiagnosticServiceSectionID": "0074.section", "EncounterPriority": "0217.priority",
    "EventReason": "0062.reason", "IdentifierType": "0203.type", "InterpretationCodes": "0078.interpretation",
    "LivingWillCode": "0315.living-will", "MaritalStatus": "0002.marital", "ModeOfArrivalCode": "0430.arrival",
    "NatureOfAbnormalTesting": "0080.abnormal", "PatientClass[EncounterClass]": "0004.class",
    "ProviderRole": "0443.role", "ReadmissionIndicator": "0092.readmission", "Relationship": "0063.relationship",
    "Religion": "0006.religion", "RouteOfAdministration": "0162.route", "SpecimenCollectionMethod": "0488.method",
    "SpecimenCondition": "0493.condition", "SpecimenType": "0487.type", "CompletionStatus": "0322.status",
    "RepeatPattern": "0335.repeat", "Participation": "0912.participation",
    "SpecimenRejectReason": "0490.reject", "VisitUserCode": "0130.visit-user", "PublicityCode": "0215.publicity",
    "AdmissionLevelOfCareCode": "0432.level",
}
NOT_MAPPED = "no target in HL7/v2-to-fhir; it stays in the message"


def official(root, folder):
    for path in sorted((pathlib.Path(root) / folder).glob("*.csv")):
        name = re.sub(r".*(?:Concept Map_ |R4_ )", "", path.name).split(" - ")[0]
        with open(path, encoding="utf-8", newline="") as file:
            yield name, [[cell.strip() for cell in row] + [""] * 20 for row in list(csv.reader(file))[2:] if any(row)]


def codes(source, ours):
    for name, rows in official(source, "codesystems"):
        path = pathlib.Path(ours) / "codes" / f"{CODES.get(name, '')}.csv"
        if name not in CODES or path.exists():
            continue
        seen, system, out = set(), "", [["from", "meaning", "code", "system", "display"]]
        for row in rows:
            if not row[0] or row[0] in seen:
                continue
            seen.add(row[0])
            code, of = re.sub(r"\s+", " ", row[6]), row[9]
            display = "" if row[8] == row[1] else row[8]
            out.append([row[0], row[1], "=" if code == row[0] else code, of if code and of != system else "",
                        display if code else ""])
            system = of if code and of else system
        with open(path, "w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(out)


def fields(source, ours):
    named = {}
    for folder in ("segments", "datatypes"):
        for _, rows in official(source, folder):
            for row in rows:
                match = re.match(r"([A-Z][A-Z0-9]{1,2})[-.](\d+)$", row[1])
                if match and row[2]:
                    kind = re.sub(r"[^A-Z0-9a-z]", "", row[3]) or "ST"
                    named.setdefault(match.group(1), {}).setdefault(int(match.group(2)), (row[2], kind))
    for folder, mark in (("segments", "-"), ("types", ".")):
        for path in sorted((pathlib.Path(ours) / folder).glob("*.csv")):
            known = named.get(path.stem, {})
            lines = path.read_text("utf-8").splitlines()
            rows = list(csv.reader(lines))
            there, out = {}, []
            for row in rows:
                match = re.match(rf"{path.stem}\{mark}(\d+)", row[0]) if row else None
                if match and row[0].count(".") <= (mark == "."):
                    number = int(match.group(1))
                    if number not in there and not (len(row) > 1 and row[1]):
                        row = (row + [""] * 3)[:max(len(row), 3)]
                        row[1:3] = known.get(number, ("", ""))
                    there[number] = True
                elif match:
                    number = int(match.group(1))
                    if number not in there and number in known:
                        row[1:3] = known[number]
                        there[number] = True
                out.append(row)
            for number in sorted(known):
                if number not in there:
                    out.append([f"{path.stem}{mark}{number}", *known[number], "", "-", "", "", "", "", NOT_MAPPED])
            with open(path, "w", encoding="utf-8", newline="") as file:
                csv.writer(file, lineterminator="\n").writerows(out)


if __name__ == "__main__":
    {"codes": codes, "fields": fields}[sys.argv[1]](*sys.argv[2:4])
