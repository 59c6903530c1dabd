"""paging_test.py: a search shows one moment. While 10,000 writes create, change and delete resources, others page
slowly through searches of many kinds, over a kill -9 in between: each page after the first shows what
matched when the first was given, each resource once, in the version of that moment, in the order asked
for, and nothing else. What was there at a position is known from the position in each write's reply.
"""
import http.client
import itertools
import os
import random
import re
import threading

from harness import ServerTest, ask, main, wait_until

SANITIZED = os.environ.get("HOLDFAST_SANITIZED") == "1"
WRITES = 1500 if SANITIZED else 10_000
WRITERS = 6
GAP = WRITES // 40  # at least so many writes lie between two pages, as long as there are writers
STOCK = 400  # patients, and as many observations, before anybody pages
SEED = int(os.environ.get("HOLDFAST_SEED", "20261130"))
LOST = (http.client.HTTPException, ConnectionError, TimeoutError)
TRIES_MAX = 1000


def day(chance):
    return f"{1950 + chance.randrange(30)}-{1 + chance.randrange(12):02}-{1 + chance.randrange(28):02}"


def patient(chance, id_):
    made = {"resourceType": "Patient", "id": id_, "gender": chance.choice(("female", "male", "other")),
            "identifier": [{"system": "urn:ward", "value": f"w{chance.randrange(8)}"}],
            "name": [{"family": chance.choice(("Okafor", "Sheard", "Adler", "Blum", "Cortez", "Diaz"))}]}
    if chance.random() < 0.9:
        made["birthDate"] = day(chance)
    return made


def observation(chance, id_, patients):
    made = {"resourceType": "Observation", "id": id_, "status": chance.choice(("final", "amended")),
            "code": {"coding": [{"system": "urn:code", "code": chance.choice("abcd")}]},
            "subject": {"reference": f"Patient/{chance.choice(patients) if chance.random() < 0.9 else 's0'}"},
            "valueQuantity": {"value": chance.randrange(200), "unit": "mg"}}
    if chance.random() < 0.9:
        made["effectiveDateTime"] = day(chance)
    return made


class Record:
    """What was acknowledged: of each resource its versions, with the positions of their entries."""

    def __init__(self):
        self.lock = threading.Lock()
        self.versions = {}  # (type, id) → [(position, version, content or None)]
        self.writes = 0

    def wrote(self, type_, id_, position, version, content):
        with self.lock:
            self.versions.setdefault((type_, id_), []).append((position, version, content))
            self.writes += 1

    def at(self, position):
        """{(type, id): (version, content, position)} of what was there."""
        there = {}
        for name, versions in self.versions.items():
            known = [one for one in sorted(versions) if one[0] <= position]
            if known and known[-1][2] is not None:
                there[name] = (known[-1][1], known[-1][2], known[-1][0])
        return there


class Search:
    """A query with what it means: `holds(content, there)` and what it is sorted by."""

    def __init__(self, path, query, holds=None, sort=(), include=False):
        self.path, self.query, self.sort, self.include = path, query, sort, include
        self.holds = holds or (lambda one, there: True)
        self.position, self.found, self.included, self.pages = None, [], [], 0
        self.began = self.ended = None  # how many writes there were at the first page, and at the last

    def types(self):
        return ("Patient", "Observation") if self.path == "" else (self.path.split("/")[-1],)


def subject(one, there):
    return there.get(tuple(one["subject"]["reference"].split("/")), (None, {}))[1]


def code(one):
    return one["code"]["coding"][0]["code"]


def born(one):
    return one.get("birthDate")


def seen(one):
    return one.get("effectiveDateTime")


def searches():
    updated = "_lastUpdated"
    return [
        Search("Patient", "_count=23"),
        Search("Patient", "_sort=birthdate&_count=20", sort=[(born, False)]),
        Search("Patient", "_sort=-birthdate&_count=31", sort=[(born, True)]),
        Search("Patient", "_sort=family,-birthdate&_count=20",
               sort=[(lambda one: one["name"][0]["family"], False), (born, True)]),
        Search("Patient", f"gender=female,other&_sort=-{updated}&_count=13",
               lambda one, _: one["gender"] != "male", sort=[(updated, True)]),
        Search("Patient", "identifier=urn:ward|w3&_count=3",
               lambda one, _: one["identifier"][0]["value"] == "w3"),
        Search("Patient", "birthdate=ge1960-01-01&birthdate=lt1970-01-01&_count=7",
               lambda one, _: "1960" <= (born(one) or "") < "1970"),
        Search("Patient", "birthdate:missing=true&_count=2", lambda one, _: not born(one)),
        Search("Patient", "_has:Observation:patient:code=urn:code|b&_count=9",
               lambda one, there: any(name[0] == "Observation" and code(other) == "b"
                                      and other["subject"]["reference"] == f"Patient/{one['id']}"
                                      for name, (_, other, _) in there.items())),
        Search("Observation", "_sort=-date&_count=19&_include=Observation:patient", sort=[(seen, True)],
               include=True),
        Search("Observation", "_sort=value-quantity,_id&_count=21",
               sort=[(lambda one: one["valueQuantity"]["value"], False), (lambda one: one["id"], False)]),
        Search("Observation", "value-quantity=gt100&_count=11",
               lambda one, _: one["valueQuantity"]["value"] > 100),
        Search("Observation", "code=urn:code|a&date=ge1965-06-01&_sort=date&_count=6",
               lambda one, _: code(one) == "a" and (seen(one) or "") >= "1965-06-01", sort=[(seen, False)]),
        Search("Observation", "patient.gender=female&code:not=urn:code|c&_count=10",
               lambda one, there: subject(one, there).get("gender") == "female" and code(one) != "c"),
        Search("Patient/s0/Observation", "_count=1",
               lambda one, _: one["subject"]["reference"] == "Patient/s0"),
        Search("", "_type=Patient,Observation&_count=50"),
    ]


class Paging(ServerTest):
    def setUp(self):
        super().setUp()
        self.directory = self.init()
        self.server = self.serve(self.directory)
        self.record = Record()
        self.faults = []
        self.serials = itertools.count()
        self.restarting = threading.Event()  # set: there is a server
        self.restarting.set()

    def request(self, state, method, path, body=None, **headers):
        """One request, on the server that there is now; again where it was lost."""
        for _ in range(TRIES_MAX):
            self.restarting.wait(60)
            try:
                if state.get("server") is not self.server:
                    state["server"], state["wire"] = self.server, self.server.connect()
                reply = ask(state["wire"], method, path, body, **headers)
                if reply.status != 503:
                    return reply
            except LOST:
                state.pop("server", None)
        raise AssertionError(f"{method} {path} was never answered")

    def write(self, state, chance, name, content):
        """One write under a key of its own, so that it may be sent again: it happens once."""
        type_, id_ = name
        method = "DELETE" if content is None else "PUT"
        reply = self.request(state, method, f"/fhir/{type_}/{id_}", content,
                             Idempotency_Key=f"w{next(self.serials)}")
        if reply.status not in (200, 201, 204):
            raise AssertionError(f"{method} {name}: {reply.status} {reply.body[:300]}")
        version = int(re.fullmatch(r'W/"(\d+)"', reply.headers["ETag"]).group(1))
        self.record.wrote(type_, id_, int(reply.headers["Holdfast-Position"]), version, content)

    def stock(self):
        chance, patients = random.Random(SEED), [f"s{number}" for number in range(STOCK)]
        wire = self.server.connect()
        made = [patient(chance, id_) for id_ in patients]
        made += [observation(chance, f"o{number}", patients) for number in range(STOCK)]
        for first in range(0, len(made), 200):
            some = made[first:first + 200]
            entries = [{"resource": one, "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}}
                       for one in some]
            reply = ask(wire, "POST", "/fhir", {"resourceType": "Bundle", "type": "transaction", "entry": entries})
            self.assertEqual(reply.status, 200, reply.body[:300])
            for one in some:
                self.record.wrote(one["resourceType"], one["id"], int(reply.headers["Holdfast-Position"]), 1, one)
        self.record.writes = 0

    def guarded(self, act):
        def run():
            try:
                act()
            except BaseException as error:  # a thread's fault is the test's
                self.faults.append(error)
        return threading.Thread(target=run)

    def writer(self, number):
        """Changes its share of the stock, and what it creates beside it."""
        chance, state = random.Random(SEED + number), {}
        mine = [("Patient", f"s{one}") for one in range(number, STOCK, WRITERS)]
        mine += [("Observation", f"o{one}") for one in range(number, STOCK, WRITERS)]
        there = set(mine)
        patients = [f"s{one}" for one in range(STOCK)]
        for serial in range(WRITES // WRITERS):
            dice = chance.random()
            name = chance.choice(mine)
            if dice < 0.25:
                name = (chance.choice(("Patient", "Observation")), f"n{number}-{serial}")
                mine.append(name)
            delete = dice > 0.75 and name in there
            content = None
            if not delete:
                content = (patient(chance, name[1]) if name[0] == "Patient"
                           else observation(chance, name[1], patients))
            there.discard(name) if delete else there.add(name)
            self.write(state, chance, name, content)

    def reader(self, number, search):
        state = {}
        self.wait_for_writes(number * GAP)
        path = f"/fhir/{search.path}?{search.query}".replace("|", "%7C")
        search.began = self.record.writes
        while path:
            reply = self.request(state, "GET", path)
            if reply.status != 200:
                raise AssertionError(f"{search.query}: {reply.status} {reply.body[:300]}")
            search.ended = self.record.writes
            path = self.take(search, reply)
            self.wait_for_writes(search.ended + GAP)

    def wait_for_writes(self, count):
        wait_until(lambda: self.record.writes >= min(count, self.writes_all) or self.faults, 300)

    def take(self, search, reply):
        bundle = reply.json()
        if search.position is None:
            search.position = int(reply.headers["Holdfast-Position"])
        search.pages += 1
        for entry in bundle.get("entry", []):
            one = entry["resource"]
            shown = ((one["resourceType"], one["id"]), int(one["meta"]["versionId"]))
            (search.found if entry["search"]["mode"] == "match" else search.included).append(shown)
        link = next((one["url"] for one in bundle["link"] if one["relation"] == "next"), None)
        return link and re.sub(r"^http://[^/]+", "", link)

    def test_every_search_shows_the_moment_of_its_first_page(self):
        self.stock()
        asked = searches()
        self.writes_all = WRITES // WRITERS * WRITERS
        threads = [self.guarded(lambda n=n: self.writer(n)) for n in range(WRITERS)]
        threads += [self.guarded(lambda n=n, one=one: self.reader(n, one)) for n, one in enumerate(asked)]
        for thread in threads:
            thread.start()
        for share in (3, 2):  # one after a third, one after half of the writes
            self.wait_for_writes(self.writes_all // share)
            self.restarting.clear()
            self.server.kill()
            self.server = self.serve(self.directory)
            self.restarting.set()
        for thread in threads:
            thread.join()
        if self.faults:
            raise self.faults[0]
        self.assertEqual(self.record.writes, self.writes_all)
        for search in asked:
            with self.subTest(search.path + "?" + search.query):
                self.check(search)
        self.assertEqual(self.server.end(), 0)
        self.summary("verify", self.directory)

    def check(self, search):
        there = self.record.at(search.position)
        expected = {name: version for name, (version, content, _) in there.items()
                    if name[0] in search.types() and search.holds(content, there)}
        self.assertEqual(len(search.found), len(dict(search.found)), "a resource comes twice")
        self.assertEqual(dict(search.found), expected)
        self.assertGreater(search.pages, 1)
        self.assertGreaterEqual(search.ended - search.began, GAP, "nobody wrote between its pages")
        for first, second in zip(search.found, search.found[1:]):
            self.assertTrue(in_order(search.sort, there[first[0]], there[second[0]]), f"{first} before {second}")
        for name, version in search.included:
            self.assertEqual(there[name][0], version, "what is included is of another moment")
        self.assertEqual(search.include, bool(search.included))


def in_order(sort, first, second):
    for by, descending in sort:
        a, b = ((one[2] if by == "_lastUpdated" else by(one[1])) for one in (first, second))
        if a == b:
            continue
        if a is None or b is None:
            return b is None  # what has no value comes last, either way
        return (a > b) == descending
    return True


if __name__ == "__main__":
    main()
