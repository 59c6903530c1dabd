"""tables.py: the CSV tables of mappings/ as Python objects, each knowing its file and line.

A fault is never raised past its row: Faults collects them, so that an engineer sees all at once.
"""
import csv
import dataclasses
import importlib.util
import pathlib
import re


def _load_definitions():
    """tools/definitions/generate.py, which has the name of the program beside this file."""
    path = pathlib.Path(__file__).resolve().parent.parent / "definitions" / "generate.py"
    spec = importlib.util.spec_from_file_location("fhir_definitions", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


definitions = _load_definitions()


# Fixed values that are no strings of JSON.
RAW_VALUES = {"boolean": r"true$|false$", "integer": r"-?\d+$", "positiveInt": r"\d+$", "unsignedInt": r"\d+$",
              "decimal": r"-?\d+(\.\d+)?$"}


class Faults:
    def __init__(self):
        self.found = []

    def add(self, at, text):
        self.found.append(f"{at.file}:{at.line}: {text}")


@dataclasses.dataclass(frozen=True)
class At:
    file: str
    line: int


def read(path, columns, faults):
    """Rows as (At, dict). The first line must name exactly these columns; '#' begins a comment line."""
    rows = []
    with open(path, encoding="utf-8", newline="") as file:
        reader = csv.reader(file, strict=True)
        head = None
        for cells in reader:
            at = At(f"{path.parent.name}/{path.name}", reader.line_num)
            if not cells or cells[0].startswith("#"):
                continue
            if head is None:
                head = cells
                if head != columns:
                    faults.add(at, f"the columns are {','.join(head)}; expected {','.join(columns)}")
                    return rows
                continue
            if len(cells) > len(columns):
                faults.add(at, f"{len(cells)} cells for {len(columns)} columns")
                continue
            cells += [""] * (len(columns) - len(cells))
            rows.append((at, {name: cell.strip() for name, cell in zip(columns, cells)}))
    return rows


# ---- FHIR ---------------------------------------------------------------------------------------


class Fhir:
    """What generate.py of tools/definitions reads: structures by name, resource types in order."""

    def __init__(self, package):
        import json
        package = pathlib.Path(package)

        def bundle(name):
            return json.loads((package / name).read_text("utf-8"))

        resources = [e["resource"] for e in bundle("Bundle-resources.json")["entry"]]
        types = [e["resource"] for e in bundle("Bundle-types.json")["entry"]]
        given = [r for r in resources + types if r["resourceType"] == "StructureDefinition"]
        primitives = {d["name"] for d in given if d["kind"] == "primitive-type"}
        self.structures = {}
        for one in given:
            if one["kind"] in ("resource", "complex-type") and one.get("derivation") != "constraint":
                self.structures.update(definitions.read_structures(one, primitives))
        self.types = sorted(
            d["name"] for d in given
            if d["kind"] == "resource" and not d["abstract"] and d.get("derivation") != "constraint")

    def row(self, structure, name):
        return next((r for r in self.structures[structure].rows if r.name == name), None)


@dataclasses.dataclass(frozen=True)
class Step:
    name: str        # the JSON member
    label: str       # which of the repetitions; "" where the element does not repeat
    repeats: bool
    crosses: str = ""  # a resource type: the path goes on in a resource that this Reference means
    choice: int = 0    # elements of one choice share a number: only one of them may be there


_STEP = re.compile(r"(\w+)(?:\[([\w@-]+)\])?(?:->(\w+))?$")


def element_path(fhir, structure, text, label, repeats_label=None):
    """(steps, type at the end, None) or (None, None, what is wrong). The type is a FHIR type name."""
    if text == "$":
        return (), structure, None
    steps, at, kind = [], structure, "complex"
    parts = text.split(".")
    for number, part in enumerate(parts):
        match = _STEP.match(part)
        if not match:
            return None, None, f"'{part}' is no step such as name, name[label] or name->Type"
        name, given, crosses = match.groups()
        if kind != "complex":  # what belongs to a primitive stands beside it, under its name with _
            last = steps.pop()
            steps.append(Step("_" + last.name, last.label, last.repeats))  # of no choice: it comes second
            at, kind = "Element", "complex"
        if at not in fhir.structures:
            return None, None, f"{at} has no elements"
        row = fhir.row(at, name)
        if row is None:
            return None, None, f"{at} has no element {name}"
        if given and not row.repeats:
            return None, None, f"{at}.{name} does not repeat: no [{given}]"
        steps.append(Step(name, (given or label) if row.repeats else "", row.repeats, crosses or "",
                          row.choice))
        kind = "complex" if row.kind == "complex" else row.kind
        at = row.structure if row.kind == "complex" else fhir_name(row.kind)
        if crosses:
            if at != "Reference":
                return None, None, f"{name} is a {at}, not a Reference: no ->{crosses}"
            if crosses not in fhir.types:
                return None, None, f"->{crosses}: no resource of R4"
            if row.targets and crosses not in row.targets:
                return None, None, f"{name} may not refer to a {crosses}"
            at = crosses
    return tuple(steps), at, None


_NAMES = {kind: name for name, kind in definitions.KINDS.items()}


def fhir_name(kind):
    return _NAMES.get(kind, kind)


# ---- conditions ---------------------------------------------------------------------------------

_TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|([A-Z][A-Z0-9]*(?:[-.]\d+(?:\.\d+){0,2})?(?=[\s),]|$))|([(),])"
                    r"|(\d+)|([=<>]))")
_PATH = re.compile(r"(?:([A-Z][A-Z0-9]{2})-(\d+)(?:\.(\d+))?(?:\.(\d+))?|([A-Z]{2,3})\.(\d+)(?:\.(\d+))?)$")


@dataclasses.dataclass(frozen=True)
class Path:
    segment: str    # "" in a type map: part of the value itself
    field: int
    component: int
    subcomponent: int


def hl7_path(text):
    match = _PATH.match(text)
    if not match:
        return None
    if match.group(1):
        return Path(match.group(1), int(match.group(2)), int(match.group(3) or 0), int(match.group(4) or 0))
    return Path("", 0, int(match.group(6)), int(match.group(7) or 0))


class Condition:
    """`IF A VALUED AND (B EQUALS 'x' OR NOT C IN ('y', 'z'))` as operations in postfix order:
    (op, Path, texts, number). AND binds closer than OR. README.md of mappings/ is its grammar."""

    def __init__(self, text):
        self.ops = []
        self.tokens = self._split(text)
        self.at = 0
        if self._take("IF") is None:
            raise ValueError("a condition begins with IF")
        self._or()
        if self.at != len(self.tokens):
            raise ValueError(f"'{self.tokens[self.at]}' is not expected here")

    @staticmethod
    def _split(text):
        tokens, at = [], 0
        text = text.replace("LST.COUNT", "COUNT").rstrip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if not match:
                raise ValueError(f"cannot read '{text[at:]}'")
            tokens.append(match.group(0).strip())
            at = match.end()
        return tokens

    def _peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def _take(self, *words):
        if self._peek() in words:
            self.at += 1
            return self.tokens[self.at - 1]
        return None

    def _or(self):
        self._and()
        while self._take("OR"):
            self._and()
            self.ops.append(("or", None, (), 0))

    def _and(self):
        self._one()
        while self._take("AND"):
            self._one()
            self.ops.append(("and", None, (), 0))

    def _one(self):
        if self._take("NOT"):
            self._one()
            self.ops.append(("not", None, (), 0))
            return
        if self._take("("):
            self._or()
            if not self._take(")"):
                raise ValueError("')' is missing")
            return
        word = self._peek()
        if word is None:
            raise ValueError("a condition ends too early")
        path = hl7_path(word)
        if path is None:
            raise ValueError(f"'{word}' is no path such as PID-13.2 or XPN.7")
        self.at += 1
        if self._take("COUNT"):
            self._count(path)
            return
        if self._take("LONGER"):
            self._take("THAN")
            number = self._peek()
            if number is None or not number.isdigit():
                raise ValueError("after LONGER stands THAN and a number of characters")
            self.at += 1
            self.ops.append(("longer", path, (), int(number)))
            return
        negated = bool(self._take("NOT"))
        if self._take("VALUED"):
            self.ops.append(("valued", path, (), 0))
        elif self._take("TAKEN"):
            self.ops.append(("taken", path, (), 0))
        elif self._take("EQUALS"):
            self.ops.append(("equals", path, (self._text(),), 0))
        elif self._take("IN"):
            self.ops.append(("equals", path, self._list(), 0))
        else:
            raise ValueError(f"after {word} stands VALUED, TAKEN, EQUALS, IN or COUNT, perhaps with NOT")
        if negated:
            self.ops.append(("not", None, (), 0))

    def _count(self, path):
        sign = self._take("=", ">", "<")
        number = self._peek()
        if sign is None or number is None or not number.isdigit():
            raise ValueError("after COUNT stands =, > or < and a number")
        self.at += 1
        self.ops.append(({"=": "count_is", ">": "count_above", "<": "count_below"}[sign], path, (), int(number)))

    def _text(self):
        token = self._peek()
        if token is None or not token.startswith("'"):
            raise ValueError("a text in single quotes is expected")
        self.at += 1
        return token[1:-1].replace("''", "'")

    def _list(self):
        if not self._take("("):
            raise ValueError("after IN stands a list in brackets")
        texts = [self._text()]
        while self._take(","):
            texts.append(self._text())
        if not self._take(")"):
            raise ValueError("')' is missing")
        return tuple(texts)
