#!/usr/bin/env python3
"""Writes the FHIR R4 definitions as constant tables in C++: generate.py PACKAGE_DIR OUTPUT.cpp

PACKAGE_DIR is node_modules/hl7.fhir.r4.examples. The output is the same bytes for the same package.
src/fhir/definitions.h says what each table holds. A definition that this program does not
understand is an error, never a row left out; a search expression that it cannot translate becomes
a row of `unsupported` with the reason.
"""
import json
import re
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
LINKING = {"uri", "url", "canonical", "oid", "uuid"}
FHIR_TYPE = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type"
DEFINITION = "http://hl7.org/fhir/StructureDefinition/"
SYSTEM = "http://hl7.org/fhirpath/System."
MASK = (1 << 64) - 1
# https://hl7.org/fhir/R4/resource.html: these parameters belong to every resource.
COMMON_BASES = ("Resource", "DomainResource")


class Row:
    def __init__(self, name, base, kind, element):
        self.name, self.base, self.kind = name, base, kind
        self.structure = None      # name of the structure of a complex row
        self.targets = ()          # type names; empty is any
        self.choice = 0
        self.required = 0xFF
        self.steps = False
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

PATH = r"[A-Z][A-Za-z]+(?:\.[a-z][A-Za-z]*)+"
FORMS = [
    (re.compile(rf"^({PATH})$"), None),
    (re.compile(rf"^({PATH})\.where\(resolve\(\) is ([A-Z][A-Za-z]+)\)$"), "only"),
    (re.compile(rf"^\(({PATH}) as ([A-Za-z]+)\)$"), "as"),
    (re.compile(rf"^({PATH})\.as\(([A-Za-z]+)\)$"), "as"),
]


class Automaton:
    """A tree of element paths for each resource type; its leaves say what they count for."""

    def __init__(self, structures):
        self.structures, self.roots, self.states = structures, {}, []

    def state(self):
        self.states.append(({}, []))
        return len(self.states) - 1

    def leaves(self, type_, path, cast):
        """The (structure, row) sequences that a dotted path stands for, one a choice type."""
        found = [(self.structures[type_], [])]
        for name in path:
            further = []
            for at, taken in found:
                for row in at.rows if at else []:
                    if row.base == name:
                        further.append((self.structures.get(row.structure), taken + [(at, row)]))
            found = further
        if cast:
            kind = KINDS.get(cast)
            found = [(s, taken) for s, taken in found
                     if (taken[-1][1].kind == kind if kind else taken[-1][1].structure == cast)]
        return [taken for _, taken in found]

    def add(self, type_, taken, action):
        at = self.roots.get(type_)
        if at is None:
            at = self.roots[type_] = self.state()
        for _, row in taken:
            row.steps = True
            to = self.states[at][0].get(row)
            if to is None:
                to = self.states[at][0][row] = self.state()
            at = to
        if action not in self.states[at][1]:
            self.states[at][1].append(action)


def translate(automaton, type_, part, wanted, param, flags, type_ids):
    """Adds one part of a union to the automaton; the reason where that is not possible."""
    for form, meaning in FORMS:
        match = form.match(part)
        if match:
            break
    else:
        return "not one of the simple path forms"
    path = match.group(1).split(".")[1:]
    leaves = automaton.leaves(type_, path, match.group(2) if meaning == "as" else None)
    leaves = [taken for taken in leaves if wanted(taken[-1][1])]
    if not leaves:
        return "the path ends in no element of the parameter's kind"
    only = type_ids[match.group(2)] if meaning == "only" else 0xFF
    for taken in leaves:
        automaton.add(type_, taken, (param, only, flags))
    return None


def is_reference(row):
    return row.structure == "Reference" or row.kind in LINKING


def is_identifier(row):
    return row.structure == "Identifier"


def read_params(bundle, compartment, automaton, type_ids, domain_types):
    """Rows by type: (code, kind, extracted, targets); and the list of what is unsupported."""
    found = [e["resource"] for e in bundle["entry"]]
    codes = sorted({p["code"] for p in found})
    numbers = {code: number for number, code in enumerate(codes)}
    members = {r["code"]: set(r.get("param", [])) for r in compartment["resource"]}
    by_type = {name: {} for name in type_ids}
    unsupported = []
    for param in found:
        for base in param["base"]:
            types = ([base] if base in type_ids else
                     list(type_ids) if base == "Resource" else
                     domain_types if base == "DomainResource" else None)
            if types is None:
                raise ValueError(f"{param['id']}: base {base}")
            for type_ in types:
                by_type[type_].setdefault(param["code"], [param, 0])
    for type_, params in by_type.items():
        for code, entry in sorted(params.items()):
            param = entry[0]
            if param["type"] == "reference":
                wanted, flags = is_reference, "action_reference"
            elif code == "identifier" and param["type"] == "token":
                wanted, flags = is_identifier, "action_identifier"
            else:
                continue
            if code in members.get(type_, ()):
                flags += " | action_patient_compartment"
            entry[1] = 1
            parts = [p.strip() for p in param["expression"].split(" | ")]
            parts = [p for p in parts if re.match(rf"\(?{type_}\.", p)]
            if not parts:
                raise ValueError(f"{param['id']}: nothing for {type_}")
            for part in parts:
                reason = translate(automaton, type_, part, wanted, numbers[code], flags, type_ids)
                if reason:
                    entry[1] = 0
                    unsupported.append((type_, code, part, reason))
    for type_, wanted in members.items():
        for code in wanted:
            if code not in by_type[type_]:
                raise ValueError(f"compartment: {type_} has no parameter {code}")
    return codes, numbers, by_type, unsupported


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
    row_index = {}
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
            row_index[row] = len(rows)
            flags = row.repeats | row.steps << 1 | row.summary << 2 | row.modifier << 3
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
    return row_index


def write_paths(automaton, types, row_index, out):
    states, steps, actions = [], [], []
    for to, what in automaton.states:
        states.append(f"{{{len(steps)}, {len(to)}, {len(actions)}, {len(what)}}}")
        steps += [f"{{{row_index[row]}, {state}}}" for row, state in to.items()]
        actions += [f"{{{param}, {only}, {flags}}}" for param, only, flags in sorted(what)]
    out.append(array("std::uint16_t type_states[type_count]",
                     [automaton.roots.get(t, 0xFFFF) for t in types]))
    out.append(array("PathState states[]", states, 6))
    out.append(array("PathStep steps[]", steps, 8))
    out.append(array("PathAction actions[]", actions, 2))


def write_params(types, params, pool, target_sets, out):
    codes, numbers, by_type, unsupported = params
    first, rows = [0], []
    for type_ in types:
        for code, (param, extracted) in sorted(by_type[type_].items()):
            targets = target_sets[tuple(sorted(param.get("target", [])))]
            rows.append(f"{{{numbers[code]}, ParamKind::{param['type']}, {extracted}, {targets}}}")
        first.append(len(rows))
    out.append(array("std::uint16_t param_first[type_count + 1]", first))
    out.append(array("ParamRow params[]", rows, 4))
    out.append(array("std::uint32_t param_names[]",
                     [pool.at(code) << 8 | len(code) for code in codes]))
    out.append(f"constinit const std::uint32_t param_count = {len(codes)};\n")
    out.append(array("UnsupportedRow unsupported[]", [
        f"{{{types.index(t)}, {len(reason)}, {numbers[code]}, {pool.at(reason)}, "
        f"{pool.at(part)}, {len(part)}}}" for t, code, part, reason in unsupported], 1))
    out.append(f"constinit const std::uint32_t unsupported_count = {len(unsupported)};\n")


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

    automaton = Automaton(structures)
    domain_types = [r["name"] for r in concrete if r["baseDefinition"].endswith("/DomainResource")]
    params = read_params(load(package, "Bundle-searchParams.json"),
                         load(package, "CompartmentDefinition-patient.json"),
                         automaton, type_ids, sorted(domain_types))

    sets = {row.targets for s in structures.values() for row in s.rows}
    for of_type in params[2].values():
        sets |= {tuple(sorted(param.get("target", []))) for param, _ in of_type.values()}
    target_sets, offsets, target_types = {}, [0], []
    for targets in sorted(sets | {()}):
        # A target that is no concrete type, such as MetadataResource, leaves the set open.
        known = [type_ids[t] for t in targets if t in type_ids]
        target_sets[targets] = len(offsets) - 1
        target_types += known if len(known) == len(targets) else []
        offsets.append(len(target_types))

    texts = set(order) | {row.name for s in structures.values() for row in s.rows}
    texts |= set(params[0]) | {t for u in params[3] for t in u[2:]}
    pool = Pool(texts)
    out = ["// Written by tools/definitions/generate.py. Do not edit.",
           '#include "fhir/definitions.h"\n',
           "namespace holdfast::fhir::tables {\n",
           f"static_assert(type_count == {len(types)});\n",
           "constinit const char names[] ="]
    out += [f'    "{pool.text[i:i + 90]}"' for i in range(0, len(pool.text), 90)]
    out[-1] += ";\n"
    row_index = write_structures(structures, order, pool, target_sets, out)
    out.append(array("std::uint16_t type_structures[type_count]", list(range(len(types)))))
    out.append(array("std::uint16_t target_offsets[]", offsets))
    out.append(array("std::uint8_t target_types[]", target_types, 24))
    write_paths(automaton, types, row_index, out)
    write_params(types, params, pool, target_sets, out)
    out.append("}  // namespace holdfast::fhir::tables\n")
    output.write_text("\n".join(out), encoding="utf-8")


if __name__ == "__main__":
    main()
