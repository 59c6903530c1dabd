#!/usr/bin/env python3
"""Writes the FHIR R4 definitions as constant tables in C++: generate.py PACKAGE_DIR OUTPUT.cpp

PACKAGE_DIR is node_modules/hl7.fhir.r4.examples. The output is the same bytes for the same package.
src/fhir/definitions.h says what each table holds. A definition that this program does not
understand is an error, never a row left out.
"""
import json
import sys
from pathlib import Path

# In the order of ElementKind.
KINDS = {
    "boolean": "boolean", "integer": "integer", "unsignedInt": "unsigned_int",
    "positiveInt": "positive_int", "decimal": "decimal", "string": "string", "code": "code",
    "id": "id", "markdown": "markdown", "uri": "uri", "url": "url", "canonical": "canonical",
    "oid": "oid", "uuid": "uuid", "date": "date", "dateTime": "date_time", "instant": "instant",
    "time": "time", "base64Binary": "base64_binary", "xhtml": "xhtml",
}
FHIR_TYPE = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type"
DEFINITION = "http://hl7.org/fhir/StructureDefinition/"
SYSTEM = "http://hl7.org/fhirpath/System."
MASK = (1 << 64) - 1


class Row:
    def __init__(self, name, base, kind, element):
        self.name, self.base, self.kind = name, base, kind
        self.structure = None      # name of the structure of a complex row
        self.targets = ()          # type names; empty is any
        self.choice = 0
        self.required = 0xFF
        self.repeats = element["max"] != "1"
        self.minimum = element["min"]
        self.summary = element.get("isSummary", False)
        self.modifier = element.get("isModifier", False)
        self.binding = element.get("binding", {})  # terminology.py writes it


class Structure:
    def __init__(self, name, is_resource):
        self.name, self.is_resource, self.rows, self.required = name, is_resource, [], 0


def fhir_type(type_):
    """The FHIR type of an ElementDefinition.type, also of those written as FHIRPath types."""
    if not type_["code"].startswith(SYSTEM):
        return type_["code"]
    for extension in type_.get("extension", []):
        if extension["url"] == FHIR_TYPE:
            return extension["valueUrl"]
    raise ValueError(f"no FHIR type for {type_}")


def read_structures(definition, primitives):
    """The structure of one StructureDefinition and one for each backbone element in it."""
    elements = definition["snapshot"]["element"]
    root = definition["name"]
    parents = {e["path"].rpartition(".")[0] for e in elements}
    structures = {root: Structure(root, definition["kind"] == "resource")}
    for element in elements[1:]:
        path = element["path"]
        parent, _, name = path.rpartition(".")
        if element["max"] not in ("1", "*"):
            if element["max"] == "0":
                continue
            raise ValueError(f"{path}: max {element['max']}")
        owner = structures[parent]
        if "contentReference" in element:
            row = Row(name, name, "complex", element)
            row.structure = element["contentReference"].removeprefix("#")
            owner.rows.append(row)
            continue
        codes = {}
        for type_ in element["type"]:
            codes.setdefault(fhir_type(type_), type_)
        is_choice = name.endswith("[x]")
        if len(codes) != 1 and not is_choice:
            raise ValueError(f"{path}: several types without [x]")
        choice = max((r.choice for r in owner.rows), default=0) + 1 if is_choice else 0
        base = name.removesuffix("[x]")
        for code, type_ in codes.items():
            full = base + code[0].upper() + code[1:] if is_choice else name
            if path == root + ".id" and owner.is_resource:
                code = "id"  # the snapshots say string; https://hl7.org/fhir/R4/resource.html#id
            row = Row(full, base, None, element)
            row.choice = choice
            if is_choice and row.repeats:
                raise ValueError(f"{path}: a repeating choice")
            if code in KINDS:
                if code not in primitives:
                    raise ValueError(f"{path}: {code} is not defined")
                row.kind = KINDS[code]
            elif code == "Resource":
                row.kind = "resource"
            else:
                row.kind = "complex"
                row.structure = path if path in parents else code
                if path in parents:
                    structures[path] = Structure(path, False)
            if code in ("Reference", "canonical"):
                targets = {t.removeprefix(DEFINITION) for t in type_.get("targetProfile", [])}
                row.targets = () if "Resource" in targets else tuple(sorted(targets))
            owner.rows.append(row)
    for structure in structures.values():
        for row in structure.rows:
            if row.minimum:
                same = [r for r in structure.rows if row.choice and r.choice == row.choice]
                row.required = same[0].required if same else 0xFF
                if row.required == 0xFF:
                    row.required = structure.required
                    structure.required += 1
                    for other in same:
                        other.required = row.required
        if structure.required > 64 or len(structure.rows) > 250:
            raise ValueError(f"{structure.name}: too many rows for the tables")
    return structures


# ---- search parameters -------------------------------------------------------------------------

COMPARTMENTS = ("Device", "Encounter", "Patient", "Practitioner", "RelatedPerson")


def read_params(bundle, types, domain_types):
    """The definitions in order of code and id, each with the concrete types it is for."""
    found = sorted((e["resource"] for e in bundle["entry"]), key=lambda p: (p["code"], p["id"]))
    taken = set()
    for param in found:
        param["types"] = []
        for base in param["base"]:
            of_base = ([base] if base in types else types if base == "Resource" else
                       domain_types if base == "DomainResource" else None)
            if of_base is None:
                raise ValueError(f"{param['id']}: base {base}")
            param["types"] += of_base
        for type_ in param["types"]:
            if (type_, param["code"]) in taken:
                raise ValueError(f"{param['id']}: a second {param['code']} of {type_}")
            taken.add((type_, param["code"]))
    return found


def read_compartments(package, params):
    """(compartment, type, parameter), numbers of the parameters in `params`; {def} is its id."""
    numbers = {(type_, p["code"]): n for n, p in enumerate(params) for type_ in p["types"]}
    numbers.update({(c, "{def}"): numbers[c, "_id"] for c in COMPARTMENTS})
    rows = []
    for compartment in COMPARTMENTS:
        definition = load(package, f"CompartmentDefinition-{compartment[0].lower() + compartment[1:]}.json")
        for member in definition["resource"]:
            rows += [(compartment, member["code"], numbers[member["code"], code])
                     for code in member.get("param", [])]
    return rows


# ---- writing -----------------------------------------------------------------------------------

class Pool:
    """All texts in one string, each found again if it is a part of another."""

    def __init__(self, texts):
        self.text = ""
        for text in sorted(texts, key=lambda t: (-len(t), t)):
            if text not in self.text:
                self.text += text

    def at(self, text):
        return self.text.index(text)


def mix_name(name):
    raw = name.encode()
    first = int.from_bytes(raw[:8], "little")
    last = int.from_bytes(raw[-8:], "little")
    return ((first ^ ((last << 29 | last >> 35) & MASK)) + len(raw)) & MASK


def perfect_hash(names):
    """(seed, bits) so that no two names share a slot."""
    mixed = [mix_name(n) for n in names]
    if len(set(mixed)) != len(mixed):
        raise ValueError(f"names mix alike: {names}")
    bits = max(1, (len(names) - 1).bit_length())
    seed = 0x9E3779B97F4A7C15
    while True:
        for _ in range(300):
            seed = (seed * 6364136223846793005 + 1442695040888963407) & MASK | 1
            if len({(m * seed & MASK) >> (64 - bits) for m in mixed}) == len(mixed):
                return seed, bits
        bits += 1


def array(declaration, values, per_line=12):
    lines = [f"constinit const {declaration} = {{"]
    for i in range(0, len(values), per_line):
        lines.append("  " + ", ".join(str(v) for v in values[i:i + per_line]) + ",")
    return "\n".join(lines + ["};", ""])


def write_structures(structures, order, pool, target_sets, out):
    rows, heads, slots = [], [], []
    for number, name in enumerate(order):
        structure = structures[name]
        seed, bits = perfect_hash([r.name for r in structure.rows])
        table = [0] * (1 << bits)
        for i, row in enumerate(structure.rows):
            table[(mix_name(row.name) * seed & MASK) >> (64 - bits)] = i + 1
        heads.append(f"{{{seed}U, {pool.at(name)}, {len(slots)}, {len(rows)}, "
                     f"{len(structure.rows)}, {len(name)}, {bits}, {structure.required}, "
                     f"{int(structure.is_resource)}}}")
        slots += table
        for row in structure.rows:
            flags = row.repeats | row.summary << 1 | row.modifier << 2
            to = order.index(row.structure) if row.structure else 0
            rows.append(f"{{{pool.at(row.name)}, {len(row.name)}, {len(row.base)}, "
                        f"ElementKind::{row.kind}, {flags}, {to}, {target_sets[row.targets]}, "
                        f"{row.choice}, {row.required}, {number}}}")
    out.append(array("ElementRow elements[]", rows, 1))
    out.append(f"constinit const std::uint32_t element_count = {len(rows)};\n")
    out.append(array("StructureRow structures[]", heads, 1))
    out.append(f"constinit const std::uint32_t structure_count = {len(heads)};\n")
    out.append(array("std::uint8_t row_slots[]", slots, 32))
    for name in ("Element", "Reference", "Identifier", "Extension", "Narrative", "Meta"):
        out.append(f"constinit const StructureId {name.lower()}_structure{{{order.index(name)}}};")


def write_params(params, compartments, types, pool, target_sets, out):
    rows, bases, components = [], [], []
    numbers = {p["url"]: n for n, p in enumerate(params)}
    for param in params:
        expression = param.get("expression", "")
        parts = param.get("component", [])
        rows.append(f"{{{pool.at(param['code'])}, {pool.at(expression)}, {pool.at(param['url'])}, "
                    f"{len(expression)}, {len(bases)}, {len(components)}, "
                    f"{target_sets[tuple(sorted(param.get('target', [])))]}, "
                    f"{len(param['code'])}, {len(param['url'])}, {len(param['types'])}, "
                    f"{len(parts)}, ParamKind::{param['type']}}}")
        bases += [types.index(t) for t in param["types"]]
        components += [f"{{{pool.at(c['expression'])}, {len(c['expression'])}, "
                       f"{numbers[c['definition']]}}}" for c in parts]
    out.append(array("SearchParameterRow search_parameters[]", rows, 1))
    out.append(f"constinit const std::uint32_t search_parameter_count = {len(rows)};\n")
    out.append(array("std::uint8_t search_parameter_bases[]", bases, 24))
    out.append(array("SearchComponentRow search_components[]", components, 4))
    out.append(array("CompartmentRow compartments[]", [
        f"{{{types.index(c)}, {types.index(t)}, {number}}}" for c, t, number in compartments], 8))
    out.append(f"constinit const std::uint32_t compartment_count = {len(compartments)};\n")


def load(package, name):
    with open(package / name, encoding="utf-8") as file:
        return json.load(file)


def main():
    package, output = Path(sys.argv[1]), Path(sys.argv[2])
    resources = [e["resource"] for e in load(package, "Bundle-resources.json")["entry"]]
    data_types = [e["resource"] for e in load(package, "Bundle-types.json")["entry"]]
    concrete = [r for r in resources if r["resourceType"] == "StructureDefinition"
                and r["kind"] == "resource" and not r["abstract"]]
    types = sorted(r["name"] for r in concrete)
    type_ids = {name: number for number, name in enumerate(types)}
    primitives = {r["name"] for r in data_types if r["kind"] == "primitive-type"}
    if primitives != set(KINDS):
        raise ValueError(f"primitive types differ: {primitives ^ set(KINDS)}")
    structures = {}
    for definition in concrete + [r for r in data_types if r["kind"] == "complex-type"
                                  and r.get("derivation") != "constraint"]:
        structures.update(read_structures(definition, primitives))
    order = types + sorted(set(structures) - set(types))
    for structure in structures.values():
        for row in structure.rows:
            if row.structure and row.structure not in structures:
                raise ValueError(f"{structure.name}.{row.name}: no structure {row.structure}")

    domain_types = [r["name"] for r in concrete if r["baseDefinition"].endswith("/DomainResource")]
    params = read_params(load(package, "Bundle-searchParams.json"), types, sorted(domain_types))
    compartments = read_compartments(package, params)

    sets = {row.targets for s in structures.values() for row in s.rows}
    sets |= {tuple(sorted(param.get("target", []))) for param in params}
    target_sets, offsets, target_types = {}, [0], []
    for targets in sorted(sets | {()}):
        # A target that is no concrete type, such as MetadataResource, leaves the set open.
        known = [type_ids[t] for t in targets if t in type_ids]
        target_sets[targets] = len(offsets) - 1
        target_types += known if len(known) == len(targets) else []
        offsets.append(len(target_types))

    texts = set(order) | {row.name for s in structures.values() for row in s.rows}
    texts |= {p.get(part, "") for p in params for part in ("code", "expression", "url")}
    texts |= {c["expression"] for p in params for c in p.get("component", [])}
    pool = Pool(texts)
    out = ["// Written by tools/definitions/generate.py. Do not edit.",
           '#include "fhir/definitions.h"\n',
           "namespace holdfast::fhir::tables {\n",
           f"static_assert(type_count == {len(types)});\n",
           "constinit const char names[] ="]
    out += [f'    "{pool.text[i:i + 90]}"' for i in range(0, len(pool.text), 90)]
    out[-1] += ";\n"
    write_structures(structures, order, pool, target_sets, out)
    out.append(array("std::uint16_t type_structures[type_count]", list(range(len(types)))))
    out.append(array("std::uint16_t target_offsets[]", offsets))
    out.append(array("std::uint8_t target_types[]", target_types, 24))
    write_params(params, compartments, types, pool, target_sets, out)
    out.append("}  // namespace holdfast::fhir::tables\n")
    output.write_text("\n".join(out), encoding="utf-8")


if __name__ == "__main__":
    main()
