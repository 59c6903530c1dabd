"""coroutines.py: three mistakes around co_await that compile and then go wrong."""
import re

from .source import block_end, matching

_LAMBDA = re.compile(
    r"(?<![\w\])\[])\s*\[(?P<capture>[^\[\]]*)\]\s*"
    r"(?P<parameters>\((?:[^()]|\([^()]*\))*\))?\s*"
    r"(?:(?:mutable|noexcept|constexpr|static)\s*)*(?:->\s*[\w:<>,&*\s]+?)?\{"
)
_LOCK = re.compile(r"\b(?:std::)?(?:scoped_lock|lock_guard|unique_lock|shared_lock)\b[^;()]*?[({]")
_SPAN = re.compile(r"\{\s*&\w+\s*,")  # {&one, 1}: pointer and count, a view that owns nothing
_WAITS = re.compile(r"\bco_(?:await|yield)\b")


def check(source):
    yield from braces_in_await(source)
    yield from locks_over_await(source)
    yield from capturing_coroutines(source)


def braces_in_await(source):
    """`co_await f(Options{a, b})`: g++ 12 destroys the braced temporary twice, or not at all."""
    code = source.code
    for match in re.finditer(r"(?<!operator )\bco_await\b", code):
        depth = 0
        for at in range(match.end(), len(code)):
            letter = code[at]
            if letter == "{" and not _SPAN.match(code, at):
                yield source.finding(at, "await-braces", "a braced temporary inside a co_await expression: "
                                     "name it first, then move it (g++ 12 miscompiles it)")
                break
            if letter in "([{":
                depth += 1
            elif letter in ")]}":
                depth -= 1
                if depth < 0:
                    break
            elif letter == ";" or (letter == "," and depth == 0):
                break


def locks_over_await(source):
    """A lock that is held while the coroutine waits stops every other one on that thread."""
    code = source.code
    for lock in _LOCK.finditer(code):
        begin = matching(code, lock.end() - 1) + 1
        held = code[begin : block_end(code, begin)]
        wait = _WAITS.search(held)
        if wait and not _inside_lambda(held, wait.start()):
            yield source.finding(lock.start(), "await-lock", "this lock is still held at the co_await in line "
                                 f"{source.line_of(begin + wait.start())}")


def capturing_coroutines(source):
    """The captures die with the lambda object, while the coroutine still runs."""
    code = source.code
    for match in _LAMBDA.finditer(code):
        if not match.group("capture").strip():
            continue
        opening = match.end() - 1
        body = code[opening : matching(code, opening)]
        await_ = re.search(r"\bco_(?:await|return|yield)\b|\bCO_TRY(?:_OK)?\b", body)
        if await_ and not _inside_lambda(body, await_.start()):
            yield source.finding(match.start(), "capturing-coroutine", "a lambda with captures that is a "
                                 "coroutine: make it a named function and pass what it needs")


def _inside_lambda(code, offset):
    """Whether `offset` lies in the body of a lambda that begins within `code`."""
    for match in _LAMBDA.finditer(code):
        opening = match.end() - 1
        if match.start() < offset and opening < offset < matching(code, opening):
            return True
    return False
