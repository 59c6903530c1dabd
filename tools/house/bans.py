"""bans.py: what must not be named, and where. clinical, decide, apply and pathway are pure and give the same
result on every machine and compiler; the node takes time, chance and threads from its world."""
import re

PURE = {"clinical", "decide", "apply", "pathway"}

# Everywhere, tests too: the standard leaves their results to the library, so two machines differ.
EVERYWHERE = [
    (r"\bstd::\w+_distribution\b|\b(?:uniform_(?:int|real)|bernoulli|normal|poisson|exponential|discrete)"
     r"_distribution\b", "std::*_distribution gives other numbers elsewhere: Random::below()"),
]

# Everywhere but in the real world, in programs and in tests.
OUTSIDE_THE_WORLD = [
    (r"\b(?:system_clock|steady_clock|high_resolution_clock|utc_clock|tai_clock|file_clock)\b",
     "time comes from world/clock.h"),
    (r"\b(?:clock_gettime|gettimeofday|timespec_get|localtime|localtime_r|mktime)\s*\(",
     "time comes from world/clock.h"),
    (r"(?<![\w.>:])(?:std::)?time\s*\(\s*(?:nullptr|NULL|0|&)", "time comes from world/clock.h"),
    (r"\b(?:random_device|getentropy|getrandom|arc4random\w*)\b", "chance comes from world/random.h"),
    (r"(?<![\w.>:])(?:std::)?s?rand\s*\(", "chance comes from world/random.h"),
    (r"\bstd::(?:thread|jthread|async|this_thread)\b", "threads belong to world/real"),
    (r"\bgetenv\s*\(", "configuration comes from server/"),
]

IN_PURE = [
    (r"\b(?:float|double)\b", "floating point rounds differently: use integers or decimal text"),
    (r"(?<![\w.])\d+\.\d*(?:[eE][-+]?\d+)?[fFlL]?(?![\w.])", "a floating-point number"),
    (r"\bunordered_(?:multi)?(?:map|set)\b", "its order differs between libraries: use map, set or a sorted vector"),
    (r"\bstd::(?:mutex|shared_mutex|atomic\w*|call_once|once_flag)\b", "decisions are made by one thread"),
    (r"\b(?:Clock|Random|Executor|Disk|Stream|Network|World)\s*[&*]", "a pure function gets no part of the world"),
    (r"\bthread_local\b", "decisions are made by one thread"),
    (r"\bstd::hash\b", "its value differs between libraries"),
]
PURE_INCLUDES = re.compile(
    r"^(chrono|random|ctime|time\.h|thread|mutex|shared_mutex|atomic|future|condition_variable"
    r"|unordered_map|unordered_set|cmath|world/.*)$"
)


def check(source):
    rules = list(EVERYWHERE)
    real = source.is_program or source.path.startswith("world/real/")
    if not source.is_test and not real:
        rules += OUTSIDE_THE_WORLD
    pure = source.folder in PURE and not source.is_test
    if pure:
        rules += IN_PURE
        for line, name, _ in source.includes():
            if PURE_INCLUDES.match(name):
                yield source.finding(source._starts[line - 1], "pure", f"{source.folder} is pure: no {name}")
    for pattern, why in rules:
        for match in re.finditer(pattern, source.code):
            word = " ".join(match.group(0).split())
            yield source.finding(match.start(), "ban", f"{word}: {why}")
