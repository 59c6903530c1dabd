#!/usr/bin/env python3
"""Writes code systems, value sets and concept maps as constant tables in C++, and which element is
bound to which value set: terminology.py PACKAGE_DIR TABLES.cpp BINDINGS.cpp

PACKAGE_DIR is node_modules/hl7.fhir.r4.examples. src/fhir/terminology/tables.h says what each table
holds. What this program does not understand is an error, never a row left out.

A system that the package only names (SNOMED CT, LOINC, UCUM) has a row too, with the codes that
value sets list: so every code that the package knows has a number, and a value set is a few runs of
numbers. The runs are computed here once, by the rules that src/fhir/terminology/compose.cpp obeys;
a test composes them again and compares.
"""
import json
import sys
import zlib
from pathlib import Path

import generate
from generate import MASK, array, load, mix_name

SOURCES = ("Bundle-valuesets.json", "Bundle-v2-valuesets.json", "Bundle-v3-valuesets.json",
           "Bundle-externals.json")
# Systems of others whose list is in the package only as somebody's expansion: known codes, not all.
LISTED_IN_EXPANSIONS = (
    ("urn:iso:std:iso:4217", "http://hl7.org/fhir/ValueSet/currencies"),
    ("http://hl7.org/fhir/sid/cvx", "http://hl7.org/fhir/ValueSet/vaccine-code"),
    ("urn:oid:1.2.36.1.2001.1005.17", "http://hl7.org/fhir/ValueSet/vaccine-code"),
)
CONTENTS = ("complete", "fragment", "example", "not-present")
HIERARCHIES = (None, "is-a", "grouped-by", "part-of", "classified-with")
OPERATORS = ("=", "is-a", "descendent-of", "is-not-a", "regex", "in", "not-in", "generalizes",
             "exists")
PROPERTY_KINDS = {"Code": "code", "String": "string", "Boolean": "boolean", "Integer": "integer",
                  "DateTime": "date_time", "Decimal": "decimal"}
STATUSES = ("draft", "active", "retired", "unknown")
STRENGTHS = ("required", "extensible", "preferred", "example")
EQUIVALENCES = ("relatedto", "equivalent", "equal", "wider", "subsumes", "narrower", "specializes",
                "inexact", "unmatched", "disjoint")
UNMAPPED = (None, "provided", "fixed", "other-map")
MAX_VALUE_SET = "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet"
ABSTRACT, INACTIVE, PROPERTIES, DESIGNATIONS, EDGES = 1, 2, 4, 8, 16
RULE_EXCLUDE, RULE_LISTED = 1, 2
SET_OPEN, SET_ACTIVE_ONLY = 1, 2
SLOT_FACTOR = 0x9E3779B97F4A7C15
FOLD = 0x2020202020202020
DEFINITIONS_PER_BLOCK = 512
NONE = 0xFFFF


class Texts:
    """Texts behind each other, each after its length; a text is its offset, "" is 0."""

    def __init__(self):
        self.bytes, self.known = bytearray(b"\0"), {"": 0}

    def at(self, text):
        text = text or ""
        if text not in self.known:
            self.known[text] = len(self.bytes)
            raw = text.encode()
            length = len(raw)
            while length >= 0x80:
                self.bytes.append(length & 0x7F | 0x80)
                length >>= 7
            self.bytes.append(length)
            self.bytes += raw
        return self.known[text]


class Concept:
    def __init__(self, code, display, definition=""):
        self.code, self.display, self.definition = code, display, definition
        self.parent, self.subtree, self.flags = 0, 0, 0
        self.properties, self.designations, self.parents = [], [], []


class System:
    def __init__(self, url, content, resource):
        self.url, self.content, self.resource = url, content, resource
        self.concepts, self.numbers, self.first, self.number = [], {}, 0, 0

    def add(self, concept):
        if concept.code in self.numbers:
            raise ValueError(f"{self.url}: {concept.code} twice")
        self.numbers[concept.code] = len(self.concepts)
        self.concepts.append(concept)


def value_of(property_):
    """The kind and the text of value[x] of a concept's property."""
    for kind in PROPERTY_KINDS:
        if "value" + kind in property_:
            value = property_["value" + kind]
            return kind, str(value).lower() if isinstance(value, bool) else str(value)
    raise ValueError(f"property {property_}")


# ---- reading -----------------------------------------------------------------------------------

def read_designation(designation):
    use = designation.get("use", {})
    return (designation.get("language"), use.get("system"), use.get("code"), use.get("display"),
            designation["value"])


def read_concepts(system, concepts, parent):
    for raw in concepts:
        concept = Concept(raw["code"], raw.get("display"), raw.get("definition", ""))
        number = len(system.concepts)
        concept.parent = parent
        system.add(concept)
        for property_ in raw.get("property", []):
            kind, value = value_of(property_)
            concept.properties.append((property_["code"], kind, value))
            # https://hl7.org/fhir/R4/codesystem.html#status
            if property_["code"] == "notSelectable" and value == "true":
                concept.flags |= ABSTRACT
            if (property_["code"] == "inactive" and value == "true") or (
                    property_["code"] == "status" and value in ("retired", "inactive")):
                concept.flags |= INACTIVE
        concept.designations = [read_designation(d) for d in raw.get("designation", [])]
        read_concepts(system, raw.get("concept", []), number + 1)
        concept.subtree = len(system.concepts) - number - 1


def link_parents(system):
    """Parents that are named by properties, beside those that concepts are nested in."""
    for number, concept in enumerate(system.concepts):
        for code, _, value in concept.properties:
            pair = ((concept, value) if code in ("parent", "subsumedBy") else
                    (value, concept) if code == "child" else None)
            if pair is None:
                continue
            child, parent = (system.concepts[system.numbers[p]] if isinstance(p, str) else p
                             for p in pair)
            at = system.numbers[parent.code]
            if child.parent != at + 1 and at not in child.parents:
                child.parents.append(at)
                child.flags |= EDGES
                parent.flags |= EDGES
    for concept in system.concepts:
        if concept.properties:
            concept.flags |= PROPERTIES
        if concept.designations:
            concept.flags |= DESIGNATIONS


def read_systems(resources):
    systems = {}
    for resource in resources:
        if resource["resourceType"] != "CodeSystem" or resource["content"] == "supplement":
            continue
        system = System(resource["url"], resource["content"], resource)
        read_concepts(system, resource.get("concept", []), 0)
        if resource["url"] in systems:
            raise ValueError(f"{resource['url']} twice")
        systems[resource["url"]] = system
    return systems


def list_codes(systems, url, listed):
    """Codes that somebody lists of a system that is not all here."""
    system = systems.setdefault(url, System(url, "not-present", {}))
    for raw in listed:
        if raw["code"] in system.numbers:
            concept = system.concepts[system.numbers[raw["code"]]]
            concept.display = concept.display or raw.get("display")
        elif system.content == "not-present" or not system.resource:
            concept = Concept(raw["code"], raw.get("display"))
            system.add(concept)
        else:
            raise ValueError(f"{url} has no {raw['code']}")
        for designation in map(read_designation, raw.get("designation", [])):
            if designation not in concept.designations:
                concept.designations.append(designation)


def flat(contains):
    for entry in contains:
        yield entry
        yield from flat(entry.get("contains", []))


def read_package(package):
    resources = [e["resource"] for name in SOURCES for e in load(package, name)["entry"]]
    systems = read_systems(resources)
    sets = sorted((r for r in resources if r["resourceType"] == "ValueSet"),
                  key=lambda r: r["url"].encode())
    expansions = {e["resource"]["url"]: e["resource"]["expansion"]
                  for e in load(package, "Bundle-valueset-expansions.json")["entry"]}
    for url, expanded in LISTED_IN_EXPANSIONS:
        list_codes(systems, url, [c for c in flat(expansions[expanded]["contains"])
                                  if c["system"] == url])
        systems[url].content = "fragment"
    for value_set in sets:
        for rule in rules_of(value_set):
            if "system" in rule:
                list_codes(systems, rule["system"], rule.get("concept", []))
    for system in systems.values():
        link_parents(system)
    maps = [e["resource"] for e in load(package, "Bundle-conceptmaps.json")["entry"]]
    return systems, sets, sorted(maps, key=lambda r: r["url"].encode())


# ---- composing ---------------------------------------------------------------------------------

class Open(Exception):
    """The rule holds codes that cannot be enumerated here."""


def rules_of(value_set):
    compose = value_set["compose"]
    return compose["include"] + [dict(r, exclude=True) for r in compose.get("exclude", [])]


def is_a(system, number, ancestor):
    waiting, seen = [number], set()
    while waiting:
        at = waiting.pop()
        if at == ancestor:
            return True
        if at not in seen:
            seen.add(at)
            concept = system.concepts[at]
            waiting += concept.parents + ([concept.parent - 1] if concept.parent else [])
    return False


def passes(system, number, rule_filter):
    op, value = rule_filter["op"], rule_filter["value"]
    if op == "=" and rule_filter["property"] not in ("concept", "code", "parent"):
        return any(p[0] == rule_filter["property"] and p[2] == value
                   for p in system.concepts[number].properties)
    if op in ("is-a", "is-not-a", "descendent-of") and rule_filter["property"] == "concept":
        if value not in system.numbers:
            raise ValueError(f"{system.url} has no {value}")
        ancestor = system.numbers[value]
        below = is_a(system, number, ancestor)
        return (not below if op == "is-not-a" else
                below and (op == "is-a" or number != ancestor))
    raise ValueError(f"{system.url}: filter {rule_filter}")


def compose_rule(rule, systems, sets, depth):
    """Numbers of all concepts of one include or exclude, in order."""
    members = None
    if "system" in rule:
        system = systems[rule["system"]]
        if "concept" in rule:
            members = [system.first + system.numbers[c["code"]] for c in rule["concept"]]
        elif system.content == "not-present":
            raise Open
        else:
            members = [system.first + n for n in range(len(system.concepts))
                       if all(passes(system, n, f) for f in rule.get("filter", []))]
    for url in rule.get("valueSet", []):
        if url not in sets or depth == 0:
            raise Open
        imported, is_open = compose(sets[url], systems, sets, depth - 1)
        if is_open:
            raise Open
        if members is None:
            members = imported
        else:
            members = [m for m in members if m in set(imported)]
    return members


def compose(value_set, systems, sets, depth=16):
    """Numbers of the members in order; whether there are more that cannot be enumerated."""
    members, is_open = {}, False
    for rule in rules_of(value_set):
        try:
            found = compose_rule(rule, systems, sets, depth)
        except Open:
            is_open = True
            continue
        for number in found:
            if "exclude" in rule:
                members.pop(number, None)
            else:
                members[number] = True
    if value_set["compose"].get("inactive") is False:
        inactive = {s.first + n for s in systems.values() for n, c in enumerate(s.concepts)
                    if c.flags & INACTIVE}
        members = {m: True for m in members if m not in inactive}
    return list(members), is_open


def runs_of(numbers):
    runs = []
    for number in numbers:
        if runs and runs[-1][0] + runs[-1][1] == number:
            runs[-1][1] += 1
        else:
            runs.append([number, 1])
    return [tuple(r) for r in runs]


# ---- writing -----------------------------------------------------------------------------------

def row(*values):
    return "{" + ", ".join(str(v) for v in values) + "}"


def count(name, rows):
    return f"constinit const std::uint32_t {name}_count = {len(rows)};\n"


def hash_slots(texts_):
    """An open-addressed table of 1 + index, at most two thirds full; its size is a power of two."""
    bits = 1
    while (1 << bits) * 2 < len(texts_) * 3:
        bits += 1
    slots = [0] * (1 << bits)
    for index, text in enumerate(texts_):
        raw = text.encode()
        first = int.from_bytes(raw[:8], "little") | FOLD
        last = int.from_bytes(raw[-8:], "little") | FOLD
        mixed = ((first ^ ((last << 29 | last >> 35) & MASK)) + len(raw)) & MASK
        at = (mixed * SLOT_FACTOR & MASK) >> (64 - bits)
        while slots[at]:
            at = (at + 1) % len(slots)
        slots[at] = index + 1
    return bits, slots


def write_systems(systems, texts, out):
    rows, concepts, slots, edges, properties, designations = [], [], [], [], [], []
    kinds = {}
    for system in systems:
        resource = system.resource
        bits, table = hash_slots([c.code for c in system.concepts])
        case = {True: "sensitive", False: "insensitive", None: "unsaid"}
        rows.append(row(texts.at(system.url), texts.at(resource.get("version")),
                        texts.at(resource.get("name")), system.first, len(system.concepts),
                        len(slots), f"Content{{{CONTENTS.index(system.content)}}}",
                        f"CaseRule::{case[resource.get('caseSensitive')]}",
                        f"Hierarchy{{{HIERARCHIES.index(resource.get('hierarchyMeaning'))}}}", bits))
        slots += table
        for concept in system.concepts:
            number = len(concepts)
            concepts.append(row(texts.at(concept.code), texts.at(concept.display), concept.parent,
                                concept.flags, concept.subtree))
            edges += [(number, system.first + parent) for parent in sorted(concept.parents)]
            properties += [row(number, texts.at(code), texts.at(value), f"PropertyKind::{PROPERTY_KINDS[kind]}")
                           for code, kind, value in concept.properties]
            for *kind, value in concept.designations:
                at = kinds.setdefault(tuple(kind), len(kinds))
                designations.append(row(number, texts.at(value), at))
    out.append(array("SystemRow systems[]", rows, 1))
    out.append(count("system", rows))
    bits, table = hash_slots([s.url for s in systems])
    out.append(f"constinit const std::uint8_t system_slot_bits = {bits};\n")
    out.append(array("std::uint32_t system_slots[]", table, 16))
    out.append(array("ConceptRow concepts[]", concepts, 4))
    out.append(count("concept", concepts))
    out.append(array("std::uint32_t concept_slots[]", slots, 16))
    out.append(array("EdgeRow edges[]", [row(*e) for e in edges], 8))
    out.append(count("edge", edges))
    out.append(array("PropertyRow properties[]", properties, 4))
    out.append(count("property", properties))
    out.append(array("DesignationRow designations[]", designations, 6))
    out.append(count("designation", designations))
    out.append(array("DesignationKindRow designation_kinds[]",
                     [row(*map(texts.at, kind)) for kind in kinds], 4))


def write_definitions(systems, out):
    """Definitions in order, each after its length, packed in blocks of so many concepts."""
    plain = [c.definition for s in systems for c in s.concepts]
    packed, offsets, sizes = b"", [], []
    for first in range(0, len(plain), DEFINITIONS_PER_BLOCK):
        block = bytearray()
        for definition in plain[first:first + DEFINITIONS_PER_BLOCK]:
            raw = definition.encode()
            block += len(raw).to_bytes(2, "little") + raw
        offsets.append(len(packed))
        sizes.append(len(block))
        packed += zlib.compress(bytes(block), 9)
    offsets.append(len(packed))
    packed += bytes(-len(packed) % 8)
    words = [f"{int.from_bytes(packed[i:i + 8], 'little')}U" for i in range(0, len(packed), 8)]
    out.append(array("std::uint64_t packed_definitions[]", words, 5))
    out.append(array("std::uint32_t definition_blocks[]", offsets))
    out.append(array("std::uint32_t definition_block_bytes[]", sizes))


def write_sets(sets, systems, texts, out):
    by_url = {s["url"]: s for s in sets}
    rows, rules, listed, filters, imports, runs = [], [], [], [], [], []

    def keep(found):
        """Where these runs stand; the same runs are not written twice."""
        at = len(runs)
        runs.extend(found)
        return at, len(found)

    for value_set in sets:
        members, is_open = compose(value_set, systems, by_url)
        first_rule = len(rules)
        ordered = runs_of(members)
        by_number = runs_of(sorted(members))
        at = keep(ordered)
        sorted_at = at if by_number == ordered else keep(by_number)
        for rule in rules_of(value_set):
            url = rule.get("system")
            number = systems[url].number + 1 if url else 0
            flags = ((RULE_EXCLUDE if "exclude" in rule else 0) |
                     (RULE_LISTED if "concept" in rule else 0))
            rules.append(row(number, texts.at(rule.get("version")), len(listed),
                             len(rule.get("concept", [])), len(filters), len(imports),
                             len(rule.get("filter", [])), len(rule.get("valueSet", [])), flags))
            for concept in rule.get("concept", []):
                known = systems[url].concepts[systems[url].numbers[concept["code"]]]
                other = concept.get("display", "") if concept.get("display") != known.display else ""
                listed.append(row(systems[url].first + systems[url].numbers[concept["code"]],
                                  texts.at(other)))
            filters += [row(texts.at(f["property"]), texts.at(f["value"]), f"Operator{{{OPERATORS.index(f['op'])}}}")
                        for f in rule.get("filter", [])]
            imports += [texts.at(v) for v in rule.get("valueSet", [])]
        flags = ((SET_OPEN if is_open else 0) |
                 (SET_ACTIVE_ONLY if value_set["compose"].get("inactive") is False else 0))
        rows.append(row(texts.at(value_set["url"]), texts.at(value_set.get("version")),
                        texts.at(value_set.get("name")), texts.at(value_set.get("title")),
                        first_rule, *at, *sorted_at, len(rules) - first_rule, flags,
                        f"Status{{{STATUSES.index(value_set['status'])}}}"))
    out.append(array("ValueSetRow value_sets[]", rows, 1))
    out.append(count("value_set", rows))
    bits, table = hash_slots([s["url"] for s in sets])
    out.append(f"constinit const std::uint8_t value_set_slot_bits = {bits};\n")
    out.append(array("std::uint32_t value_set_slots[]", table, 16))
    out.append(array("RuleRow rules[]", rules, 2))
    out.append(array("ListedRow listed[]", listed, 6))
    out.append(array("FilterRow filters[]", filters, 4))
    out.append(array("TextAt imports[]", imports))
    out.append(array("Run runs[]", [row(*r) for r in runs], 8))


def write_maps(maps, texts, out):
    rows, groups, elements, products = [], [], [], []
    for map_ in maps:
        first_group = len(groups)
        for group in map_.get("group", []):
            first = len(elements)
            # An element without a code says of what is not mapped; nothing can be looked up by it.
            for element in sorted((e for e in group["element"] if "code" in e),
                                  key=lambda e: e["code"].encode()):
                for target in element.get("target", []):
                    products += [row(len(elements), texts.at(p["property"]),
                                     texts.at(p.get("system")), texts.at(p["value"]),
                                     texts.at(p.get("display")))
                                 for p in target.get("product", [])]
                    elements.append(row(
                        texts.at(element["code"]), texts.at(element.get("display")),
                        texts.at(target.get("code")), texts.at(target.get("display")),
                        texts.at(target.get("comment")),
                        f"Equivalence{{{EQUIVALENCES.index(target['equivalence'])}}}", int("dependsOn" in target)))
            unmapped = group.get("unmapped", {})
            groups.append(row(
                texts.at(group.get("source")), texts.at(group.get("target")), first,
                len(elements) - first, texts.at(unmapped.get("code")),
                texts.at(unmapped.get("display")), texts.at(unmapped.get("url")),
                f"Unmapped{{{UNMAPPED.index(unmapped.get('mode'))}}}"))
        rows.append(row(
            texts.at(map_["url"]), texts.at(map_.get("version")),
            texts.at(map_.get("sourceCanonical") or map_.get("sourceUri")),
            texts.at(map_.get("targetCanonical") or map_.get("targetUri")),
            first_group, len(groups) - first_group))
    out.append(array("ConceptMapRow concept_maps[]", rows, 2))
    out.append(count("concept_map", rows))
    out.append(array("MapGroupRow map_groups[]", groups, 2))
    out.append(array("MapRow map_rows[]", elements, 4))
    out.append(array("MapProductRow map_products[]", products, 4))
    out.append(count("map_product", products))


def write_texts(texts):
    raw = bytes(texts.bytes) + bytes(-len(texts.bytes) % 8)
    words = [f"{int.from_bytes(raw[i:i + 8], 'little')}U" for i in range(0, len(raw), 8)]
    return array("std::uint64_t texts[]", words, 5)


HEAD = ["// Written by tools/definitions/terminology.py. Do not edit.",
        '#include "fhir/terminology/tables.h"\n',
        "namespace holdfast::fhir::terminology::tables {\n"]
TAIL = "}  // namespace holdfast::fhir::terminology::tables\n"


def element_rows(package):
    """The rows that generate.py writes, in the same order."""
    found = [e["resource"] for e in load(package, "Bundle-resources.json")["entry"]]
    types = [r for r in found if r["resourceType"] == "StructureDefinition"
             and r["kind"] == "resource" and not r["abstract"]]
    data_types = [e["resource"] for e in load(package, "Bundle-types.json")["entry"]]
    structures = {}
    for definition in types + [r for r in data_types if r["kind"] == "complex-type"
                               and r.get("derivation") != "constraint"]:
        structures.update(generate.read_structures(definition, generate.KINDS))
    first = sorted(r["name"] for r in types)
    for name in first + sorted(set(structures) - set(first)):
        yield from structures[name].rows


def is_bindable(element):
    """https://hl7.org/fhir/R4/terminologies.html#4.1: whether its type can hold a code."""
    return (element.kind in ("code", "string", "uri") or
            element.structure in ("Coding", "CodeableConcept", "Quantity"))


def write_bindings(package, sets, output):
    """A row for each ElementRow, in the same order. The value sets that are not in the package;
    they are numbered behind the others."""
    numbers = {s["url"]: n for n, s in enumerate(sets)}
    elsewhere = []
    rows = []

    def number(canonical):
        url = canonical.partition("|")[0]
        if url and url not in numbers:
            numbers[url] = len(numbers)
            elsewhere.append(url)
        return numbers.get(url, NONE)

    for element in element_rows(package):
        binding = element.binding if is_bindable(element) else {}
        strength = f"Strength{{{STRENGTHS.index(binding.get('strength', 'example'))}}}"
        widest = [e["valueCanonical"] for e in binding.get("extension", [])
                  if e["url"] == MAX_VALUE_SET]
        rows.append(row(number(binding.get("valueSet", "")), number(widest[0] if widest else ""),
                        strength))
    out = HEAD + [array("BindingRow bindings[]", rows, 6), count("binding", rows), TAIL]
    output.write_text("\n".join(out), encoding="utf-8")
    return elsewhere


def main():
    package = Path(sys.argv[1])
    systems, sets, maps = read_package(package)
    ordered = sorted(systems.values(), key=lambda s: s.url.encode())
    first = 0
    for number, system in enumerate(ordered):
        system.number = number
        system.first = first
        first += len(system.concepts)
    texts, out = Texts(), []
    write_systems(ordered, texts, out)
    write_definitions(ordered, out)
    write_sets(sets, systems, texts, out)
    write_maps(maps, texts, out)
    elsewhere = write_bindings(package, sets, Path(sys.argv[3]))
    out.append(array("TextAt sets_elsewhere[]", [texts.at(url) for url in elsewhere]))
    out.append(count("sets_elsewhere", elsewhere))
    out = HEAD + [write_texts(texts)] + out + [TAIL]
    Path(sys.argv[2]).write_text("\n".join(out), encoding="utf-8")


if __name__ == "__main__":
    main()
