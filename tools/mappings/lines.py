"""lines.py: mappings/out/messages (which segments a message has, and of which resource each speaks) and events.csv
(which change makes which message). A part of Out (out.py), which knows the segments that they name."""
import dataclasses
import re

from paths import TEXT
from tables import At, read

LINE_COLUMNS = ["kind", "group", "name", "of", "from", "within", "numbers", "when", "note"]
EVENT_COLUMNS = ["of", "when", "type", "structure", "table", "control", "note"]
KINDS = ("let", "requires", "group", "segment")


@dataclasses.dataclass
class Line:
    at: At
    kind: str
    name: str
    of: str
    path: object = None
    within: object = None
    when: tuple = ()
    numbers: list = dataclasses.field(default_factory=list)
    note: str = ""
    children: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Event:
    at: At
    of: str
    when: tuple
    type: str
    structure: str
    table: str
    control: str
    note: str


class Lines:
    def read_variables(self, path):
        """let %patient and group ORDER (%order of its own): names and types, before any rule is read."""
        for at, row in read(path, LINE_COLUMNS, self.faults):
            name = row["name"].removeprefix("%") if row["kind"] == "let" else row["name"].lower()
            if row["kind"] not in ("let", "group") or not self.known_type(row["of"]):
                continue
            if self.variables.setdefault(name, row["of"]) != row["of"]:
                self.faults.add(at, f"%{name} is a {self.variables[name]} in another message: another name")

    def read_lines(self, path):
        one = Line(At(f"messages/{path.name}", 1), "message", path.stem, "")
        groups, types = {"message": one}, {"message": None}
        known = {"focus"}  # variables that are bound so far
        open_groups = ["message"]
        for at, row in read(path, LINE_COLUMNS, self.faults):
            if row["kind"] not in KINDS:
                self.faults.add(at, f"'{row['kind']}' is no kind of row: {', '.join(KINDS)}")
                continue
            parent = row["group"] or "message"
            if parent not in open_groups:
                self.faults.add(at, f"no group {parent} is open here: the rows of a group stand together")
                continue
            del open_groups[open_groups.index(parent) + 1:]
            line = self._line(at, row, types[parent] or self.focus_of(path.stem))
            if line is None:
                continue
            groups[parent].children.append(line)
            if line.kind == "let":
                known.add(line.name)
            elif line.kind == "group":
                if line.name in groups:
                    self.faults.add(at, f"group {line.name} is there twice")
                groups[line.name], types[line.name] = line, line.of
                open_groups.append(line.name)
                known.add(line.name.lower())
            elif line.kind == "segment":
                self._segment(at, line, known)
        self.messages[path.stem] = one

    def focus_of(self, table):
        """What every message of that table has as its focus."""
        return self.table_focus.get(table, "Patient")

    def _line(self, at, row, context):
        line = Line(at, row["kind"], row["name"].removeprefix("%"), row["of"] or "-", note=row["note"],
                    numbers=row["numbers"].split())
        if line.kind != "requires" and line.of != "-" and not self.known_type(line.of):
            self.faults.add(at, f"'{line.of}' is no resource or data type of FHIR R4")
            return None
        if line.kind == "requires" and not line.note:
            self.faults.add(at, "what to do where it is missing must be said in the note")
        try:
            for key in ("from", "within"):
                if row[key]:
                    start = context if key == "from" else line.of
                    made = self.reader(row[key], start, self._own(at)).path()
                    if made.type == TEXT:
                        raise ValueError(f"'{row[key]}' is a text, no part of a resource")
                    setattr(line, "path" if key == "from" else "within", made)
                    if line.of not in ("-", made.type) and line.kind != "requires":
                        self.faults.add(at, f"'{row[key]}' is a {made.type}, not a {line.of}")
            if row["when"]:
                line.when = self.reader(row["when"], context, self._own(at)).condition()
        except ValueError as wrong:
            self.faults.add(at, str(wrong))
            return None
        return line

    def _own(self, at):
        focus = self.focus_of(at.file.split("/")[1].removesuffix(".csv"))
        return {"focus": focus, "before": focus}

    def _segment(self, at, line, known):
        table = self.segments.get((line.name, line.of))
        if table is None:
            if line.name != "MSH":
                self.faults.add(at, f"segments/{line.name}.csv has no rules of {line.of}")
            return
        table.is_used = True
        for name, where in table.used.items():
            if name not in known:
                self.faults.add(where, f"%{name} is not known in {at.file}, which has this segment in line {at.line}")

    # ---- events ----

    def read_focus(self, path):
        """Which resource the messages of each table speak of, before the tables are read."""
        self.table_focus = {}
        for at, row in read(path, EVENT_COLUMNS, self.faults):
            if row["table"]:
                if self.table_focus.setdefault(row["table"], row["of"]) != row["of"]:
                    self.faults.add(at, f"{row['table']} is of {self.table_focus[row['table']]}, not {row['of']}")

    def read_events(self, path):
        for at, row in read(path, EVENT_COLUMNS, self.faults):
            if row["of"] not in self.fhir.types:
                self.faults.add(at, f"'{row['of']}' is no resource of R4")
                continue
            when = ()
            try:
                if row["when"]:
                    when = self.reader(row["when"], row["of"], {"before": row["of"]}).condition()
            except ValueError as wrong:
                self.faults.add(at, str(wrong))
                continue
            if not row["type"]:
                if not row["note"]:
                    self.faults.add(at, "why no message is sent is missing")
            elif not re.match(r"[A-Z]{3}\^[A-Z0-9]{3}$", row["type"]):
                self.faults.add(at, f"'{row['type']}' is no message type such as ADT^A01")
                continue
            elif row["table"] not in self.messages:
                self.faults.add(at, f"no table messages/{row['table']}.csv")
                continue
            elif not any(row["type"] == what for one in self.mappings.structures.values()
                         for _, what, *_ in one.triggers):
                self.faults.add(at, f"{row['type']} is not read on the way in")
            self.events.append(Event(at, row["of"], when, row["type"], row["structure"], row["table"],
                                     row["control"], row["note"]))
        seen = {}
        for event in self.events:
            if event.of in seen and not seen[event.of].when:
                self.faults.add(event.at, f"it is never reached: line {seen[event.of].at.line} takes every {event.of}")
            seen.setdefault(event.of, event)
            if not event.when:
                seen[event.of] = event
