"""includes.py: who may include whom. The order is that of docs/ARCHITECTURE.md, read leftward."""
import re

from .source import TESTING

RANKS = [
    ["base"],
    ["world", "model"],
    ["fhir", "clinical", "hl7v2", "journal", "views"],
    ["search", "reconcile"],
    ["pathway"],
    ["decide", "apply"],
    ["node"],
    ["access"],
    ["evidence"],
    ["exchange", "api"],
    ["http"],
    ["server"],
    ["sim", "day"],
    ["cli"],
]
RANK = {folder: rank for rank, folders in enumerate(RANKS) for folder in folders}

# Folders of one rank that may be used all the same.
SIDEWAYS = {("hl7v2", "fhir"), ("views", "fhir"), ("clinical", "fhir"), ("views", "clinical")}

# Single headers that the other side of a rank may use: apply reads a Command as decide prepared it.
SHARED = {("apply", "decide/prepared.h")}

# What only some files may include: (pattern, which paths below src/ may, what it is).
# The programs of cli/ stand outside the node: they read the files that a person names.
RESERVED = [
    (r"^boost/asio/buffer", r"^(http|world/real)/", "Asio's buffers"),
    (r"^boost/asio(?!/buffer)", r"^world/real/", "Asio"),
    (r"^boost/beast", r"^http/", "Beast"),
    (r"^(sys/socket|netinet/.*|arpa/inet|netdb|poll|sys/epoll|sys/un)(\.h)?$", r"^world/real/",
     "sockets"),
    (r"^(fstream|filesystem|fcntl\.h|unistd\.h|dirent\.h|sys/(stat|statvfs|statfs|mman|uio|file)\.h)$",
     r"^(world/real|cli|\w+/tools)/", "files"),
    (r"^(thread|future|condition_variable|latch|barrier|semaphore|stop_token|pthread\.h)$",
     r"^world/real/", "threads"),
    (r"^sys/(timex|random|timerfd)\.h$", r"^world/real/", "the system's clock and random source"),
    (r"^openssl/(ssl|tls1|x509\w*)\.h$", r"^world/tls/", "TLS"),
    (r"^rocksdb/", r"^views/rocks", "RocksDB"),
    (r"^simdjson", r"^fhir/", "simdjson"),
    (r"^pugixml", r"^fhir/xml_", "pugixml"),
    (r"^re2/", r"^fhir/path/", "RE2"),
    (r"^toml\+\+/", r"^(server|cli)/|^clinical/document\.cpp$|^pathway/|^base/toml_table\.h$", "toml++"),
    (r"^librdkafka/", r"^journal/kafka_", "librdkafka"),
]

# The real world is chosen by whoever assembles a program, never by the rooms of the house.
WORLDS = [
    (r"^world/real/", {"server", "cli"}, "world/real"),
    (r"^world/sim/", {"sim", "cli"}, "world/sim"),
    (r"^world/tls/", {"server", "cli"}, "world/tls"),
]


def check(source):
    rank = RANK.get(source.folder)
    if rank is None:
        yield from _one(source, 1, "folder", f"src/{source.folder} has no place in the include order")
        return
    for line, name, angled in source.includes():
        if angled:
            yield from _library(source, line, name)
        else:
            yield from _ours(source, rank, line, name)


def _library(source, line, name):
    if source.is_test or source.path.find("/bench/") > 0:  # may use files and threads as it likes
        return
    for pattern, may, what in RESERVED:
        if re.search(pattern, name) and not re.search(may, source.path):
            yield from _one(source, line, "reserved", f"<{name}>: {what} belong elsewhere ({may})")


def _ours(source, rank, line, name):
    target = name.split("/")[0]
    if "/" not in name or target not in RANK:
        yield from _one(source, line, "include", f'"{name}" is not named from src/: "folder/file.h"')
        return
    if source.is_test:  # a test may stand a room upon its neighbours (TEST_DEPENDS)
        return
    if TESTING.search(name) and not source.is_program:
        yield from _one(source, line, "testing", f'"{name}" is for tests only')
    for pattern, may, what in WORLDS:
        if re.search(pattern, name) and not re.search(pattern, source.path):
            if source.folder not in may and not source.is_program:
                yield from _one(source, line, "world", f"only {' and '.join(sorted(may))} may use {what}")
    if target == source.folder or RANK[target] < rank or (source.folder, target) in SIDEWAYS:
        return
    if (source.folder, name) in SHARED:
        return
    yield from _one(source, line, "direction", f"{source.folder} may not include {target} ({name})")


def _one(source, line, rule, text):
    yield source.finding(source._starts[line - 1], rule, text)
