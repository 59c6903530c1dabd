"""search_oracle_test.py: 2,000 generated searches over HTTP find exactly what looking at every resource finds
(search_rules.py), in the order asked for, with the total asked for, page after page, and with what
they include. Values come from the data; value sets, a code system and lists are made from it and stored
first. HOLDFAST_SEED gives the same searches again.
"""
import json
import os
import pathlib
import random
import time
import unittest
import urllib.parse

import search_rules as rules
from harness import ServerTest, main, run
from synthea_test import ARCHIVE, bundles
from wire import Wire

SANITIZED = os.environ.get("HOLDFAST_SANITIZED") == "1"
SEARCHES = 300 if SANITIZED else 2000
PATIENTS = 2 if SANITIZED else 20  # the smallest bundles, beside the two that they refer to
SEED = int(os.environ.get("HOLDFAST_SEED", "20261124"))
PREFIXES = ("", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb")
INCLUDES = {"Observation": ("patient", "encounter"), "Encounter": ("service-provider", "patient"),
            "Condition": ("encounter", "patient"), "DiagnosticReport": ("result",), "Claim": ("provider",)}
REVINCLUDES = {"Patient": (("Condition", "patient"), ("Immunization", "patient")),
               "Encounter": (("Observation", "encounter"), ("Procedure", "encounter"))}
SORTS = {"Patient": ("birthdate", "gender", "_id"), "Observation": ("date", "status", "_id"),
         "Condition": ("recorded-date", "onset-date"), "Immunization": ("date",), "Claim": ("created", "use"),
         "Encounter": ("class", "_id"), "MedicationRequest": ("authoredon", "intent"),
         "DiagnosticReport": ("issued", "date"), "Procedure": ("status",), "Organization": ("name",)}


# What several types have in common: their criteria, and what they can be sorted by.
TOGETHER = ((("Observation", "Procedure", "Immunization", "DiagnosticReport"), ("patient", "date"), ("date", "_id")),
            (("Observation", "Encounter", "MedicationRequest"), ("patient", "status"), ("status", "-_id")),
            (("Patient", "Practitioner"), ("gender", "family"), ("family", "gender", "_id")))
DEFINITIONS = pathlib.Path(__file__).resolve().parent.parent / "definitions/node_modules/hl7.fhir.r4.examples"
BUILT_IN = ("CodeSystem-condition-clinical", "ValueSet-condition-clinical", "CodeSystem-condition-ver-status",
            "ValueSet-condition-ver-status", "CodeSystem-administrative-gender", "ValueSet-administrative-gender")
SNOMED, LOINC = "http://snomed.info/sct", "http://loinc.org"


def vocabulary(resources, source):
    """A code system of the SNOMED CT codes in use, nested at random, and value sets over it and over LOINC."""
    pairs = {pair for each in resources if each["resourceType"] in rules.PARAMETERS
             for code, (kind, _) in rules.PARAMETERS[each["resourceType"]].items() if kind == "token"
             for value in rules.values(each, code)[1] for pair in rules.tokens(value)}
    of = {system: sorted(code for own, code in pairs if own == system) for system in (SNOMED, LOINC)}
    concepts, roots = {}, []
    for code in of[SNOMED]:
        concepts[code] = {"code": code}
        parent = source.choice(sorted(concepts)) if source.random() < 0.8 else code
        (roots if parent == code else concepts[parent].setdefault("concept", [])).append(concepts[code])
    made = [{"resourceType": "CodeSystem", "id": "sct", "url": SNOMED, "status": "active", "caseSensitive": True,
             "content": "complete", "concept": roots}]

    def add(name, **compose):
        made.append({"resourceType": "ValueSet", "id": name, "url": f"http://example.org/{name}",
                     "status": "active", "compose": compose})

    def listed(system):
        codes = source.sample(of[system], min(len(of[system]), source.randint(1, 30)))
        return {"system": system, "concept": [{"code": code} for code in codes]}
    add("snomed", include=[{"system": SNOMED}])
    add("few", include=[listed(SNOMED), listed(LOINC)])
    add("tests", include=[listed(LOINC)], exclude=[listed(LOINC)])
    for number in range(3):
        root = source.choice([each["code"] for each in roots])
        add(f"tree{number}", include=[{"system": SNOMED, "filter": [
            {"property": "concept", "op": "is-a", "value": root}]}])
    add("rest", include=[{"valueSet": ["http://example.org/snomed"]}],
        exclude=[{"valueSet": ["http://example.org/tree0"]}, listed(SNOMED)])
    add("all", include=[{"valueSet": ["http://example.org/rest"]}, {"valueSet": ["http://example.org/few"]}])
    return made


class Generator:
    """Searches whose values occur in the record, or nearly."""

    def __init__(self, record, seed):
        self.record, self.random = record, random.Random(seed)

    def resource(self, type_):
        return self.random.choice(self.record.by_type[type_])

    def criterion(self, type_, depth=0):
        kind = self.random.random()
        if kind < 0.05:
            code = self.random.choice(list(rules.PARAMETERS[type_]))
            return ("missing", code, self.random.random() < 0.5)
        if kind < 0.08:
            return ("id", sorted({self.resource(type_)["id"] for _ in range(self.random.randint(1, 4))}))
        if kind < 0.16 and type_ in rules.COMPOSITES:
            return self.composite(type_)
        if kind < 0.30 and depth < 2:
            return self.chain(type_, depth)
        if kind < 0.40 and depth < 2:
            return self.has(type_, depth)
        if kind < 0.48:
            return self.coded(type_)
        if kind < 0.50:
            return ("list", [self.random.choice(sorted(self.record.lists))])
        return self.value(type_)

    def coded(self, type_):
        codes = [code for code, (kind, _) in rules.PARAMETERS[type_].items() if kind == "token"
                 and code not in ("identifier", "telecom", "language")]
        modifier = self.random.choice(("in", "in", "not-in", "below", "above"))
        if modifier in ("in", "not-in"):
            return ("codes", self.random.choice(codes), modifier, [self.random.choice(sorted(self.record.codes.sets))])
        for _ in range(20):
            code = self.random.choice(codes)
            pairs = [pair for value in rules.values(self.resource(type_), code)[1] for pair in rules.tokens(value)
                     if pair[0] in self.record.codes.systems]
            if pairs:
                system, start = self.random.choice(pairs)
                near = sorted(self.record.codes.above(system, start) | self.record.codes.below(system, start))
                return ("codes", code, modifier, [f"{system}|{self.random.choice(near)}"])
        return ("missing", codes[0], False)

    def filter(self, type_, depth=0):
        """A criterion that a filter can say."""
        kind = self.random.random() if depth < 3 else 0
        if kind < 0.5:
            while True:
                one = self.criterion(type_, 1) if self.random.random() < 0.7 else self.value(type_, True)
                if filter_text(one) is not None:
                    return one
        if kind < 0.6:
            return ("not", self.filter(type_, depth + 1))
        parts = [self.filter(type_, depth + 1) for _ in range(self.random.randint(2, 3))]
        return ("and" if kind < 0.8 else "or", parts)

    def value(self, type_, whole=False):
        codes = list(rules.PARAMETERS[type_])
        for _ in range(20):
            code = self.random.choice(codes)
            kind, found = rules.values(self.resource(type_), code)
            if found:
                break
        else:
            return ("missing", codes[0], False)
        modifier = ""
        if kind == "string":
            modifier = self.random.choice(("", "", "exact", "contains") if not whole else ("", "whole", "ends"))
        elif kind == "token" and self.random.random() < 0.15:
            modifier = "not"
        wanted = [self.text(kind, modifier, self.random.choice(found))]
        while self.random.random() < 0.25:
            other = rules.values(self.resource(type_), code)[1]
            wanted += [self.text(kind, modifier, self.random.choice(other))] if other else []
        wanted = [text for text in wanted if text]
        return ("value", code, modifier, wanted) if wanted else ("missing", code, False)

    def text(self, kind, modifier, value):
        if kind == "token":
            pairs = rules.tokens(value)
            if not pairs:
                return None
            system, code = self.random.choice(pairs)
            how = self.random.random()
            return code if system is None or how < 0.4 else f"{system}|" if how < 0.5 else f"{system}|{code}"
        if kind == "date":
            text = value if isinstance(value, str) else value.get("start", value.get("end"))
            text = text[:self.random.choice((4, 7, 10, len(text)))]
            return self.random.choice(PREFIXES) + text
        if kind == "quantity":
            return self.quantity(value)
        if kind == "reference":
            return value.get("reference")
        found = rules.texts(value)
        text = self.random.choice(found) if found else None
        if not text or modifier in ("exact", "whole"):
            return text
        if modifier == "ends":
            return text[len(text) // 2:].strip() or None
        begin = self.random.randint(0, len(text) // 2) if modifier == "contains" else 0
        part = text[begin:begin + self.random.randint(1, 8)]
        return self.random.choice((part, part.upper(), part.lower())) if part.strip() else None

    def quantity(self, value):
        if "value" not in value:
            return None
        number = str(value["value"])
        if self.random.random() < 0.4:
            number = str(round(float(number), self.random.randint(0, 2)))
        unit = self.random.random()
        tail = ""
        if unit < 0.4 and "code" in value:
            tail = f"|{value.get('system', '')}|{value['code']}"
        elif unit < 0.6 and "code" in value:
            tail = f"||{value['code']}"
        return self.random.choice(PREFIXES) + number + tail

    def composite(self, type_):
        code = self.random.choice(list(rules.COMPOSITES[type_]))
        path, first, second = rules.COMPOSITES[type_][code]
        for _ in range(200):
            starts = rules.at(self.resource(type_), path)
            start = self.random.choice(starts) if starts else {}
            ones, twos = rules.at(start, first[1]), rules.at(start, second[1])
            if ones and twos:
                parts = [self.text(first[0], "", ones[0]), self.text(second[0], "", twos[0])]
                if all(parts):
                    return ("composite", code, ["$".join(parts)])
        return self.value(type_)

    def references(self, type_):
        return [code for code, (kind, _) in rules.PARAMETERS[type_].items() if kind == "reference"]

    def chain(self, type_, depth):
        for code in self.random.sample(self.references(type_), len(self.references(type_))):
            for value in rules.values(self.resource(type_), code)[1]:
                target = value.get("reference", "").partition("/")[0]
                if target in rules.PARAMETERS and self.record.by_type.get(target):
                    return ("chain", code, target, self.criterion(target, depth + 1))
        return self.value(type_)

    def has(self, type_, depth):
        ways = [(other, code) for other in rules.PARAMETERS if self.record.by_type.get(other)
                for code in self.references(other)]
        for other, code in self.random.sample(ways, len(ways)):
            for value in rules.values(self.resource(other), code)[1]:
                if value.get("reference", "").startswith(type_ + "/"):
                    return ("has", other, code, self.criterion(other, depth + 1))
        return self.value(type_)


def escaped(text):
    return text.replace("\\", "\\\\").replace(",", "\\,")


def written(criterion, prefix=""):
    """(name, value) of the query."""
    kind = criterion[0]
    if kind == "value":
        _, code, modifier, wanted = criterion
        return prefix + code + (f":{modifier}" if modifier else ""), ",".join(map(escaped, wanted))
    if kind == "missing":
        return f"{prefix}{criterion[1]}:missing", "true" if criterion[2] else "false"
    if kind == "id":
        return prefix + "_id", ",".join(criterion[1])
    if kind == "composite":
        return prefix + criterion[1], ",".join(map(escaped, criterion[2]))
    if kind == "codes":
        return f"{prefix}{criterion[1]}:{criterion[2]}", ",".join(map(escaped, criterion[3]))
    if kind == "list":
        return prefix + "_list", ",".join(criterion[1])
    if kind in ("and", "or", "not"):
        return "_filter", filter_text(criterion)
    if kind == "chain":
        return written(criterion[3], f"{prefix}{criterion[1]}:{criterion[2]}.")
    return written(criterion[3], f"{prefix}_has:{criterion[1]}:{criterion[2]}:")


def filter_text(criterion, path=""):
    """The criterion as a filter, None if there is no such."""
    kind = criterion[0]
    if kind in ("and", "or"):
        parts = [filter_text(each) for each in criterion[1]]
        return f" {kind} ".join(f"({each})" for each in parts)
    if kind == "not":
        return f"not ({filter_text(criterion[1])})"
    if kind == "missing":
        return f"{path}{criterion[1]} pr {'false' if criterion[2] else 'true'}"
    if kind == "codes":
        op = {"in": "in", "not-in": "ni", "below": "ss", "above": "sb"}[criterion[2]]
        return f"{path}{criterion[1]} {op} {criterion[3][0]}" if len(criterion[3]) == 1 else None
    if kind == "chain":
        return filter_text(criterion[3], f"{path}{criterion[1]}:{criterion[2]}.")
    if kind != "value" or len(criterion[3]) != 1 or criterion[2] in ("not", "exact"):
        return None
    _, code, modifier, (text,) = criterion
    of = {each[code][0] for each in rules.PARAMETERS.values() if code in each}
    if of & {"date", "quantity"}:
        op, text = rules.split_prefix(text)
    elif of == {"string"}:
        op = {"": "sw", "contains": "co", "whole": "eq", "ends": "ew"}[modifier]
    else:
        op = "re" if of == {"reference"} else "eq"
    return f"{path}{code} {op} {json.dumps(text, ensure_ascii=False)}"


def sort_key(resource, code, falls=False):
    """What a resource is sorted by: the smallest of its values, or the largest where order falls; None where
    there is none, and comes last."""
    if code == "_id":
        return resource["id"]
    kind, found = rules.values(resource, code)
    if not found:
        return None
    if kind == "date":
        return rules.interval(found[0])
    if kind == "token":
        pairs = rules.tokens(found[0])
        return min(code for _, code in pairs) if pairs else None
    texts = [rules.folded(text) for value in found for text in rules.texts(value)]
    return max(texts) if falls else min(texts)


@unittest.skipUnless(ARCHIVE.is_file(), f"shared data is not at {ARCHIVE} (HOLDFAST_SHARED_DATA)")
class SearchOracle(ServerTest):
    def setUp(self):
        super().setUp()
        self.server = self.serve(self.init())
        self.wire = Wire(self.server.host, self.server.port)
        self.addCleanup(self.wire.close)
        self.load()

    def load(self):
        folder = self.folder / "bundles"
        folder.mkdir()
        everything = [(pathlib.Path(name).name, body) for name, body in bundles()]
        first = [each for each in everything if "nformation" in each[0]]
        rest = sorted((each for each in everything if "nformation" not in each[0]), key=lambda e: (len(e[1]), e[0]))
        for number, (name, body) in enumerate(first + rest[:PATIENTS]):
            (folder / f"{number:03d}-{name}").write_bytes(body)
        done = run("import", "--historic", "--server", self.server.url, folder)
        self.assertEqual(done.returncode, 0, done.stderr[-500:])
        resources = []
        for type_ in rules.PARAMETERS:
            resources += self.pages(f"/fhir/{type_}?_count=1000")[0]
        source = random.Random(SEED)
        codes = vocabulary(resources, source)
        lists = [{"resourceType": "List", "id": f"l{number}", "status": "current", "mode": "working",
                  "entry": [{"item": {"reference": f"{each['resourceType']}/{each['id']}"}}
                            for each in source.sample(resources, len(resources) // 3)]} for number in range(2)]
        for each in codes + lists:
            reply = self.wire.ask("PUT", f"/fhir/{each['resourceType']}/{each['id']}", each)
            self.assertEqual(reply.status, 201, reply)
        codes += [json.loads((DEFINITIONS / f"{name}.json").read_bytes()) for name in BUILT_IN]
        self.record = rules.Record(resources, rules.Codes(codes), lists)

    def pages(self, target):
        """Matches and included resources of all pages, and the first page's total."""
        matches, included, total = [], [], None
        while target:
            reply = self.wire.ask("GET", target)
            self.assertEqual(reply.status, 200, f"{target}: {reply}")
            page = reply.json()
            total = page.get("total") if total is None else total
            for entry in page.get("entry", ()):
                (matches if entry["search"]["mode"] == "match" else included).append(entry["resource"])
            following = [link["url"] for link in page["link"] if link["relation"] == "next"]
            target = following[0][following[0].index("/fhir"):] if following else None
        return matches, included, total

    def test_generated_searches(self):
        print(f"HOLDFAST_SEED={SEED}, {len(self.record.by_name)} resources", flush=True)
        generator = Generator(self.record, SEED)
        found, hits, began = 0, 0, time.monotonic()
        wrong = []
        for _ in range(SEARCHES):
            try:
                matched = self.one_search(generator)
            except AssertionError as failure:
                wrong.append(str(failure)[:600])
                continue
            found += matched
            hits += matched > 0
        print(f"{SEARCHES} searches, {hits} found something, {found} resources, "
              f"{time.monotonic() - began:.1f} s", flush=True)
        self.assertEqual(len(wrong), 0, "\n\n".join(wrong[:20]))
        self.assertGreater(hits, SEARCHES // 2)

    def one_search(self, generator):
        chance = generator.random.random
        if chance() < 0.1:
            return self.search_of_several(generator)
        type_ = generator.random.choice([each for each in rules.PARAMETERS if self.record.by_type.get(each)])
        criteria = [generator.criterion(type_) for _ in range(generator.random.choice((1, 1, 1, 2, 2, 3)))]
        if chance() < 0.12:
            criteria.append(("and", [generator.filter(type_)]))
        query = [written(one) for one in criteria]
        expected = self.record.find(type_, criteria)
        keys, include, revinclude = [], None, None
        if chance() < 0.4 and type_ in SORTS:
            codes = generator.random.sample(SORTS[type_], generator.random.randint(1, min(2, len(SORTS[type_]))))
            keys = [(code, chance() < 0.5) for code in codes]
            query.append(("_sort", ",".join(("-" if falls else "") + code for code, falls in keys)))
        if chance() < 0.1 and type_ in INCLUDES:
            include = generator.random.choice(INCLUDES[type_])
            query.append(("_include", f"{type_}:{include}"))
        elif chance() < 0.2 and type_ in REVINCLUDES and len(expected) <= 60:
            revinclude = generator.random.choice(REVINCLUDES[type_])
            query.append(("_revinclude", ":".join(revinclude)))
        accurate = chance() < 0.3
        if accurate:
            query.append(("_total", "accurate"))
        count = max(generator.random.choice((1, 3, 7, 20, 50, 1000)), len(expected) // 8 + 1)
        query.append(("_count", str(count)))
        generator.random.shuffle(query)
        target = f"/fhir/{type_}?" + urllib.parse.urlencode(query)
        said = f"HOLDFAST_SEED={SEED} {target}"
        matches, included, total = self.pages(target)
        names = [each["id"] for each in matches]
        self.assertEqual(len(names), len(set(names)), f"{said}: a resource comes twice")
        wanted = {each["id"] for each in expected}
        self.assertEqual(set(names), wanted, f"{said}: too much {sorted(set(names) - wanted)[:3]}, "
                                             f"missing {sorted(wanted - set(names))[:3]}")
        if accurate:
            self.assertEqual(int(total), len(expected), said)
        if keys:
            self.check_order(matches, keys, said)
        if include or revinclude:
            self.check_included(matches, included, include, revinclude, said)
        return len(expected)

    def search_of_several(self, generator):
        """Several types in one order, by what they have in common."""
        chance, choice = generator.random.random, generator.random.choice
        types, common, sorts = choice(TOGETHER)
        types = generator.random.sample([each for each in types if self.record.by_type.get(each)], 2)
        criteria = []
        for _ in range(20):
            code = choice(common)
            kind, found = rules.values(generator.resource(types[0]), code)
            text = generator.text(kind, "", choice(found)) if found else None
            if text:
                criteria.append(("value", code, "", [text]))
                break
        key = choice(sorts).lstrip("-")
        keys = [(key, chance() < 0.5)]
        expected = [each for type_ in types for each in self.record.find(type_, criteria)]
        sign = "-" if keys[0][1] else ""
        query = [written(one) for one in criteria] + [("_type", ",".join(types)), ("_sort", sign + key)]
        query.append(("_count", str(max(choice((3, 20, 1000)), len(expected) // 8 + 1))))
        target = "/fhir?" + urllib.parse.urlencode(query)
        said = f"HOLDFAST_SEED={SEED} {target}"
        matches = self.pages(target)[0]
        names = [f"{each['resourceType']}/{each['id']}" for each in matches]
        self.assertEqual(len(names), len(set(names)), f"{said}: a resource comes twice")
        self.assertEqual(set(names), {f"{each['resourceType']}/{each['id']}" for each in expected}, said)
        self.check_order(matches, keys, said)
        return len(expected)

    def check_order(self, matches, keys, said):
        for before, after in zip(matches, matches[1:]):
            for code, falls in keys:
                one, two = sort_key(before, code, falls), sort_key(after, code, falls)
                if one == two:
                    continue
                self.assertIsNotNone(one, f"{said}: {before['id']} has no {code} and is not last")
                self.assertTrue(two is None or (one > two if falls else one < two),
                                f"{said}: {before['id']} with {one} before {after['id']} with {two}")
                break

    def check_included(self, matches, included, include, revinclude, said):
        here = {f"{each['resourceType']}/{each['id']}" for each in matches}
        if include:
            wanted = {value["reference"] for each in matches for value in rules.values(each, include)[1]
                      if value.get("reference") in self.record.by_name}
        else:
            type_, code = revinclude
            wanted = {f"{type_}/{each['id']}" for each in self.record.by_type.get(type_, ())
                      if any(value.get("reference") in here for value in rules.values(each, code)[1])}
        self.assertEqual({f"{each['resourceType']}/{each['id']}" for each in included}, wanted, said)


if __name__ == "__main__":
    main()
