#!/usr/bin/env python3
"""embed.py OUT FILE…: the shipped pathway definitions as a C++ table of names and texts."""
import os
import sys


def literal(text):
    # One raw string a line: no compiler bounds those.
    return "\n".join(f'      R"~~~({line}\n)~~~"' for line in text.splitlines())


def main():
    out, *files = sys.argv[1:]
    rows = []
    for file in sorted(files, key=os.path.basename):
        with open(file, encoding="utf-8") as source:
            rows.append(f'      {{"{os.path.basename(file)}",\n{literal(source.read())}}},')
    with open(out, "w", encoding="utf-8") as to:
        to.write("// Made by tools/pathways/embed.py from pathways/.\n"
                 '#include "pathway/shipped.h"\n\n'
                 "namespace holdfast::pathway {\n\n"
                 "std::vector<File> shipped_files() {\n  return {\n" + "\n".join(rows) +
                 "\n  };\n}\n\n}  // namespace holdfast::pathway\n")


if __name__ == "__main__":
    main()
