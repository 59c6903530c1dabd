#!/usr/bin/env python3
"""Compiles mappings/ into constant tables in C++:

    generate.py MAPPINGS_DIR FHIR_PACKAGE_DIR OUTPUT.cpp

src/hl7v2/mapping/tables.h says what each table holds; mappings/README.md what each column means. A
table that contradicts itself, FHIR R4 or another table is refused: each fault with file, line and
reason, exit 1, and no output. The same tables give the same bytes.
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from mappings import CONVERSIONS, Mappings  # noqa: E402
from tables import Faults, Fhir  # noqa: E402

NONE = 0xFFFF
OPS = ("valued", "taken", "equals", "count_is", "count_above", "count_below", "longer", "not_", "and_", "or_")
KINDS = ("convert", "map", "fixed", "used", "left")
REPEATS, CROSSES, EACH_SEGMENT = 1, 2, 4


class Pool:
    def __init__(self):
        self.text, self.at = "", {}

    def __call__(self, text):
        if not text:
            return "{0, 0}"
        if text not in self.at:
            self.at[text] = len(self.text.encode())
            self.text += text
        return f"{{{self.at[text]}, {len(text.encode())}}}"


class Output:
    """Rows of each table, in the order in which they will stand."""

    def __init__(self, mappings, fhir):
        self.mappings, self.fhir, self.pool = mappings, fhir, Pool()
        self.types = {name: number for number, name in enumerate(fhir.types)}
        self.steps, self.labels, self.ops, self.texts, self.conditions = [], {"": 0}, [], [], []
        self.step_at, self.condition_at = {}, {}
        self.rules, self.type_rows, self.fields, self.maps, self.segment_rows = [], [], [], [], []
        self.code_rows, self.code_maps = [], []
        self.triggers, self.structures, self.groups, self.bindings = [], [], [], []
        self.resources, self.keys, self.key_items, self.links, self.defaults = [], [], [], [], []
        self.openers, self.requires = [], []
        self.type_number = {name: i for i, name in enumerate(sorted(mappings.types))}
        self.code_number = {name: i for i, name in enumerate(sorted(mappings.codes))}

    # ---- parts ----

    @staticmethod
    def segment(name):
        """Three characters as a number: 0 is the segment itself."""
        return int.from_bytes(name.encode(), "little") if name else 0

    def path(self, path):
        if path is None:
            return "{0, 0, 0, 0}"
        return f"{{{self.segment(path.segment)}, {path.field}, {path.component}, {path.subcomponent}}}"

    def step_range(self, steps):
        """Offset of these steps; the same ones are laid down once."""
        if steps not in self.step_at:
            self.step_at[steps] = len(self.steps)
            for step in steps:
                each = step.label == "@"
                label = self.labels.setdefault("" if each else step.label, len(self.labels))
                flags = REPEATS * step.repeats | CROSSES * bool(step.crosses) | EACH_SEGMENT * each
                crosses = self.types[step.crosses] if step.crosses else 0
                self.steps.append(f"{{{self.pool(step.name)}, {label}, {flags}, {crosses}, "
                                  f"{step.choice}}}")
        return self.step_at[steps]

    def condition(self, condition):
        if condition is None:
            return NONE
        ops = tuple(condition.ops)
        if ops not in self.condition_at:
            self.condition_at[ops] = len(self.conditions)
            first = len(self.ops)
            for op, path, texts, number in ops:
                name = op if op in OPS else op + "_"
                self.ops.append(f"{{ConditionOp::{name}, {self.path(path)}, {len(self.texts)}, {len(texts)}, "
                                f"{number}}}")
                self.texts += [self.pool(text) for text in texts]
            self.conditions.append(f"{{{first}, {len(ops)}}}")
        return self.condition_at[ops]

    def rule(self, rule, own):
        path = rule.path
        if path is not None and path.segment == own:
            path = type(path)("", path.field, path.component, path.subcomponent)
        from_field = rule.from_field
        conversion = list(CONVERSIONS).index(rule.conversion) if rule.conversion else 0
        arguments = ([int(word) for word in rule.argument.split()] + [0, 0, 0])[:3]
        self.rules.append(
            f"{{RuleKind::{rule.kind}, {str(path is None).lower()}, {self.path(path)}, "
            f"{self.condition(rule.when)}, {self.step_range(rule.steps)}, {len(rule.steps)}, "
            f"static_cast<Conversion>({conversion}), {{{', '.join(map(str, arguments))}}}, "
            f"{self.type_number.get(rule.map_name, NONE)}, "
            f"{self.code_number.get(rule.codes, NONE)}, {self.path(from_field)}, {str(rule.raw).lower()}, "
            f"{self.pool(rule.value)}, {self.pool(rule.site)}}}")

    # ---- tables ----

    def write_codes(self):
        for name in sorted(self.mappings.codes):
            one = self.mappings.codes[name]
            table = name.split(".")[0]
            system = f"http://terminology.hl7.org/CodeSystem/v2-{table}" if table.isdigit() else ""
            first = len(self.code_rows)
            ordered = sorted(one.rows.items(), key=lambda item: item[0].encode())
            if one.other:
                ordered.append(("", one.other))
            for code_from, (code, of, display, meaning) in ordered:
                self.code_rows.append(f"{{{self.pool(code_from)}, {self.pool(code)}, {self.pool(of)}, "
                                      f"{self.pool(display)}, {self.pool(meaning)}}}")
            self.code_maps.append(f"{{{self.pool(name)}, {self.pool(table)}, {self.pool(system)}, {first}, "
                                  f"{len(one.rows)}, {str(bool(one.other)).lower()}}}")

    def write_types(self):
        for name in sorted(self.mappings.types):
            one = self.mappings.types[name]
            first = len(self.rules)
            for rule in one.rules:
                self.rule(rule, "")
            self.type_rows.append(f"{{{self.pool(name)}, {first}, {len(one.rules)}}}")

    def write_segments(self):
        self.map_number = {}
        for name in sorted(self.mappings.segments):
            one = self.mappings.segments[name]
            first_field = len(self.fields)
            top = max(one.fields, default=0)
            for number in range(1, top + 1):
                field_name, data_type = one.fields[number]
                self.fields.append(f"{{{self.pool(field_name)}, {self.pool(data_type)}}}")
            first_rest = len(self.rules)
            for rule in one.rest:
                self.rule(rule, name)
            for to in one.maps:
                self.map_number[name, to] = len(self.maps)
                first = len(self.rules)
                for rule in one.maps[to].rules:
                    self.rule(rule, name)
                self.maps.append(f"{{{first}, {len(self.rules) - first}}}")
            self.segment_rows.append(f"{{{self.segment(name)}, {first_field}, {top}, {first_rest}, {len(one.rest)}}}")

    def write_structures(self):
        for name in sorted(self.mappings.structures):
            self.write_structure(name, self.mappings.structures[name])

    def write_structure(self, name, one):
        number = len(self.structures)
        for _, what, action, level, cancelled in one.triggers:
            self.triggers.append((what, f"{{{self.pool(what)}, {number}, "
                                        f"TriggerAction::{action or 'nothing'}, Level::{level or 'patient'}, "
                                        f"{self.pool(cancelled)}}}"))
        first_group, names = len(self.groups), list(one.groups)
        first_requires = len(self.requires)
        self.requires += [f"{{{self.segment(what)}, {self.condition(when)}}}" for what, when in one.requires]
        resource_number = {}
        for group in one.groups.values():
            for what in group.resources:
                resource_number[group.name, what] = len(resource_number)
        first_resource = len(self.resources)
        for group in one.groups.values():
            self.write_group(one, group, names, resource_number)
        self.structures.append(f"{{{self.pool(name)}, {first_group}, {len(names)}, {first_resource}, "
                               f"{len(resource_number)}, {first_requires}, {len(one.requires)}}}")

    def write_group(self, one, group, names, resource_number):
        firsts = [len(t) for t in (self.openers, self.bindings, self.resources, self.links, self.defaults)]
        self.openers += [str(self.segment(opener)) for opener in group.openers]
        for segment, to, owner, resource, when in group.bindings:
            self.bindings.append(f"{{{self.segment(segment)}, {self.map_number.get((segment, to), NONE)}, "
                                 f"{resource_number.get((owner, resource), NONE)}, {self.condition(when)}}}")
        for what, (_, mode, when) in group.resources.items():
            first_key = len(self.keys)
            for key_of, items, key_when in group.keys:
                if key_of != what:
                    continue
                first_item = len(self.key_items)
                for alternatives in items:
                    self.key_items += [f"{{{self.path(path)}, {str(i + 1 < len(alternatives)).lower()}}}"
                                       for i, path in enumerate(alternatives)]
                self.keys.append(f"{{{first_item}, {len(self.key_items) - first_item}, "
                                 f"{self.condition(key_when)}}}")
            self.resources.append(f"{{{self.types[what.split(':')[0]]}, {names.index(group.name)}, "
                                  f"DraftMode::{mode}, {self.condition(when)}, {first_key}, "
                                  f"{len(self.keys) - first_key}}}")
        for what, steps, within, target, when in group.links:
            targets = [n for (where, name), n in resource_number.items() if name == target and where in within]
            mask = sum(1 << n for n in targets)
            self.links.append(f"{{{resource_number[group.name, what]}, {self.step_range(steps)}, {len(steps)}, "
                              f"{mask}U, {self.condition(when)}}}")
        for what, steps, value, raw, when in group.defaults:
            self.defaults.append(f"{{{resource_number[group.name, what]}, {self.step_range(steps)}, {len(steps)}, "
                                 f"{self.pool(value)}, {str(raw).lower()}, {self.condition(when)}}}")
        lasts = [len(t) for t in (self.openers, self.bindings, self.resources, self.links, self.defaults)]
        ranges = ", ".join(f"{a}, {b - a}" for a, b in zip(firsts, lasts))
        parent = names.index(group.parent) if group.parent else 0
        self.groups.append(f"{{{self.pool(group.name)}, {parent}, {ranges}}}")

    def text(self):
        self.write_codes()
        self.write_types()
        self.write_segments()
        self.write_structures()
        systems = self.code_number.get("coding-systems", NONE)
        tables = [
            ("StepRow", "steps", self.steps), ("OpRow", "ops", self.ops), ("Text", "condition_texts", self.texts),
            ("ConditionRow", "conditions", self.conditions), ("RuleRow", "rules", self.rules),
            ("TypeMapRow", "type_maps", self.type_rows), ("FieldRow", "fields", self.fields),
            ("MapRow", "maps", self.maps), ("SegmentRow", "segments", self.segment_rows),
            ("CodeRow", "codes", self.code_rows), ("CodeMapRow", "code_maps", self.code_maps),
            ("TriggerRow", "triggers", [row for _, row in sorted(self.triggers)]),
            ("StructureRow", "structures", self.structures), ("GroupRow", "groups", self.groups),
            ("std::uint32_t", "openers", self.openers), ("BindingRow", "bindings", self.bindings),
            ("ResourceRow", "resources", self.resources), ("KeyRow", "keys", self.keys),
            ("KeyItemRow", "key_items", self.key_items), ("LinkRow", "links", self.links),
            ("DefaultRow", "defaults", self.defaults), ("RequiredRow", "required", self.requires)]
        out = ["// Written by tools/mappings/generate.py from mappings/. Do not edit.",
               '#include "hl7v2/mapping/tables.h"', "", "namespace holdfast::hl7v2::tables {"]
        raw = self.pool.text.encode()
        out.append("const char pool[] = {")  # a literal may have 65,536 characters only
        for at in range(0, len(raw), 24):
            out.append("    " + " ".join(_letter(byte) for byte in raw[at:at + 24]))
        out.append("};")
        for kind, name, rows in tables:
            out.append(f"const {kind} {name}[] = {{")
            out += [f"    {row}," for row in rows or ["{}"]]
            out.append("};")
            out.append(f"const std::uint32_t {name}_count = {len(rows)};")
        out.append(f"const std::uint16_t coding_systems = {systems};")
        out.append("}  // namespace holdfast::hl7v2::tables")
        return "\n".join(out) + "\n"


def _letter(byte):
    letter = chr(byte)
    if 32 <= byte < 127:
        return f"'\\{letter}'," if letter in "'\\" else f"'{letter}',"
    return f"'\\{byte:03o}',"


def compile_tables(root, package):
    """(the C++ text, []) or (None, the faults)."""
    faults = Faults()
    fhir = Fhir(package)
    mappings = Mappings(root, fhir, faults)
    if faults.found:
        return None, faults.found
    return Output(mappings, fhir).text(), []


def main():
    root, package, output = sys.argv[1:4]
    text, faults = compile_tables(root, package)
    for fault in faults:
        print(f"mappings/{fault}", file=sys.stderr)
    if faults:
        return 1
    pathlib.Path(output).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
