#!/usr/bin/env python3
"""pages.py: docs/pathways/ from pathways/, so that what clinicians read cannot drift from what the server does.

  tools/pathways/pages.py            writes the pages
  tools/pathways/pages.py --check    exit 1 where a page is not what would be written
"""
import pathlib
import re
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SHARED = {"calendar.toml", "settings.toml"}
CLOSED = {"completed", "cancelled", "failed", "rejected", "entered-in-error"}


def introduction(text):
    """The comment at the head of the file, as one paragraph."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("# "))
    return " ".join(lines)


def title_of(definition, name):
    return next(state["title"] for state in definition["state"] if state["name"] == name)


def diagram(definition):
    """https://mermaid.js.org/syntax/stateDiagram.html"""
    ways = {}
    for act in definition.get("act", []):
        for source in act["from"]:
            ways.setdefault((source, act["to"]), []).append(act["name"])
    for move in definition.get("move", []):
        for source in move["from"]:
            if source != move["to"]:
                ways.setdefault((source, move["to"]), []).append(move["on"])
    lines = ["```mermaid", "stateDiagram-v2"]
    for state in definition["state"]:
        lines.append(f'  {ident(state["name"])} : {state["title"].replace(":", " -")}')
    for opening in definition.get("open", []):
        line = f'  [*] --> {ident(opening["state"])} : {opening["on"]}'
        if line not in lines:
            lines.append(line)
    for (source, target), names in ways.items():
        lines.append(f"  {ident(source)} --> {ident(target)} : {', '.join(dict.fromkeys(names))}")
    for state in definition["state"]:
        if state.get("on_due"):
            lines.append(f'  {ident(state["name"])} --> {ident(state["on_due"])} : its due time passes')
        if state["status"] in CLOSED:
            lines.append(f'  {ident(state["name"])} --> [*]')
    return lines + ["```"]


def ident(name):
    return name.replace("-", "_")


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return lines + ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]


def opens(definition):
    rows = []
    for one in definition.get("open", []):
        codes = ", ".join(f"`{code}`" for code in one.get("codes", [])) or "any"
        unless = ", ".join(f"`{path}`" for path in one.get("unless_linked", []))
        when = f'`{one["when"]}`' if one.get("when") else "always"
        if unless:
            when += f", and nothing that has an item is named in {unless}"
        owner = ", else ".join(f"`{owner}`" for owner in one["owner"])
        rows.append([one["on"], codes, when, title_of(definition, one["state"]), owner])
    return table(["resource", "codes", "when", "begins as", "with"], rows)


def due_times(definition):
    rows = []
    for state in definition["state"]:
        for due in state.get("due", []):
            rows.append([state["title"], due.get("urgency", "all others" if len(state["due"]) > 1 else "all"),
                         due["within"], due["source"]])
    return table(["state", "urgency", "due within", "source"], rows)


def escalation(definition):
    rows = []
    for state in [None, *definition["state"]]:
        steps = (definition if state is None else state).get("escalate", [])
        for step in steps:
            when = "at half of the time" if step.get("half") else (
                "when it is due" if step["after"].startswith("0 ") else f'{step["after"]} after that')
            rows.append(["all others" if state is None else state["title"], when, f'`{step["to"]}`'])
    return table(["state", "when", "sees it as well"], rows)


def acts(definition):
    rows = []
    for act in definition.get("act", []):
        needs = ", ".join(act.get("needs", [])) or "nothing more"
        if act.get("reasons"):
            needs += " (" + ", ".join(act["reasons"]) + ")"
        then = "".join(f'; opens {then["pathway"]}' for then in act.get("then", []))
        rows.append([act["title"], ", ".join(title_of(definition, name) for name in act["from"]),
                     title_of(definition, act["to"]) + then, needs])
    return table(["what a person does", "from", "to", "needs"], rows)


def moves(definition):
    rows = []
    for move in definition.get("move", []):
        link = ", ".join(f"`{path}`" for path in move.get("link", [])) or "itself"
        then = "".join(f'; opens {then["pathway"]}' + (f' if {then["if"]}' if then.get("if") else "")
                       for then in move.get("then", []))
        rows.append([move["on"], link, f'`{move["when"]}`', title_of(definition, move["to"]) + then])
    return table(["what the record hears", "named by", "when", "to"], rows)


def page(file):
    text = file.read_text(encoding="utf-8")
    definition = tomllib.loads(text)
    approved = definition.get("approved", [])
    lines = [f'# {definition["title"]}', "",
             f"<!-- Made by tools/pathways/pages.py from pathways/{file.name}: change that. -->", "",
             introduction(text), "",
             f'Version {definition["version"]}, effective {definition["effective"]}, '
             + ("approved by " + " and ".join(approved) if approved else
                "**a draft that no clinician has approved**")
             + f'. Without an owner an item goes to `{definition["fallback"]}`.', "",
             *(["Its items carry the clock of the patient's wait: while that runs they are due no later than the national",
                "standards allow, whatever their state ([waiting times](../PATHWAYS.md#waiting-times)).", ""]
               if definition.get("keeps_clock") else []),
             *diagram(definition)]
    for head, rows in [("What opens one", opens), ("Until when", due_times), ("If it is late", escalation),
                       ("What people do", acts), ("What moves it by itself", moves)]:
        made = rows(definition)
        if len(made) > 2:
            lines += ["", f"## {head}", "", *made]
    closing = [state["title"] for state in definition["state"] if state["status"] in CLOSED]
    lines += ["", "## What closes it", "", "Only these: " + "; ".join(closing) + ". Time closes nothing."]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)) + "\n"


def pages():
    files = [file for file in sorted((ROOT / "pathways").glob("*.toml")) if file.name not in SHARED]
    made = {f"{file.stem}.md": page(file) for file in files}
    rows = []
    for file in files:
        definition = tomllib.loads(file.read_text(encoding="utf-8"))
        rows.append([f"[{definition['title']}]({file.stem}.md)", introduction(file.read_text(encoding="utf-8"))])
    made["README.md"] = "\n".join(
        ["# Pathways, for clinicians", "",
         "<!-- Made by tools/pathways/pages.py. -->", "",
         "Each page is made from the definition that the server goes by. Due times are local defaults where they say so:",
         "a site changes them, with two names under the change, one of them a clinician's (docs/PATHWAYS.md).", "",
         *table(["pathway", "what it follows"], rows)]) + "\n"
    return made


def main():
    folder = ROOT / "docs" / "pathways"
    made = pages()
    if "--check" in sys.argv[1:]:
        wrong = [name for name, text in made.items()
                 if not (folder / name).is_file() or (folder / name).read_text(encoding="utf-8") != text]
        wrong += [file.name for file in folder.glob("*.md") if file.name not in made]
        for name in wrong:
            print(f"docs/pathways/{name} is not what pathways/ says: run tools/pathways/pages.py")
        print(f"{len(made)} pages, {len(wrong)} wrong")
        return 1 if wrong else 0
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
