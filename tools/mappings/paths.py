"""paths.py: the part of FHIRPath that the tables of mappings/out are written in, read and checked against the
FHIR R4 definitions. What it reads is FHIRPath; what is not in this grammar is refused, with the reason.

    path      = [ %variable | $this ] { .name | .function() | [n] }
    function  = where(condition) resolve() ofType(T) extension('url') first() skip(n)
    condition = test { and test } { or … }, brackets; and binds closer
    test      = path.exists() | path.empty() | path.startsWith('x') | path.contains('x')
              | path (= | != | >= | <) literal | path in ('x' | 'y') | path (~ | !~) path

A comparison with nothing is false, as in FHIRPath it is neither true nor false and a filter takes only true.
"""
import dataclasses
import re

from tables import fhir_name

TEXT = "text"  # the type of variables that are texts, such as %version


@dataclasses.dataclass(frozen=True)
class Step:
    kind: str            # member, item, skip, where, resolve, of_type, extension
    text: str = ""       # name of the member, type, url
    number: int = 0
    condition: tuple = ()


@dataclasses.dataclass(frozen=True)
class Path:
    start: str           # "" is the context, else the name of a variable, without %
    steps: tuple
    type: str            # FHIR type name, structure or TEXT
    source: str = ""


@dataclasses.dataclass(frozen=True)
class Op:
    kind: str            # exists empty starts contains equals differs at_least below same unlike and or
    path: Path = None
    other: Path = None
    texts: tuple = ()


_TOKEN = re.compile(r"\s*(?:('(?:[^'\\]|\\.)*')|(%?[A-Za-z_$]\w*)|(\d+(?:\.\d+)?)|(!~|!=|>=|[=~<.()\[\]|,]))")


class Reader:
    """One expression. `variables`: name → type. Raises ValueError with what is wrong."""

    def __init__(self, fhir, text, context, variables):
        self.fhir, self.text, self.context, self.variables = fhir, text, context, variables
        self.used = set()
        self.tokens, at = [], 0
        text = text.rstrip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if not match:
                raise ValueError(f"cannot read '{text[at:]}'")
            self.tokens.append(match.group(0).strip())
            at = match.end()
        self.at = 0

    def path(self):
        made = self._path(self.context)
        self._end()
        return dataclasses.replace(made, source=self.text)

    def condition(self):
        ops = []
        self._or(self.context, ops)
        self._end()
        return tuple(ops)

    # ---- tokens ----

    def _peek(self, ahead=0):
        return self.tokens[self.at + ahead] if self.at + ahead < len(self.tokens) else None

    def _take(self, *words):
        if self._peek() in words:
            self.at += 1
            return self.tokens[self.at - 1]
        return None

    def _need(self, word):
        if not self._take(word):
            raise ValueError(f"'{word}' is expected at '{self._shown()}'")

    def _shown(self):
        return self._peek() or "the end"

    def _end(self):
        if self.at != len(self.tokens):
            raise ValueError(f"'{self._peek()}' is not expected here")

    def _literal(self):
        token = self._peek()
        if token is None or not (token[0] == "'" or token in ("true", "false") or token[0].isdigit()):
            raise ValueError(f"a literal is expected at '{self._shown()}'")
        self.at += 1
        if token[0] != "'":
            return token
        return re.sub(r"\\(.)", lambda m: {"n": "\n", "r": "\r", "t": "\t"}.get(m.group(1), m.group(1)), token[1:-1])

    # ---- conditions ----

    def _or(self, context, ops):
        self._and(context, ops)
        while self._take("or"):
            self._and(context, ops)
            ops.append(Op("or"))

    def _and(self, context, ops):
        self._test(context, ops)
        while self._take("and"):
            self._test(context, ops)
            ops.append(Op("and"))

    def _test(self, context, ops):
        if self._take("("):
            self._or(context, ops)
            self._need(")")
            return
        path = self._path(context)
        function = self._peek()
        if self._peek() == "." or function is None:
            raise ValueError("a condition ends with exists(), empty(), startsWith(), contains() or a comparison")
        if function in ("exists", "empty") and self._peek(1) == "(":
            self.at += 2
            self._need(")")
            ops.append(Op(function, path))
        elif function in ("startsWith", "contains") and self._peek(1) == "(":
            self.at += 2
            ops.append(Op("starts" if function == "startsWith" else "contains", path, None, (self._literal(),)))
            self._need(")")
        elif self._take("in"):
            self._need("(")
            texts = [self._literal()]
            while self._take("|"):
                texts.append(self._literal())
            self._need(")")
            ops.append(Op("equals", path, None, tuple(texts)))
        elif sign := self._take("=", "!=", ">=", "<"):
            if path.type in self.fhir.structures:
                raise ValueError(f"a {path.type} is no literal: ~ or !~ compares it")
            kind = {"=": "equals", "!=": "differs", ">=": "at_least", "<": "below"}[sign]
            ops.append(Op(kind, path, None, (self._literal(),)))
        elif sign := self._take("~", "!~"):
            other = self._path(context)
            if path.type == TEXT:
                raise ValueError("= or in compares a text, not ~")
            if other.type != path.type:
                raise ValueError(f"a {path.type} is never like a {other.type}")
            ops.append(Op("same" if sign == "~" else "unlike", path, other))
        else:
            raise ValueError(f"'{function}' is no comparison")

    # ---- paths ----

    def _path(self, context):
        token = self._peek()
        if token is None or not re.match(r"[%$A-Za-z_]", token):
            raise ValueError(f"a path is expected at '{self._shown()}'")
        start, at, steps = "", context, []
        self.targets = ()
        if token.startswith("%"):
            self.at += 1
            start = token[1:]
            if start not in self.variables:
                raise ValueError(f"no variable %{start}; there are {', '.join('%' + v for v in sorted(self.variables))}")
            self.used.add(start)
            at = self.variables[start]
        elif token == "$this":
            self.at += 1
        else:
            at = self._function(at, steps) if self._peek(1) == "(" else self._member(at, steps)
        while True:
            if self._peek() == "[":
                self.at += 1
                steps.append(Step("item", number=int(self._literal())))
                self._need("]")
            elif self._peek() == ".":
                if self._peek(1) in ("exists", "empty", "startsWith", "contains") and self._peek(2) == "(":
                    self.at += 1
                    break
                self.at += 1
                at = self._function(at, steps) if self._peek(1) == "(" else self._member(at, steps)
            else:
                break
        if at == "Reference?":
            raise ValueError("behind resolve() stands ofType(): the reference may mean several types")
        return Path(start, tuple(steps), at)

    def _member(self, at, steps):
        name = self._peek()
        if name is None or not re.match(r"[A-Za-z]\w*$", name):
            raise ValueError(f"the name of an element is expected at '{self._shown()}'")
        self.at += 1
        if at == "Reference?":
            raise ValueError("behind resolve() stands ofType(): the reference may mean several types")
        at = self._on_primitive(at, steps)
        if at not in self.fhir.structures:
            raise ValueError(f"a {at} has no element {name}")
        row = self.fhir.row(at, name)
        if row is not None and row.name != row.base:
            raise ValueError(f"{name} is written {row.base}.ofType(…)")
        if row is None:  # a choice: ofType() says which
            if not any(r.base == name for r in self.fhir.structures[at].rows):
                raise ValueError(f"{at} has no element {name}")
            if not (self._peek() == "." and self._peek(1) == "ofType" and self._peek(2) == "("):
                raise ValueError(f"{at}.{name} has several types: ofType() says which")
            self.at += 3
            kind = self._peek()
            self.at += 1
            self._need(")")
            row = self.fhir.row(at, name + kind[0].upper() + kind[1:])
            if row is None:
                raise ValueError(f"{at}.{name} is no {kind}")
        steps.append(Step("member", row.name))
        if row.structure == "Reference":  # to find out what resolve() may give
            self.targets = row.targets
        return row.structure if row.kind == "complex" else fhir_name(row.kind)

    def _on_primitive(self, at, steps):
        """Elements of a primitive stand beside it, under its name with _."""
        if at in self.fhir.structures or at == TEXT or not steps or steps[-1].kind != "member":
            return at
        steps[-1] = Step("member", "_" + steps[-1].text)
        return "Element"

    def _function(self, at, steps):
        name = self._peek()
        self.at += 2
        if name == "where":
            ops = []
            self._or(at, ops)
            steps.append(Step("where", condition=tuple(ops)))
        elif name == "resolve":
            if at not in ("Reference", "url", "uri"):
                raise ValueError(f"resolve() of a {at}")
            steps.append(Step("resolve"))
            at = "Reference?"
        elif name == "ofType":
            kind = self._peek()
            self.at += 1
            if at != "Reference?":
                raise ValueError(f"ofType() stands behind resolve() or an element of several types, not a {at}")
            if kind not in self.fhir.types:
                raise ValueError(f"{kind} is no resource of R4")
            if self.targets and kind not in self.targets:
                raise ValueError(f"the reference may not mean a {kind}")
            steps.append(Step("of_type", kind))
            at = kind
        elif name == "extension":
            at = self._on_primitive(at, steps)
            if at not in self.fhir.structures:
                raise ValueError(f"extension() of a {at}")
            steps.append(Step("extension", self._literal()))
            at = "Extension"
        elif name == "first":
            steps.append(Step("item"))
        elif name == "skip":
            steps.append(Step("skip", number=int(self._literal())))
        else:
            raise ValueError(f"{name}() is not in the part of FHIRPath that these tables know")
        self._need(")")
        return at
