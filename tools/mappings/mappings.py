"""mappings.py: all of mappings/ read and checked against the FHIR R4 definitions. README.md there says
what each column means; whatever contradicts it is a fault with file, line and reason."""
import dataclasses
import pathlib
import re

from messages import Messages
from tables import RAW_VALUES, At, Condition, element_path, hl7_path, read

RULE_COLUMNS = ["field", "name", "type", "when", "to", "element", "as", "codes", "value", "note"]
CODE_COLUMNS = ["from", "meaning", "code", "system", "display"]

# What each conversion of src/hl7v2/mapping/ can be put into, in the order of its enum.
CONVERSIONS = {
    "string": {"string", "markdown"}, "code": {"code"}, "uri": {"uri", "url", "canonical"},
    "decimal": {"decimal"}, "integer": {"integer", "positiveInt", "unsignedInt"}, "boolean": {"boolean"},
    "date": {"date"}, "dateTime": {"dateTime"}, "instant": {"instant"}, "time": {"time"},
    "identity": {"Identifier"}, "coding": {"Coding"}, "unit": {"Quantity"},
    "measured": {"Quantity"}, "joined": {"string", "markdown"}, "lines": {"string", "markdown"},
    "phone": {"string"}, "mime": {"code"}, "encoded": {"base64Binary"}, "place": {"Identifier"},
    "title": {"string"}, "text64": {"base64Binary"}, "limits": {"Observation.referenceRange"},
}
ARGUMENTS = {"identity": r"\d+ \d+ \d+$", "coding": r"(1|4|10)$", "mime": r"[23]$", "place": r"[13]$"}  # of conversions that need one
WITH_CODES = {"code", "coding", "mime"}


@dataclasses.dataclass
class Rule:
    at: At
    kind: str                 # convert, map, fixed, used, left
    path: object = None       # Path; None: once a segment (or value)
    when: object = None       # Condition
    steps: tuple = ()
    conversion: str = ""
    argument: str = ""
    map_name: str = ""        # of a type map
    from_field: object = None
    codes: str = ""
    value: str = ""
    raw: bool = False
    element: str = ""
    site: str = ""
    speaks_for: object = None  # where the note says so: a FHIRPath, or "" for nothing


@dataclasses.dataclass
class RuleMap:
    at: At
    name: str
    type: str     # FHIR structure
    rules: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Segment:
    name: str
    fields: dict = dataclasses.field(default_factory=dict)  # number → (name, data type)
    maps: dict = dataclasses.field(default_factory=dict)    # "Patient", "Observation:will" → RuleMap
    rest: list = dataclasses.field(default_factory=list)    # used and left
    whole: list = dataclasses.field(default_factory=list)   # parts that only a rule for the whole reads


@dataclasses.dataclass
class CodeMap:
    at: At
    name: str
    rows: dict = dataclasses.field(default_factory=dict)    # from → (code, system, display, meaning)
    other: tuple = None


class Mappings(Messages):
    def __init__(self, root, fhir, faults):
        self.fhir, self.faults = fhir, faults
        self.segments, self.types, self.codes, self.structures = {}, {}, {}, {}
        self.type_parts = {}  # data type → number → (name, data type)
        root = pathlib.Path(root)
        for path in sorted((root / "codes").glob("*.csv")):
            self._codes(path)
        self._pending = []  # rules whose type map must exist
        for path in sorted((root / "types").glob("*.csv")):
            self._rules(path, True)
        for path in sorted((root / "segments").glob("*.csv")):
            self._rules(path, False)
        self._resolve()
        for path in sorted((root / "messages").glob("*.csv")):
            self._message(path)
        self._unique_triggers()

    def fields(self):
        """Segment → number → (name, data type)."""
        return {name: one.fields for name, one in self.segments.items()}

    # ---- codes ----

    def _codes(self, path):
        one = CodeMap(At(f"codes/{path.name}", 1), path.stem)
        system = ""
        for at, row in read(path, CODE_COLUMNS, self.faults):
            if not row["from"]:
                self.faults.add(at, "a code without `from`")
                continue
            if row["from"] in one.rows or (row["from"] == "*" and one.other):
                self.faults.add(at, f"'{row['from']}' is there twice")
                continue
            system = row["system"] or system
            code = row["from"] if row["code"] == "=" else row["code"]
            if code and not system and path.stem != "coding-systems":
                self.faults.add(at, f"'{row['from']}' has a code but no system")
            if code and re.search(r"^\s|\s$|\s\s", code):
                self.faults.add(at, f"'{code}' is no code of FHIR")
            entry = (code, system if code else "", row["display"] or (row["meaning"] if code else ""), row["meaning"])
            if row["from"] == "*":
                one.other = entry
            else:
                one.rows[row["from"]] = entry
        self.codes[one.name] = one

    # ---- segments and types ----

    def _rules(self, path, of_type):
        name = path.stem
        if not re.match(r"[A-Z][A-Z0-9]{1,2}$", name):
            self.faults.add(At(f"{path.parent.name}/{path.name}", 1), f"{name} is no name of a segment or data type")
            return
        segment = Segment(name)
        seen, covered = {}, {}
        for at, row in read(path, RULE_COLUMNS, self.faults):
            where = None
            if row["field"] != "*":
                text = row["field"]
                where = hl7_path(text + (".1" if of_type and text == name else ""))
                if of_type and text == name:
                    where = dataclasses.replace(where, component=0)
                if where is None:
                    self.faults.add(at, f"'{text}' is no field such as {name}{'.' if of_type else '-'}3")
                    continue
                if of_type and (where.segment or not text.startswith(name)):
                    self.faults.add(at, f"'{text}' is no part of {name}")
                    continue
                number = where.component if of_type else where.field
                if of_type or where.segment == name:
                    covered.setdefault(number, at)
                    if row["name"]:
                        if number in segment.fields and segment.fields[number] != (row["name"], row["type"]):
                            self.faults.add(at, f"{text} has two names or data types")
                        segment.fields[number] = (row["name"], row["type"])
            key = (row["field"], row["when"], row["to"], row["element"])
            if key in seen:
                self.faults.add(at, f"the same rule stands in line {seen[key]}")
                continue
            seen[key] = at.line
            self._rule(at, row, segment, where, of_type)
        for number in covered:
            if number and number not in segment.fields:
                self.faults.add(covered[number], f"field {number} of {name} has no name")
        if not of_type:
            for number in range(1, max(covered, default=0) + 1):
                if number not in covered:
                    self.faults.add(At(f"segments/{path.name}", 1), f"{name}-{number} has no rule and no reason")
            self.segments[name] = segment
        else:
            self.type_parts[name] = segment.fields
            if segment.whole and not any(rule.path and not rule.path.component for one in segment.maps.values()
                                         for rule in one.rules):
                self.faults.add(segment.whole[0], f"no rule reads {name} as a whole")
            for to, one in segment.maps.items():
                one.name = f"{name}.{to}"
                one.rules += segment.rest  # what is set aside is so whatever the value becomes
                self.types[one.name] = one

    def _rule(self, at, row, segment, where, of_type):
        rule = Rule(at, "", where)
        if row["when"]:
            try:
                rule.when = Condition(row["when"])
            except ValueError as wrong:
                self.faults.add(at, f"condition: {wrong}")
                return
            for _, path, _, _ in rule.when.ops:
                if path is not None and bool(path.segment) == of_type:
                    self.faults.add(at, "condition: a data type looks at its own parts, a segment at fields")
                    return
        to = row["to"]
        if to == "whole" and of_type:  # a name for a part that a rule for the whole value reads
            segment.whole.append(at)
            return
        if to in ("-", "="):
            if not row["note"]:
                self.faults.add(at, f"{row['field']}: why it is not mapped is missing")
            if row["element"] or row["as"] or row["codes"] or row["value"]:
                self.faults.add(at, f"{row['field']}: '{to}' has no element, map, codes or value")
            rule.kind = "left" if to == "-" else "used"
            segment.rest.append(rule)
            return
        if not to:
            self.faults.add(at, f"{row['field']} has neither a target nor a reason")
            return
        structure = to.split(":")[0]
        if structure not in self.fhir.structures and structure not in CONVERSIONS:
            self.faults.add(at, f"'{to}' is no resource or data type of FHIR R4")
            return
        one = segment.maps.setdefault(to, RuleMap(at, f"{segment.name} to {to}", structure))
        label = row["field"] if where is not None else f"{segment.name}*"
        steps, end, wrong = element_path(self.fhir, structure, row["element"], label)
        if wrong:
            self.faults.add(at, f"{to}.{row['element']}: {wrong}")
            return
        rule.steps, rule.element = steps, row["element"]
        if row["note"].startswith("speaks for "):
            said = row["note"].removeprefix("speaks for ").split(": ")[0]
            rule.speaks_for = "" if said == "nothing" else said
            if rule.speaks_for and not rule.speaks_for.startswith(steps[0].name.lstrip("_")):
                self.faults.add(at, f"it speaks for {rule.speaks_for}, not for {row['element']}")
        if self._target(at, row, rule, end):
            one.rules.append(rule)

    def _target(self, at, row, rule, end):
        """What is put there, and whether it fits an element of type `end`."""
        if row["value"] and not row["as"]:
            rule.kind, rule.value, rule.raw = "fixed", row["value"], end in RAW_VALUES
            if end in self.fhir.structures or end == "resource":
                self.faults.add(at, f"{row['element']} is a {end}: no fixed value")
                return False
            if rule.raw and not re.match(RAW_VALUES[end], row["value"]):
                self.faults.add(at, f"'{row['value']}' is no {end}")
                return False
            if row["codes"]:
                self.faults.add(at, "a fixed value has no code map")
                return False
            return True
        if rule.path is None:
            self.faults.add(at, "a rule for * has a fixed value")
            return False
        text, _, from_field = row["as"].partition("@")
        if from_field:
            rule.from_field = hl7_path(from_field)
            if rule.from_field is None or not rule.from_field.segment or rule.from_field.component:
                self.faults.add(at, f"'@{from_field}' is no field")
                return False
        if row["codes"]:
            rule.codes = row["codes"]
            if row["codes"] not in self.codes:
                self.faults.add(at, f"no code map '{row['codes']}' in codes/")
                return False
        if "." in text:
            rule.kind, rule.map_name = "map", text
            self._pending.append((at, rule, end))
            return True
        match = re.match(r"(\w+)(?:\((.*)\))?$", text)
        if not match or match.group(1) not in CONVERSIONS:
            self.faults.add(at, f"no conversion '{text}'; there are {', '.join(CONVERSIONS)}")
            return False
        rule.kind, rule.conversion, rule.argument = "convert", match.group(1), match.group(2) or ""
        if end not in CONVERSIONS[rule.conversion]:
            self.faults.add(at, f"{rule.conversion} makes no {end}, which {row['element']} is")
            return False
        wanted = ARGUMENTS.get(rule.conversion)
        if bool(wanted) != bool(rule.argument) or (wanted and not re.match(wanted, rule.argument)):
            self.faults.add(at, f"{rule.conversion}({rule.argument}): wrong argument")
            return False
        if rule.codes and rule.conversion not in WITH_CODES:
            self.faults.add(at, f"{rule.conversion} has no use for a code map")
            return False
        return True

    def _resolve(self):
        for at, rule, end in self._pending:
            one = self.types.get(rule.map_name)
            if one is None:
                self.faults.add(at, f"no type map '{rule.map_name}' in types/")
            elif one.type != end and end not in CONVERSIONS.get(one.type, ()):
                self.faults.add(at, f"{rule.map_name} makes a {one.type}; {rule.element} is a {end}")
        for one in [*self.types.values(), *(m for s in self.segments.values() for m in s.maps.values())]:
            sites(one)
            self._urls(one)

    def _urls(self, one):
        """An extension is nothing without its url: the same field, under the same label, gives it."""
        urls = {(rule.steps, rule.path and (rule.path.segment, rule.path.field, rule.path.component))
                for rule in one.rules if rule.kind == "fixed" and rule.element.endswith("url")}
        for rule in one.rules:
            for depth, step in enumerate(rule.steps):
                if step.name != "extension" or rule.element.endswith("url"):
                    continue
                prefix = rule.steps[:depth + 1]
                given = [at for steps, at in urls if steps[:-1] == prefix and steps[-1].name == "url"]
                at = rule.path and (rule.path.segment, rule.path.field, rule.path.component)
                if not given or (step.label != "@" and at not in given):
                    self.faults.add(rule.at, f"{rule.element}: no rule gives this extension its url")


def sites(one):
    """Which part of the resource a rule speaks for: its first element, told from others of that name by
    a fixed value that the same table puts beside it under the same label."""
    fixed = {}
    for rule in one.rules:
        if rule.kind == "fixed" and len(rule.steps) > 1 and rule.steps[0].repeats and not rule.when:
            key = rule.steps[0]
            rest = ".".join(step.name for step in rule.steps[1:])
            preferred = rest in ("url", "use")
            if key not in fixed or preferred:
                fixed[key] = f"{key.name}.where({rest}='{rule.value}')"
    for rule in one.rules:
        if rule.speaks_for is not None:
            rule.site = rule.speaks_for
        elif rule.steps:
            first = rule.steps[0]
            rule.site = fixed.get(first, first.name.lstrip("_"))
