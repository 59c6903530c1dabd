"""search_oracle_test.py: 2,000 generated searches over HTTP find exactly what looking at every resource finds
(search_rules.py), in the order asked for, with the total asked for, page after page, and with what
they include. Values come from the data. HOLDFAST_SEED gives the same searches again.
"""
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
        return self.value(type_)

    def value(self, type_):
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
            modifier = self.random.choice(("", "", "exact", "contains"))
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
        if not text or modifier == "exact":
            return text
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
    if kind == "chain":
        return written(criterion[3], f"{prefix}{criterion[1]}:{criterion[2]}.")
    return written(criterion[3], f"{prefix}_has:{criterion[1]}:{criterion[2]}:")


def sort_key(resource, code):
    """What one value is sorted by; None where there is none, and comes last."""
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
    return min(rules.folded(text) for value in found for text in rules.texts(value))


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
        done = run("import", "--server", self.server.url, folder)
        self.assertEqual(done.returncode, 0, done.stderr[-500:])
        resources = []
        for type_ in rules.PARAMETERS:
            resources += self.pages(f"/fhir/{type_}?_count=1000")[0]
        self.record = rules.Record(resources)

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
        type_ = generator.random.choice([each for each in rules.PARAMETERS if self.record.by_type.get(each)])
        criteria = [generator.criterion(type_) for _ in range(generator.random.choice((1, 1, 1, 2, 2, 3)))]
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

    def check_order(self, matches, keys, said):
        for before, after in zip(matches, matches[1:]):
            for code, falls in keys:
                one, two = sort_key(before, code), sort_key(after, code)
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
