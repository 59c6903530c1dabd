#!/usr/bin/env python3
"""Writes what validation goes by as constant tables in C++: validation.py PACKAGE_DIR OUTPUT.cpp

The invariants of the base definitions, by structure and by element, and the profiles and extension
definitions of the package, packed. The output is the same bytes for the same package.
src/fhir/validation/tables.h says what each table holds.
"""
import json
import sys
import zlib
from pathlib import Path

import generate
from generate import DEFINITION, array, load

BEST_PRACTICE = "http://hl7.org/fhir/StructureDefinition/elementdefinition-bestpractice"
SIMPLE_QUANTITY = DEFINITION + "SimpleQuantity"
# Done without FHIRPath, in C++: they are asked of every element.
BUILT_IN = ("ele-1", "ext-1")
# Expressions that do not say what their text says, with what does.
MENDED = {
    # `boolean` is System.Boolean to the type specifier; R4B has the same mended. An answer is FHIR.boolean.
    "que-7": "operator = 'exists' implies (answer is FHIR.boolean)",
}
# What compiling a profile reads of an element.
KEPT = ("id", "path", "sliceName", "min", "max", "contentReference", "maxLength")


class Texts:
    """All texts in one string, each once."""

    def __init__(self):
        self.raw, self.known = bytearray(), {}

    def at(self, text):
        if text not in self.known:
            raw = text.encode()
            self.known[text] = (len(self.raw), len(raw))
            self.raw += raw
        offset, size = self.known[text]
        return f"{{{offset}U, {size}}}"


def words(raw):
    raw = bytes(raw) + bytes(-len(raw) % 8)
    return [f"{int.from_bytes(raw[i:i + 8], 'little')}U" for i in range(0, len(raw), 8)]


def is_best_practice(constraint):
    return any(e["url"] == BEST_PRACTICE and e.get("valueBoolean") for e in constraint.get("extension", []))


def base_definitions(package):
    found = [e["resource"] for e in load(package, "Bundle-resources.json")["entry"]]
    types = [r for r in found if r["resourceType"] == "StructureDefinition"
             and r["kind"] == "resource" and not r["abstract"]]
    data_types = [e["resource"] for e in load(package, "Bundle-types.json")["entry"]]
    return types, [r for r in data_types if r["kind"] == "complex-type" and r.get("derivation") != "constraint"]


def numbered(types, data_types):
    """Structures in the order of generate.py, and the number of each row by its path."""
    structures = {}
    for definition in types + data_types:
        structures.update(generate.read_structures(definition, generate.KINDS))
    first = sorted(r["name"] for r in types)
    order = first + sorted(set(structures) - set(first))
    rows, number = {}, 0
    for name in order:
        for row in structures[name].rows:
            base = f"{name}.{row.base}{'[x]' if row.choice else ''}"
            rows.setdefault(base, []).append(number)
            number += 1
    return {name: number for number, name in enumerate(order)}, rows


def constraints_of(element):
    return [c for c in element.get("constraint", []) if c["key"] not in BUILT_IN and "expression" in c]


def read_invariants(definitions, structures, rows, simple):
    """(owner, constraint): first those of structures, then those of single elements."""
    of_structures, of_rows = [], []
    for definition in definitions:
        for element in definition["snapshot"]["element"]:
            path = element["path"]
            if path in structures:
                of_structures += [(structures[path], c) for c in constraints_of(element)]
                continue
            extra = constraints_of(element)
            if any(SIMPLE_QUANTITY in t.get("profile", []) for t in element.get("type", [])):
                extra = extra + simple
            for constraint in extra:
                if path not in rows:
                    raise ValueError(f"{path}: {constraint['key']} is about no element of the tables")
                of_rows += [(row, constraint) for row in rows[path]
                            if constraint not in simple or is_quantity(definition, element, row, rows)]
    return sorted(of_structures, key=lambda i: i[0]), sorted(of_rows, key=lambda i: i[0])


def is_quantity(definition, element, row, rows):
    """Of a choice, only the type that has the profile."""
    codes = [generate.fhir_type(t) for t in element["type"]]
    return codes[rows[element["path"]].index(row)] == "Quantity"


def write_invariants(invariants, name, texts, out):
    lines = []
    for owner, c in invariants:
        flags = int(c["severity"] == "error") | int(is_best_practice(c)) << 1
        expression = MENDED.get(c["key"], c["expression"])
        lines.append(f"{{{texts.at(c['key'])}, {texts.at(c['human'])}, {texts.at(expression)}, {owner}, {flags}}}")
    out.append(array(f"InvariantRow {name}[]", lines, 1))
    out.append(f"constinit const std::uint32_t {name[:-1]}_count = {len(lines)};\n")


def slim_type(type_):
    slim = {"code": generate.fhir_type(type_)}
    return slim | {k: type_[k] for k in ("profile", "targetProfile") if k in type_}


def slim_element(element):
    slim = {k: element[k] for k in KEPT if k in element}
    for key, value in element.items():
        if key.startswith(("fixed", "pattern", "minValue", "maxValue")):
            slim[key] = value
    if "slicing" in element:
        slim["slicing"] = {k: v for k, v in element["slicing"].items() if k != "description"}
    if "type" in element:
        slim["type"] = [slim_type(t) for t in element["type"]]
    if "binding" in element:
        binding = element["binding"]
        slim["binding"] = {k: binding[k] for k in ("strength", "valueSet", "extension") if k in binding}
    constraints = [c for c in element.get("constraint", []) if c["key"] not in BUILT_IN]
    if constraints:
        slim["constraint"] = [{k: c[k] for k in ("key", "severity", "human", "expression", "extension") if k in c}
                              for c in constraints]
    return slim


def slim_profile(definition):
    """A StructureDefinition with only what validation reads."""
    slim = {k: definition[k] for k in ("resourceType", "url", "kind", "abstract", "type", "baseDefinition",
                                       "derivation", "context") if k in definition}
    view = "snapshot" if "snapshot" in definition else "differential"
    slim[view] = {"element": [slim_element(e) for e in definition[view]["element"]]}
    return slim


def write_profiles(definitions, texts, out):
    packed, lines = bytearray(), []
    for definition in sorted(definitions, key=lambda d: d["url"].encode()):
        plain = json.dumps(slim_profile(definition), separators=(",", ":"), ensure_ascii=False).encode()
        raw = zlib.compress(plain, 9)
        lines.append(f"{{{texts.at(definition['url'])}, {len(packed)}, {len(raw)}, {len(plain)}}}")
        packed += raw
    out.append(array("ProfileRow profiles[]", lines, 2))
    out.append(f"constinit const std::uint32_t profile_count = {len(lines)};\n")
    out.append(array("std::uint64_t packed_profiles[]", words(packed), 5))


def main():
    package, output = Path(sys.argv[1]), Path(sys.argv[2])
    types, data_types = base_definitions(package)
    structures, rows = numbered(types, data_types)
    profiles = {}
    for path in sorted(package.glob("StructureDefinition-*.json")):
        definition = load(package, path.name)
        if definition.get("derivation") == "constraint" and definition["kind"] != "logical":
            profiles[definition["url"]] = definition
    simple = [c for c in constraints_of(profiles[SIMPLE_QUANTITY]["snapshot"]["element"][0])
              if c["key"].startswith("sqty")]
    if len(simple) != 1:
        raise ValueError("SimpleQuantity has another invariant than sqty-1")
    of_structures, of_rows = read_invariants(types + data_types, structures, rows, simple)
    texts = Texts()
    out = ["// Written by tools/definitions/validation.py. Do not edit.",
           '#include "fhir/validation/tables.h"\n',
           "namespace holdfast::fhir::validation::tables {\n"]
    write_invariants(of_structures, "structure_invariants", texts, out)
    write_invariants(of_rows, "element_invariants", texts, out)
    write_profiles(profiles.values(), texts, out)
    out.append(array("std::uint64_t texts[]", words(texts.raw), 5))
    out.append("}  // namespace holdfast::fhir::validation::tables\n")
    output.write_text("\n".join(out), encoding="utf-8")


if __name__ == "__main__":
    main()
