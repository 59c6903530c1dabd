"""shape.py: promises at the head of files and folders, and the length of files and functions.
Length is a report, not a failure: tools/tidy_lengths.txt gives the reason of each long one."""
import pathlib
import re

from .source import Finding, bodies

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70


def promise(source, paths):
    """A header opens with what it promises. A .cpp beside its header shares that header's promise."""
    stem = re.sub(r"(_test)?\.cpp$", "", source.path)
    if source.path.endswith(".cpp") and f"{stem}.h" in paths:
        return
    first = source.lines[0]
    name = source.path.rsplit("/", 1)[-1]
    if not first.startswith("//"):
        yield source.finding(0, "promise", "open the file with its promise: "
                             f"// {source.path}: what it does and what holds")
    elif source.path.endswith(".h") and name not in first:
        yield source.finding(0, "promise", f"the promise names its file: // {source.path}: …")


def readmes(root):
    base = pathlib.Path(root) / "src"
    for folder in sorted(path for path in base.iterdir() if path.is_dir()):
        sources = [path for path in folder.rglob("*") if path.suffix in (".h", ".cpp")]
        if sources and not (folder / "README.md").is_file():
            yield Finding(f"src/{folder.name}", 1, "readme", "README.md is missing: the folder's promise, its "
                          "files in reading order, who may include it")


def lengths(source, reasons):
    """What is longer than agreed and has no reason in `reasons` (path or path:function)."""
    total = len(source.lines) - (source.lines[-1] == "")
    if total > FILE_LINES_MAX and source.path not in reasons:
        yield source.finding(0, "length", f"{total} lines (about {FILE_LINES_MAX} agreed)")
    for start, opening, closing in bodies(source.code):
        lines = source.line_of(closing) - source.line_of(opening) + 1
        name = re.search(r"([\w~:]+)\s*$", source.code[:start])
        called = name.group(1) if name else "?"
        if called in ("TEST", "TEST_F", "TEST_P", "RC_GTEST_PROP"):
            called = re.sub(r"\s+", "", source.text[start + 1 : opening].split(")")[0])
        if lines > FUNCTION_LINES_MAX and f"{source.path}:{called}" not in reasons:
            yield source.finding(start, "length", f"{called} has {lines} lines (about {FUNCTION_LINES_MAX} agreed)")


def read_reasons(path):
    """Lines `path reason` or `path:function reason`; '#' begins a comment."""
    reasons = {}
    if not pathlib.Path(path).is_file():
        return reasons
    for number, line in enumerate(pathlib.Path(path).read_text("utf-8").splitlines(), start=1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        what, _, why = line.partition(" ")
        if not why.strip():
            raise SystemExit(f"{path}:{number}: {what} has no reason")
        reasons[what] = why.strip()
    return reasons
