"""source.py: one C++ file, with a copy in which comments and literals are blanked.

The copy (`code`) has the same length and line breaks as the text, so an offset found in one means
the same in the other. The rules look at `code`: nothing said in a comment or a string counts.
"""
import bisect
import dataclasses
import pathlib
import re

MARKER = re.compile(r"//\s*tidy:\s*\S+\s+\S+")  # a reason is more than one word

TESTING = re.compile(r"_test(?:ing)?\.(?:h|cpp)$|(?:^|/)test_\w+\.(?:h|cpp)$")
PROGRAM = re.compile(r"^cli/|/(?:tools|bench)/")


@dataclasses.dataclass(frozen=True, order=True)
class Finding:
    path: str
    line: int
    rule: str
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text} [{self.rule}]"


class Source:
    def __init__(self, path, text):
        """`path` is relative to src/, with '/'."""
        self.path = path
        self.text = text
        self.code = blank(text)
        self.lines = text.split("\n")
        self.is_test = bool(TESTING.search(path))  # read() adds what only tests include
        self._starts = [0]
        for match in re.finditer("\n", text):
            self._starts.append(match.end())

    @property
    def folder(self):
        return self.path.split("/")[0]

    @property
    def is_program(self):
        """A program of its own that stands outside the node, such as a timing."""
        return bool(PROGRAM.search(self.path))

    def line_of(self, offset):
        return bisect.bisect_right(self._starts, offset)

    def finding(self, offset, rule, text):
        return Finding(f"src/{self.path}", self.line_of(offset), rule, text)

    def excused(self, line):
        """Whether `// tidy: some reason` stands on that line or on the comment lines above it."""
        if MARKER.search(self.lines[line - 1]):
            return True
        above = line - 2
        while above >= 0 and self.lines[above].strip().startswith("//"):
            if MARKER.search(self.lines[above]):
                return True
            above -= 1
        return False

    def includes(self):
        """Yields (line, name, angled) of each #include."""
        for number, line in enumerate(self.lines, start=1):
            match = re.match(r'\s*#\s*include\s*(<([^>]+)>|"([^"]+)")', line)
            if match and self.code[self._starts[number - 1] :].lstrip().startswith("#"):
                yield number, match.group(2) or match.group(3), match.group(2) is not None


_LITERAL = re.compile(
    r"//[^\n]*"
    r"|/\*.*?\*/"
    r'|(?:u8|u|U|L)?R"(?P<delimiter>[^()\\\s]{0,16})\(.*?\)(?P=delimiter)"'
    r'|(?:u8|u|U|L)?"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Za-z_])(?:u8|u|U|L)?'(?:\\.|[^'\\\n])+'",
    re.DOTALL,
)


def blank(text):
    """The text with comments and literals as spaces; #include lines keep nothing of their name."""

    def spaces(match):
        return re.sub(r"[^\n]", " ", match.group(0))

    return _LITERAL.sub(spaces, text)


def matching(code, opening):
    """Offset of the bracket that closes the one at `opening`, or the end of the code."""
    pairs = {"(": ")", "[": "]", "{": "}"}
    depth = 0
    for offset in range(opening, len(code)):
        if code[offset] in pairs:
            depth += 1
        elif code[offset] in ")]}":
            depth -= 1
            if depth == 0:
                return offset
    return len(code)


def block_end(code, offset):
    """Offset of the '}' that closes the block in which `offset` lies."""
    depth = 0
    for at in range(offset, len(code)):
        if code[at] == "{":
            depth += 1
        elif code[at] == "}":
            depth -= 1
            if depth < 0:
                return at
    return len(code)


def bodies(code):
    """Yields (start, open, close) of each function body: `)` and what may follow it, then a block.

    Control statements and lambdas inside a function are part of it and not yielded by themselves.
    """
    head = re.compile(
        r"\)\s*(?:(?:const|noexcept|override|final|mutable|&&?|try)\s*)*"
        r"(?:->\s*[\w:<>,&*\s]+?)?(?:requires[^;{}]*)?"
        r"(?::\s*(?!:)[^;]*?)?\{"
    )
    at = 0
    while True:
        match = head.search(code, at)
        if not match:
            return
        opening = match.end() - 1
        before = code[: match.start() + 1]
        start = _open_of(before)
        word = re.search(r"([\w~]+|operator\W{1,3}|\])\s*$", before[:start])
        if not word or word.group(1) in ("if", "for", "while", "switch", "catch", "constexpr", "]"):
            at = opening + 1
            continue
        closing = matching(code, opening)
        # With a constructor's initialisers, the first '{' may be one of theirs: `: a_{1} {`.
        while closing + 1 < len(code):
            rest = re.match(r"\s*(?:,\s*[\w:<>]+\s*(?=[({])|(?=\{))", code[closing + 1 :])
            if not rest:
                break
            opening = closing + 1 + rest.end()
            if code[opening] == "(":
                closing = matching(code, opening)
                continue
            closing = matching(code, opening)
        yield start, opening, closing
        at = closing + 1


def _open_of(before):
    depth = 0
    for offset in range(len(before) - 1, -1, -1):
        if before[offset] == ")":
            depth += 1
        elif before[offset] == "(":
            depth -= 1
            if depth == 0:
                return offset
    return 0


def read(root):
    """Every C++ file below root/src, in order of its path."""
    base = pathlib.Path(root) / "src"
    found = []
    for file in sorted(base.rglob("*")):
        if file.suffix in (".h", ".cpp") and file.is_file():
            found.append(Source(file.relative_to(base).as_posix(), file.read_text("utf-8")))
    mark_what_only_tests_use(found)
    return found


def mark_what_only_tests_use(sources):
    """A header that somebody includes, and nobody but tests and programs, belongs to the tests; so
    does the .cpp of such a header."""
    users = {}
    for one in sources:
        for _, name, _ in one.includes():
            users.setdefault(name, []).append(one)
    changed = True
    while changed:  # ends: each round marks at least one more file
        changed = False
        for one in sources:
            header = re.sub(r"\.cpp$", ".h", one.path)
            who = [user for user in users.get(header, []) if user is not one and user.path != header[:-2] + ".cpp"]
            if not one.is_test and who and all(user.is_test or user.is_program for user in who) \
                    and any(user.is_test for user in who):
                one.is_test = changed = True
