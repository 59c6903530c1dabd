#!/usr/bin/env python3
"""Each row of the official tables (HL7/v2-to-fhir) that names a target is covered by a rule of ours, or
mappings/deviations.csv says why not. What is covered: the same field (or part, or code) has a rule to the
same resource or data type, and one of its elements begins as the official one does.

The tables are test data that is not part of the project (HOLDFAST_SHARED_DATA, else ../shared/data beside
it): where they are missing this is skipped (exit 77)."""
import csv
import os
import pathlib
import re
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE))
from mappings import CONVERSIONS, Mappings  # noqa: E402
from recipe import CODES, official  # noqa: E402
from tables import Faults, Fhir  # noqa: E402

DATA = pathlib.Path(os.environ.get("HOLDFAST_SHARED_DATA", ROOT / "../shared/data")) / "v2-to-fhir"
PACKAGE = ROOT / "definitions/node_modules/hl7.fhir.r4.examples"


# Data types of one layout, and those that a conversion of the engine reads without a table.
SAME_LAYOUT = {"CE": "CWE", "CNE": "CWE", "CF": "CWE", "IS": "CWE", "ID": "CWE", "ST": "CWE"}
CONVERTED = {
    "CWE[code]": "code", "CWE[string]": "string", "CWE[Quantity]": "unit", "CX[string]": "string",
    "DTM[dateTime]": "dateTime", "DTM[Annotation-Time]": "dateTime", "TS[dateTime]": "dateTime",
    "FT[Annotation-Comment]": "lines", "ID[boolean]": "boolean", "ID[code]": "code", "ID[string]": "string",
    "IS[code]": "code", "IS[string]": "string", "NM[positiveInt]": "integer", "MSG[code]": "code",
    "ST[Identifier]": "string", "CQ[code]": "code",
}


def first_step(element):
    """`participant[1].actor(Practitioner)` → participant; `[2].given[1]` → given."""
    text = re.sub(r"^\[[\d-]*\]\.?", "", element.strip().lstrip("/"))
    match = re.match(r"\$?\w+", text)
    return match.group(0) if match else text


def our_steps(rule):
    """The members that a rule's path goes through, in the resource itself and in those behind it."""
    return {step.name.lstrip("_") for step in rule.steps} or {"$"}


class Ours:
    def __init__(self):
        faults = Faults()
        self.mappings = Mappings(ROOT / "mappings", Fhir(PACKAGE), faults)
        if faults.found:
            raise AssertionError("\n".join(faults.found))
        self.fields = {}  # (segment or type, number, FHIR type) → steps
        for name, segment in self.mappings.segments.items():
            for to, one in segment.maps.items():
                for rule in one.rules:
                    if rule.path is not None and rule.path.segment in ("", name):
                        key = (name, rule.path.field, to.split(":")[0])
                        self.fields.setdefault(key, set()).update(our_steps(rule))
                    elif rule.path is None:
                        self.fields.setdefault((name, 0, to.split(":")[0]), set()).update(our_steps(rule))
        self.parts = {}
        for name, one in self.mappings.types.items():
            kind, _, to = name.partition(".")
            for rule in one.rules:
                if rule.kind in ("used", "left"):
                    continue
                for number in self.numbers(kind, rule):
                    self.parts.setdefault((kind, number, to.split(":")[0]), set()).update(our_steps(rule))

    @staticmethod
    def numbers(kind, rule):
        """The parts that a rule reads: its own, or of the whole value those that its conversion names."""
        if rule.path is None:
            return {0}
        if rule.path.component:
            return {rule.path.component}
        words = [int(word) for word in rule.argument.split()]
        if rule.conversion == "identity":
            value, authority, type_ = words
            spread = {authority + i for i in range(3)} if type_ == 0 and authority else {authority, type_}
            return {0, value} | spread
        if rule.conversion == "coding":
            start = words[0]
            return {0, start, start + 1, start + 2, {1: 7, 4: 8, 10: 13}[start], {1: 14, 4: 17, 10: 20}[start]}
        if rule.conversion == "place":
            return {0, 1, 2, 3, 4}
        return {0, *range(1, 30)}


def deviations():
    found = {}
    with open(ROOT / "mappings/deviations.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(line for line in file if not line.startswith("#")):
            if not row["why"].strip():
                raise AssertionError(f"deviations.csv: {row} has no reason")
            found[row["table"], row["row"]] = row["why"]
    return found


class Official(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.ours, cls.deviations, cls.used = Ours(), deviations(), set()

    def excused(self, table, row):
        for key in ((table, row), (table, "*"), ("*", row)):
            if key in self.deviations:
                self.used.add(key)
                return True
        return False

    def walk(self, folder, known, covers):
        missing, rows_seen = [], 0
        for name, rows in official(DATA, folder):
            for row in rows:
                identifier, target = row[1], row[9] or row[10]
                if not target:
                    continue
                rows_seen += 1
                if not covers(name, row) and not self.excused(name, identifier):
                    missing.append(f"{folder}: {name} {identifier or '(all)'} → {target}")
        self.assertGreater(rows_seen, known)
        self.assertEqual(missing, [], f"{len(missing)} official rows have no rule of ours and no deviation:\n"
                         + "\n".join(missing[:400]))

    def test_1_segments(self):
        def covers(name, row):
            segment, _, to = name.partition("[")
            to = to.rstrip("]").split("-")[0]
            match = re.match(r"[A-Z0-9]{3}-(\d+)$", row[1])
            steps = self.ours.fields.get((segment, int(match.group(1)) if match else 0, to), set())
            if row[16].startswith('"') or not match:  # a fixed value: it may be so for each segment
                steps = steps | self.ours.fields.get((segment, 0, to), set())
            step = first_step(row[9] or row[10])
            return step in steps or (step in ("$this", "$value") and bool(steps))
        self.walk("segments", 1000, covers)

    def test_2_data_types(self):
        def covers(name, row):
            if name in CONVERTED:
                return CONVERTED[name] in CONVERSIONS
            kind, _, to = name.partition("[")
            kind = SAME_LAYOUT.get(kind, kind)
            to = to.rstrip("]").split("-")[0]
            match = re.match(r"[A-Z]{2,3}[.-](\d+)$", row[1])
            steps = self.ours.parts.get((kind, int(match.group(1)) if match else 0, to), set())
            step = first_step(row[9] or row[10])
            return step in steps or "$" in steps or (step in ("$this", "$value") and bool(steps))
        self.walk("datatypes", 400, covers)

    def test_3_codes(self):
        missing, seen = [], 0
        for name, rows in official(DATA, "codesystems"):
            if name not in CODES and (name, "*") not in self.deviations:
                missing.append(f"{name}: no code map of ours and no deviation")
                continue
            self.excused(name, "*")
            for row in rows:
                if name not in CODES or not row[0] or not row[6]:
                    continue
                seen += 1
                ours = self.ours.mappings.codes[CODES[name]].rows.get(row[0])
                if (ours is None or not ours[0]) and not self.excused(name, row[0]):
                    missing.append(f"{name}: {row[0]} → {row[6]}")
        self.assertGreater(seen, 1000)
        self.assertEqual(missing, [])

    def test_4_messages(self):
        structures = self.ours.mappings.structures
        homes = {"ADT": "ADT", "MDM": "MDM", "OML": "ORDER", "ORM": "ORDER", "ORU": "ORU_R01", "SIU": "SIU",
                 "VXU": "VXU_V04"}
        missing, seen = [], 0
        for name, rows in official(DATA, "messages"):
            one = structures[homes[name[:3]]]
            bound = {(segment, resource) for group in one.groups.values()
                     for segment, _, _, resource, _ in group.bindings}
            for row in rows:
                segment = row[1].split(".")[-1]
                target = re.match(r"\w+", row[9])
                if not target or len(segment) != 3:
                    continue
                seen += 1
                if (segment, target.group(0)) not in bound and \
                        not self.excused(name[:3], f"{segment} to {target.group(0)}") and \
                        not self.excused("*", f"{segment} to {target.group(0)}"):
                    missing.append(f"{name}: {segment} to {target.group(0)}")
        self.assertGreater(seen, 200)
        self.assertEqual(sorted(set(missing)), [])

    def test_5_no_deviation_is_idle(self):
        idle = sorted(set(self.deviations) - self.used)
        self.assertEqual(idle, [], "deviations.csv excuses what needs no excuse")


if __name__ == "__main__":
    if not DATA.is_dir():
        print(f"skipped: no official tables at {DATA}")
        sys.exit(77)
    unittest.main()
