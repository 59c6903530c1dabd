"""out.py: the tables of mappings/out read and checked against FHIR R4 and the tables of the way in. README.md
of mappings/ says what each column means; whatever contradicts it is a fault with file, line and reason."""
import dataclasses
import re

from lines import Lines
from paths import TEXT, Reader
from tables import At, hl7_path, read

RULE_COLUMNS = ["of", "field", "from", "as", "codes", "value", "when", "implies", "note"]
ASIDE_COLUMNS = ["of", "element", "note"]
PREFERENCE_COLUMNS = ["map", "code", "to", "note"]

# Texts that every rule may read, in the order of enum Said of src/hl7v2/rendering/tables.h.
TEXTS = ("version", "event", "structure", "control", "order", "now", "sender")

# Anything that is one text.
PRIMITIVE = {"string", "markdown", "code", "uri", "url", "canonical", "id", "integer", "positiveInt", "unsignedInt",
             "decimal", "boolean", "date", "dateTime", "instant", "time", "base64Binary", "oid", "uuid", TEXT}
TEXTUAL = {"ST", "TX", "FT", "IS", "ID", "GTS", "SNM", "NM", "SI", "varies", "FN", "SAD", "HD", "CWE", "CNE", "AUI",
           "EI", "CP", "MO", "PRL", "JCC", "XCN", "SPS", "CM", "PPN", "OG", "CQ", "TQ", "XON", "CE", "TS", "CX"}
CODED = {"CWE", "CE", "CNE", "ID", "IS", "varies", "ST", "CM", "XON"}
TIMES = {"DTM", "TS", "DT", "varies"}
# What each conversion reads (FHIR), and which data types it can write; in the order of enum Conversion there.
CONVERSIONS = {
    "string": (PRIMITIVE, TEXTUAL), "code": ({"code", "string"}, CODED | {"PT"}),
    "date": ({"date", "dateTime", "instant"}, TIMES), "dateTime": ({"dateTime", "date", "instant", TEXT}, TIMES),
    "time": ({"time"}, {"TM", "varies"}), "number": ({"decimal", "integer", "positiveInt", "unsignedInt"},
                                                     {"NM", "SI", "varies", "ST"}),
    "boolean": ({"boolean"}, {"ID", "IS", "varies"}),
    "identity": ({"Identifier"}, {"CX", "EI", "XCN", "PLN", "XON", "HD", "CNN", "DLN", "CWE"}),
    "own": ({"id"}, {"EI", "CX"}), "cwe": ({"CodeableConcept", "Coding", "code", "string"}, CODED),
    "unit": ({"Quantity"}, {"CWE", "CE"}), "place": ({"Location"}, {"PL"}), "mime": ({"code"}, {"ID"}),
    "text64": ({"base64Binary"}, {"varies", "TX", "FT", "ST"}), "count": ({TEXT}, {"SI", "ST"}),
    "is": ({"CodeableConcept", "Coding"}, CODED), "series": ({"string"}, {"NA", "NM"}),
    "again": ({"string"}, None),  # what came as a text is sent as it came
    "range": ({"Observation.referenceRange"}, {"ST"}),
}
ARGUMENTS = {"identity": r"\d+ \d+ \d+$", "mime": r"[23]$", "own": r"[24]$"}
# Data types that are one for who writes them: names of other versions.
SAME_TYPES = [{"CE", "CWE"}, {"TS", "DTM"}, {"CNE", "CWE"}, {"CM", "SPS"}, {"EIP", "EI"}]
# Fields without which the standard knows no such segment (chapters 2 to 11 of version 2.5): a table must fill them.
NEEDED = {"EVN": (2,), "PID": (3, 5), "PV1": (2,), "MRG": (1,), "ORC": (1,), "OBR": (4,), "OBX": (3, 11), "NTE": (3,),
          "SPM": (4,), "NK1": (1,), "SCH": (6,), "RGS": (1,), "AIS": (1, 3), "AIG": (1, 4), "AIL": (1,), "AIP": (1,),
          "RF1": (6,), "PRD": (1,), "TXA": (1, 2, 12, 17), "DG1": (1, 3)}


@dataclasses.dataclass
class Rule:
    at: At
    place: object            # Path of HL7; a whole value has component 0 in types
    each: bool = False
    needed: bool = False
    joined: bool = False
    path: object = None      # None: always (a fixed value), or the context itself
    conversion: str = ""     # "" for a fixed value, "map" for a type map
    argument: str = ""
    map_name: tuple = None   # (data type, FHIR type)
    codes: str = ""
    value: str = ""
    when: tuple = ()
    implies: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Table:
    at: At
    name: str
    of: str
    rules: list = dataclasses.field(default_factory=list)
    used: dict = dataclasses.field(default_factory=dict)   # variables → where first used


class Out(Lines):
    def __init__(self, root, mappings, fhir, faults):
        self.mappings, self.fhir, self.faults = mappings, fhir, faults
        self.segments, self.types, self.inverse, self.messages = {}, {}, {}, {}
        self.events, self.asides, self.code_use = [], [], {}
        self.variables = {}  # of all messages: name → type
        self.sources = set()  # every expression, with the type that it begins at
        files = sorted((root / "messages").glob("*.csv"))
        self.read_focus(root / "events.csv")
        for path in files:
            self.read_variables(path)
        self._pending = []
        for kind, into in (("types", self.types), ("segments", self.segments)):
            for path in sorted((root / kind).glob("*.csv")):
                self._rules(path, into, kind == "types")
        for at, name in self._pending:
            if name not in self.types:
                faults.add(at, f"no rules for a {name[1]} in types/{name[0]}.csv")
        for path in files:
            self.read_lines(path)
        self.read_events(root / "events.csv")
        self._asides(root / "aside.csv")
        self._preferences(root / "preferences.csv")

    def reader(self, text, context, more=()):
        self.sources.add((context, text))
        known = {**{name: TEXT for name in TEXTS}, **self.variables, **dict(more)}
        return Reader(self.fhir, text, context, known)

    def known_type(self, name):
        return name in self.fhir.structures or name in PRIMITIVE

    # ---- rules ----

    def _rules(self, path, into, of_type):
        name = path.stem
        fields = (self.mappings.type_parts if of_type else self.mappings.fields()).get(name)
        if fields is None:
            self.faults.add(At(f"{path.parent.name}/{path.name}", 1),
                            f"no table {path.parent.name}/{name}.csv on the way in describes {name}")
            return
        seen = {}
        for at, row in read(path, RULE_COLUMNS, self.faults):
            of = row["of"] or "-"
            if of != "-" and not self.known_type(of):
                self.faults.add(at, f"'{of}' is no resource or data type of FHIR R4")
                continue
            table = into.setdefault((name, of), Table(at, name, of))
            key = (of, row["field"], row["from"], row["when"], row["value"])
            if key in seen:
                self.faults.add(at, f"the same rule stands in line {seen[key]}")
                continue
            seen[key] = at.line
            rule = self._rule(at, row, table, fields, of_type)
            if rule is not None:
                table.rules.append(rule)
        if not of_type:
            self._complete(path, into)

    def _complete(self, path, into):
        for (name, of), table in into.items():
            if name == path.stem:
                for number in NEEDED.get(name, ()):
                    if not any(rule.place.field == number for rule in table.rules):
                        self.faults.add(table.at, f"{name} of {of} never fills {name}-{number}, which it must have")

    def _place(self, at, text, table, fields, of_type):
        bare = text.rstrip("!").removesuffix("[*]").removesuffix("[+]")
        place = hl7_path(bare + (".1" if of_type and bare == table.name else ""))
        if place is None or (place.segment or bare.split(".")[0]) != table.name:
            self.faults.add(at, f"'{text}' is no {'part' if of_type else 'field'} of {table.name}")
            return None
        if of_type and bare == table.name:
            return dataclasses.replace(place, component=0)
        number = place.component if of_type else place.field
        if number not in fields:
            self.faults.add(at, f"{table.name} has no {'part' if of_type else 'field'} {number}")
            return None
        return place

    def _rule(self, at, row, table, fields, of_type):
        place = self._place(at, row["field"], table, fields, of_type)
        if place is None:
            return None
        rule = Rule(at, place, "[*]" in row["field"], row["field"].endswith("!"), "[+]" in row["field"])
        context = TEXT if table.of == "-" else table.of
        more = {} if table.of == "-" else {"context": table.of}
        try:
            if row["from"]:
                rule.path = self._read("path", row["from"], context, more, table, at)
            if row["when"]:
                rule.when = self._read("condition", row["when"], context, more, table, at)
            kind = rule.path.type if rule.path else context
            for text in filter(None, (part.strip() for part in row["implies"].split(";"))):
                rule.implies.append(self._read("path", text, kind, more, table, at))
        except ValueError as wrong:
            self.faults.add(at, f"{row['field']}: {wrong}")
            return None
        if any(path.type == TEXT for path in rule.implies) or (
                rule.path and rule.path.type == TEXT and (of_type or row["value"])):
            self.faults.add(at, f"{row['field']}: %version and other texts stand alone in a field of a segment")
            return None
        number = place.component if of_type else place.field
        whole = of_type and not place.component
        data_type = table.name if whole else fields[number][1]
        inner = place.subcomponent if of_type else place.component
        says = bool(row["from"] or row["as"]) and row["as"] != "count"
        if says and not of_type and table.of != "-" and not row["note"] and not self._comes_back(table, place):
            self.faults.add(at, f"{row['field']}: nothing reads it back into a {table.of}: the note says why it is sent")
        return rule if self._target(at, row, rule, kind, None if inner else data_type) else None

    def _read(self, what, text, context, more, table, at):
        reader = self.reader(text, context, more)
        made = getattr(reader, what)()
        table.used.update({name: at for name in reader.used - {*TEXTS, "context"}})
        return made

    def _comes_back(self, table, place):
        """Whether the way in puts that field into such a resource, or says what it does with it."""
        there = self.mappings.segments[table.name]
        rules = [rule for to, one in there.maps.items() if to.split(":")[0] == table.of for rule in one.rules]
        return not rules or any(rule.path and rule.path.field == place.field
                                for rule in rules + [one for one in there.rest if one.kind == "used"])

    def _target(self, at, row, rule, kind, data_type):
        if row["value"]:
            rule.value = row["value"]
            if row["as"] or row["codes"]:
                self.faults.add(at, f"{row['field']}: a fixed value has no conversion and no code map")
                return False
            return True
        text = row["as"]
        if re.match(r"[A-Z]", text):
            if data_type not in (None, text, "varies") and {data_type, text} not in SAME_TYPES:
                self.faults.add(at, f"{row['field']} is a {data_type}, not a {text}")
                return False
            rule.conversion, rule.map_name = "map", (text, kind)
            self._pending.append((at, rule.map_name))
            return True
        match = re.match(r"(\w+)(?:\((.*)\))?$", text)
        if not match or match.group(1) not in CONVERSIONS:
            self.faults.add(at, f"no conversion '{text}'; there are {', '.join(CONVERSIONS)}")
            return False
        rule.conversion, rule.argument = match.group(1), match.group(2) or ""
        reads, writes = CONVERSIONS[rule.conversion]
        if kind not in reads:
            self.faults.add(at, f"{rule.conversion} reads no {kind}, which '{row['from']}' is")
            return False
        if data_type is not None and writes is not None and data_type not in writes:
            self.faults.add(at, f"{rule.conversion} makes no {data_type}, which {row['field']} is")
            return False
        wanted = ARGUMENTS.get(rule.conversion)
        if bool(wanted) != bool(rule.argument) or (wanted and not re.match(wanted, rule.argument)):
            self.faults.add(at, f"{rule.conversion}({rule.argument}): wrong argument")
            return False
        return self._codes(at, row, rule)

    def _codes(self, at, row, rule):
        if not row["codes"]:
            return True
        rule.codes = row["codes"]
        if rule.conversion not in ("code", "cwe", "is", "mime"):
            self.faults.add(at, f"{rule.conversion} has no use for a code map")
            return False
        if rule.codes not in self.mappings.codes:
            self.faults.add(at, f"no code map '{rule.codes}' in codes/")
            return False
        self.code_use.setdefault(rule.codes, at)
        return True

    # ---- what is set aside, and codes backwards ----

    def _asides(self, path):
        for at, row in read(path, ASIDE_COLUMNS, self.faults):
            if not row["note"]:
                self.faults.add(at, f"why {row['element']} is set aside is missing")
            of = "Patient" if row["of"] == "*" else row["of"]
            if of not in self.fhir.structures:
                self.faults.add(at, f"'{of}' is no resource or data type of FHIR R4")
                continue
            try:
                self.asides.append((row["of"], self.reader(row["element"], of).path()))
            except ValueError as wrong:
                self.faults.add(at, str(wrong))

    def _preferences(self, path):
        chosen = {}
        for at, row in read(path, PREFERENCE_COLUMNS, self.faults):
            one = self.mappings.codes.get(row["map"])
            if one is None or row["map"] not in self.code_use:
                self.faults.add(at, f"no rule of out/ uses a code map '{row['map']}'")
            elif row["to"] != "-" and (row["to"] not in one.rows or one.rows[row["to"]][0] != row["code"]):
                self.faults.add(at, f"{row['map']} does not make {row['code']} of {row['to']}")
            else:
                chosen[row["map"], row["code"]] = (at, row["to"])
        used = set()
        for name, at in sorted(self.code_use.items()):
            self.inverse[name] = self._invert(name, at, chosen, used)
        for key, (at, _) in chosen.items():
            if key not in used:
                self.faults.add(at, f"{key[0]} makes {key[1]} of one code only: no preference is needed")

    def _invert(self, name, at, chosen, used):
        """(code, system) → (code of HL7, its meaning)."""
        back = {}
        for source, (code, system, _, meaning) in self.mappings.codes[name].rows.items():
            if code:
                back.setdefault((code, system), []).append((source, meaning))
        made = {}
        for (code, system), sources in back.items():
            best = [one for one in sources if one[0] == code] or sources
            if len(best) > 1:
                if (name, code) not in chosen:
                    self.faults.add(at, f"{name} makes {code} of {', '.join(one[0] for one in best)}: preferences.csv "
                                        "says which is sent")
                    continue
                used.add((name, code))
                best = [one for one in best if one[0] == chosen[name, code][1]]
                if not best:
                    continue
            made[code, system] = best[0]
        return made
