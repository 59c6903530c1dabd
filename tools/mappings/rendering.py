#!/usr/bin/env python3
"""Compiles mappings/out, with the code maps of mappings/, into constant tables in C++:

    rendering.py MAPPINGS_DIR FHIR_PACKAGE_DIR OUTPUT.cpp OUTPUT.inc

src/hl7v2/rendering/tables.h says what each table holds. Faults come as from generate.py. The second output lists
every expression with the type that it begins at: a test lets our FHIRPath compiler read them all.
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from generate import NONE, Pool, _letter  # noqa: E402
from mappings import Mappings  # noqa: E402
from out import CONVERSIONS, TEXTS, Out  # noqa: E402
from tables import Faults, Fhir  # noqa: E402

EACH, NEEDED, JOINED = 1, 2, 4
FIXED = ("context", "focus", "before")  # the variables that every message has, in the order of the enum
STEPS = ("member", "item", "skip", "where", "resolve", "of_type", "extension")


class Output:
    def __init__(self, out, mappings, fhir):
        self.out, self.mappings, self.pool = out, mappings, Pool()
        self.types = {name: number for number, name in enumerate(fhir.types)}
        names = sorted(set(out.variables) - set(FIXED))
        self.variable_number = {name: i for i, name in enumerate([*FIXED, *names])}
        self.steps, self.paths, self.ops, self.texts, self.conditions = [], [], [], [], []
        self.rules, self.implied, self.lines, self.numbers = [], [], [], []
        self.path_at, self.condition_at = {}, {}
        self.rows = {name: [] for name in ("segments", "types", "inverse", "inverse_maps", "forward", "messages", "events",
                                           "asides", "systems")}
        self.map_number = {name: i for i, name in enumerate(sorted(out.inverse))}
        self.segment_number = {key: i for i, key in enumerate(sorted(out.segments))}
        self.type_number = {key: i for i, key in enumerate(sorted(out.types))}
        self.message_number = {key: i for i, key in enumerate(sorted(out.messages))}

    def path(self, path):
        if path is None:
            return NONE
        key = (path.start, path.steps)
        if key not in self.path_at:
            rows = [self.step(step) for step in path.steps]
            if path.start in TEXTS:
                start = f"static_cast<std::uint16_t>(first_text + {TEXTS.index(path.start)})"
            else:
                start = self.variable_number[path.start] if path.start else "this_item"
            first, self.path_at[key] = len(self.steps), len(self.paths)
            self.steps += rows
            self.paths.append(f"{{{start}, {first}, {len(rows)}, {self.pool(path.source)}, "
                              f"{self.names(path)}}}")
        return self.path_at[key]

    @staticmethod
    def names(path):
        """Bit of the name that a value must have for the path to lead anywhere: Selector::name_bit()."""
        first = path.steps[0] if path.steps and not path.start else None
        if first is None or first.kind not in ("member", "extension"):
            return "~0ULL"
        name = ("extension" if first.kind == "extension" else first.text).encode()
        return f"1ULL << {(len(name) * 7 + name[0] * 5 + name[len(name) // 2] * 3 + name[-1]) % 64}"

    def step(self, step):
        number = step.number
        if step.kind == "of_type":
            number = self.types[step.text]
        elif step.kind == "where":
            number = self.condition(step.condition)
        return f"{{StepKind::{step.kind}, {number}, {self.pool(step.text)}}}"

    def condition(self, ops):
        if not ops:
            return NONE
        if ops not in self.condition_at:
            rows = []
            for op in ops:
                kind = op.kind + ("_" if op.kind in ("and", "or") else "")
                paths = f"{self.path(op.path)}, {self.path(op.other)}"
                rows.append(f"{{OpKind::{kind}, {paths}, {len(self.texts)}, {len(op.texts)}}}")
                self.texts += [self.pool(text) for text in op.texts]
            self.condition_at[ops] = len(self.conditions)
            self.conditions.append(f"{{{len(self.ops)}, {len(rows)}}}")
            self.ops += rows
        return self.condition_at[ops]

    def rule(self, rule):
        place = rule.place
        implied = [self.path(path) for path in rule.implies]
        kind = "fixed" if rule.value else rule.conversion + ("_" if rule.conversion == "map" else "")
        number = {"date": "date", "dateTime": "date_time"}.get(kind, kind)
        arguments = ([int(word) for word in rule.argument.split()] + [0, 0, 0])[:3]
        flags = EACH * rule.each | NEEDED * rule.needed | JOINED * rule.joined
        self.rules.append(
            f"{{{{{place.field}, {place.component}, {place.subcomponent}}}, {flags}, {self.condition(rule.when)}, "
            f"{self.path(rule.path)}, Conversion::{number}, {{{', '.join(map(str, arguments))}}}, "
            f"{self.map_number.get(rule.codes, NONE)}, {self.type_number.get(rule.map_name, NONE)}, "
            f"{self.pool(rule.value)}, {len(self.implied)}, {len(implied)}}}")
        self.implied += [str(number) for number in implied]

    def table(self, one, names):
        first = len(self.rules)
        for rule in one.rules:
            self.rule(rule)
        return f"{{{', '.join(self.pool(name) for name in names)}, {first}, {len(one.rules)}}}"

    def line(self, line):
        at = len(self.lines)
        self.lines.append("")
        for child in line.children:
            self.line(child)
        variable = {"let": line.name, "group": line.name.lower()}.get(line.kind)
        first = len(self.numbers)
        self.numbers += [self.pool(name) for name in line.numbers]
        self.lines[at] = (
            f"{{LineKind::{line.kind}_, {len(self.lines)}, {self.pool(line.name)}, {self.path(line.path)}, "
            f"{self.path(line.within)}, {self.condition(line.when)}, {self.variable_number.get(variable, NONE)}, "
            f"{self.segment_number.get((line.name, line.of), NONE)}, {first}, {len(line.numbers)}, "
            f"{self.pool(line.note)}}}")

    def fill(self):
        rows, out = self.rows, self.out
        for key in sorted(out.segments):
            known = self.mappings.segments[key[0]].fields
            first = len(rows.setdefault("fields", []))
            top = max(known)
            rows["fields"] += [self.pool(known.get(n, ("", ""))[0]) for n in range(1, top + 1)]
            rows["segments"].append(self.table(out.segments[key], (key[0],))[:-1] + f", {first}, {top}}}")
        rows["types"] = [self.table(out.types[key], key) for key in sorted(out.types)]
        for name in sorted(out.inverse):
            table = name.split(".")[0]
            first = len(rows["inverse"])
            for (code, system), (to, meaning) in sorted(out.inverse[name].items(), key=lambda i: i[0][0].encode()):
                rows["inverse"].append(f"{{{self.pool(code)}, {self.pool(system)}, {self.pool(to)}, {self.pool(meaning)}}}")
            forward = sorted(self.mappings.codes[name].rows.items(), key=lambda i: i[0].encode())
            begin = len(rows["forward"])
            rows["forward"] += [f"{{{self.pool(code)}, {self.pool(of)}, {self.pool(source)}, {{0, 0}}}}"
                                for source, (code, of, _, _) in forward]
            rows["inverse_maps"].append(f"{{{self.pool(name)}, {self.pool(table)}, {first}, {len(out.inverse[name])}, "
                                        f"{begin}, {len(forward)}}}")
        for name in sorted(out.messages):
            first = len(self.lines)
            for child in out.messages[name].children:
                self.line(child)
            rows["messages"].append(f"{{{self.pool(name)}, {first}, {len(self.lines) - first}}}")
        for event in out.events:
            rows["events"].append(
                f"{{{self.types[event.of]}, {self.condition(event.when)}, {self.pool(event.type)}, "
                f"{self.pool(event.structure)}, {self.message_number.get(event.table, NONE)}, "
                f"{self.pool(event.control)}, {self.pool(event.note)}}}")
        for of, path in out.asides:
            rows["asides"].append(f"{{{self.types.get(of, 'any_type')}, {self.path(path)}}}")
        seen = {}
        for name, (uri, *_) in self.mappings.codes["coding-systems"].rows.items():
            seen.setdefault(uri, name)  # of several names the first one in the table is sent
        rows["systems"] = [f"{{{self.pool(uri)}, {{0, 0}}, {self.pool(name)}, {{0, 0}}}}"
                           for uri, name in sorted(seen.items(), key=lambda i: i[0].encode())]

    def text(self):
        self.fill()
        rows = self.rows
        tables = [
            ("StepRow", "steps", self.steps), ("PathRow", "paths", self.paths), ("OpRow", "ops", self.ops),
            ("Text", "texts", self.texts), ("ConditionRow", "conditions", self.conditions),
            ("RuleRow", "rules", self.rules), ("std::uint16_t", "implied", self.implied),
            ("SegmentRow", "segments", rows["segments"]), ("Text", "fields", rows["fields"]),
            ("TypeRow", "types", rows["types"]), ("CodeRow", "inverse", rows["inverse"]),
            ("CodeRow", "forward", rows["forward"]), ("CodeMapRow", "code_maps", rows["inverse_maps"]),
            ("CodeRow", "systems", rows["systems"]), ("LineRow", "lines", self.lines),
            ("Text", "numbers", self.numbers), ("MessageRow", "messages", rows["messages"]),
            ("EventRow", "events", rows["events"]), ("AsideRow", "asides", rows["asides"])]
        made = ["// Written by tools/mappings/rendering.py from mappings/out. Do not edit.",
                '#include "hl7v2/rendering/tables.h"', "", "namespace holdfast::hl7v2::out {"]
        raw = self.pool.text.encode()
        made.append("const char pool[] = {")  # a literal may have 65,536 characters only
        for at in range(0, len(raw), 24):
            made.append("    " + " ".join(_letter(byte) for byte in raw[at:at + 24]))
        made.append("};")
        for kind, name, content in tables:
            made.append(f"const {kind} {name}[] = {{")
            made += [f"    {row}," for row in content or ["{}"]]
            made.append("};")
            made.append(f"const std::uint32_t {name}_count = {len(content)};")
        made.append(f"const std::uint16_t variables = {len(self.variable_number)};")
        made.append("}  // namespace holdfast::hl7v2::out")
        return "\n".join(made) + "\n"


def compile_tables(root, package):
    """(the C++ text and that of the list, []) or (None, the faults)."""
    faults = Faults()
    fhir = Fhir(package)
    root = pathlib.Path(root)
    mappings = Mappings(root, fhir, faults)
    found = Faults()
    out = Out(root / "out", mappings, fhir, found)
    if faults.found or found.found:
        return None, faults.found + [f"out/{fault.removeprefix('out/')}" for fault in found.found]
    expressions = [f'{{"{of}", R"({text})"}},' for of, text in sorted(out.sources)]
    variables = [f'{{"", "{name}"}},' for name in sorted({*out.variables, *TEXTS, *FIXED})]
    return (Output(out, mappings, fhir).text(), "\n".join(variables + expressions) + "\n"), []


def main():
    root, package, output, expressions = sys.argv[1:5]
    made, faults = compile_tables(root, package)
    for fault in faults:
        print(f"mappings/{fault}", file=sys.stderr)
    if faults:
        return 1
    pathlib.Path(output).write_text(made[0], encoding="utf-8")
    pathlib.Path(expressions).write_text(made[1], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
