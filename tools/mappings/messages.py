"""messages.py: the tables of messages/: triggers, groups, resources and how they are linked. A part of
Mappings (mappings.py), which knows the segments and code maps that they name."""
import dataclasses
import re

from tables import RAW_VALUES, At, Condition, element_path, hl7_path, read

MESSAGE_COLUMNS = ["kind", "group", "what", "value", "when", "note"]
MODES = ("create", "create_if_absent", "merge")
ACTIONS = ("link", "unlink", "merge", "move", "change", "cancel")
LEVELS = ("person", "patient", "patient_and_account", "account", "visit", "alternate_patient", "alternate_visit")


@dataclasses.dataclass
class Group:
    at: At
    name: str
    parent: str
    openers: list
    resources: dict = dataclasses.field(default_factory=dict)
    keys: list = dataclasses.field(default_factory=list)
    bindings: list = dataclasses.field(default_factory=list)
    links: list = dataclasses.field(default_factory=list)
    defaults: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Structure:
    at: At
    name: str
    triggers: list = dataclasses.field(default_factory=list)
    requires: list = dataclasses.field(default_factory=list)
    groups: dict = dataclasses.field(default_factory=dict)


class Messages:
    def _message(self, path):
        name = f"messages/{path.name}"
        one = Structure(At(name, 1), path.stem)
        one.groups["message"] = Group(one.at, "message", "", [])
        rows = read(path, MESSAGE_COLUMNS, self.faults)
        for at, row in rows:
            if row["kind"] == "group":
                if row["group"] in one.groups:
                    self.faults.add(at, f"group {row['group']} is there twice")
                    continue
                if not row["what"]:
                    self.faults.add(at, f"group {row['group']} is opened by no segment: it is unreachable")
                one.groups[row["group"]] = Group(at, row["group"], row["value"], row["what"].split())
        for group in list(one.groups.values()):
            if group.name != "message" and not self._reachable(one, group):
                self.faults.add(group.at, f"group {group.name} is unreachable: its parent '{group.parent}' leads "
                                          "nowhere")
        for order in (("resource",), ("trigger", "requires", "key", "segment", "link", "default", "group")):
            for at, row in rows:
                if row["kind"] in order and row["kind"] != "group":
                    self._message_row(at, row, one)
        for at, row in rows:
            if row["kind"] not in ("trigger", "requires", "group", "resource", "key", "segment", "link", "default"):
                self.faults.add(at, f"'{row['kind']}' is no kind of row")
        if sum(len(group.resources) for group in one.groups.values()) > 32:
            self.faults.add(one.at, "more than 32 resources: links hold them as 32 bits")
        if not one.triggers:
            self.faults.add(one.at, "no trigger: no message has this structure")
        self.structures[one.name] = one

    @staticmethod
    def _reachable(one, group):
        seen = set()
        while group is not None and group.name != "message":
            if group.name in seen:
                return False
            seen.add(group.name)
            group = one.groups.get(group.parent)
        return group is not None

    def _message_row(self, at, row, one):
        when = None
        if row["when"]:
            try:
                when = Condition(row["when"])
            except ValueError as wrong:
                self.faults.add(at, f"condition: {wrong}")
                return
        if row["kind"] == "trigger":
            self._trigger(at, row, one)
            return
        if row["kind"] == "requires":
            one.requires.append((row["what"], when))
            return
        group = one.groups.get(row["group"])
        if group is None:
            self.faults.add(at, f"no group '{row['group']}'")
            return
        getattr(self, "_" + row["kind"] + "_row")(at, row, one, group, when)

    def _trigger(self, at, row, one):
        if not re.match(r"[A-Z]{3}\^[A-Z0-9]{2,3}$", row["what"]):
            self.faults.add(at, f"'{row['what']}' is no message type such as ADT^A01")
            return
        action, level, cancelled = "", "", ""
        words = row["value"].split()
        if words:
            action = words[0]
            if action not in ACTIONS:
                self.faults.add(at, f"'{action}' is no action: {', '.join(ACTIONS)}")
                return
            if action in ("merge", "move", "change"):
                level = words[1] if len(words) > 1 else ""
                if level not in LEVELS:
                    self.faults.add(at, f"'{level}' is no level: {', '.join(LEVELS)}")
                    return
            cancelled = " ".join(words[1:]) if action == "cancel" else ""
        one.triggers.append((at, row["what"], action, level, cancelled))

    def _unique_triggers(self):
        seen = {}
        for one in self.structures.values():
            for at, what, *_ in one.triggers:
                if what in seen:
                    self.faults.add(at, f"{what} is in {seen[what]} too")
                seen[what] = one.at.file

    def _resource_row(self, at, row, one, group, when):
        if row["what"].split(":")[0] not in self.fhir.types:
            self.faults.add(at, f"'{row['what']}' is no resource of FHIR R4")
        elif row["value"] not in MODES:
            self.faults.add(at, f"'{row['value']}' is no mode: {', '.join(MODES)}")
        elif row["what"] in group.resources:
            self.faults.add(at, f"{row['what']} is there twice")
        else:
            group.resources[row["what"]] = (at, row["value"], when)

    def _key_row(self, at, row, one, group, when):
        items = []
        for item in row["value"].split():
            alternatives = [hl7_path(part) for part in item.split("/")]
            if None in alternatives or not all(path.segment for path in alternatives):
                self.faults.add(at, f"'{item}' is no path, nor paths with / between them")
                return
            items.append(alternatives)
        if row["what"] not in group.resources:
            self.faults.add(at, f"{row['what']} is no resource of {group.name}")
        elif not items:
            self.faults.add(at, "a key of nothing")
        elif not getattr(self.fhir.row(row["what"].split(":")[0], "identifier"), "repeats", False):
            self.faults.add(at, f"{row['what']} has no identifiers that a key could be among")
        else:
            group.keys.append((row["what"], items, when))

    def owner(self, one, group, what):
        """The group, this one or one around it, that has that resource."""
        while group is not None:
            if what in group.resources:
                return group
            group = one.groups.get(group.parent)
        return None

    def _segment_row(self, at, row, one, group, when):
        segment = self.segments.get(row["what"])
        if segment is None:
            self.faults.add(at, f"no table segments/{row['what']}.csv")
            return
        if row["value"] == "=":
            group.bindings.append((row["what"], None, None, None, when))
            return
        resource, _, variant = row["value"].partition("/")  # Observation/attachment: other rules for it
        to = f"{resource}:{variant}" if variant else resource
        owner = self.owner(one, group, resource)
        if to not in segment.maps:
            self.faults.add(at, f"segments/{row['what']}.csv has no rules to {to}")
        elif owner is None:
            self.faults.add(at, f"{resource} is no resource of {group.name} or a group around it")
        else:
            group.bindings.append((row["what"], to, owner.name, resource, when))

    def _link_row(self, at, row, one, group, when):
        what, _, element = row["what"].partition(".")
        if what not in group.resources:
            self.faults.add(at, f"{what} is no resource of {group.name}")
            return
        own, value = row["value"].startswith("own "), row["value"].removeprefix("own ")
        target = value.split(":")[0]
        groups = [each for each in one.groups.values() if not own or self.lies_within(one, each, group)]
        if not any(value in each.resources for each in groups):
            self.faults.add(at, f"{value} is no resource of this {'group' if own else 'message'}")
            return
        steps, end, wrong = element_path(self.fhir, what.split(":")[0], f"{element}->{target}", "link")
        if wrong:
            self.faults.add(at, f"{row['what']}: {wrong}")
            return
        group.links.append((what, steps, {each.name for each in groups}, value, when))

    @staticmethod
    def lies_within(one, inner, outer):
        """Whether a group is that one or lies in it."""
        seen = set()
        while inner is not outer and inner.parent in one.groups and inner.name not in seen:
            seen.add(inner.name)
            inner = one.groups[inner.parent]
        return inner is outer

    def _default_row(self, at, row, one, group, when):
        what, _, element = row["what"].partition(".")
        if what not in group.resources:
            self.faults.add(at, f"{what} is no resource of {group.name}")
            return
        steps, end, wrong = element_path(self.fhir, what.split(":")[0], element, "default")
        if wrong:
            self.faults.add(at, f"{row['what']}: {wrong}")
        elif end in self.fhir.structures or not row["value"]:
            self.faults.add(at, f"{row['what']}: a default is the value of a primitive element")
        else:
            group.defaults.append((what, steps, row["value"], end in RAW_VALUES, when))
