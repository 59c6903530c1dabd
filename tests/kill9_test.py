"""kill9_test.py: kill -9 under load, again and again. A ledger on this side of the sockets knows what
was acknowledged; after each restart every version in it is read back (vread) and must be what was sent.

What was under way when the process died may be there or not, but not by halves, and not twice when it
is sent again under its key. HOLDFAST_KILL_ROUNDS (20) rounds, a new directory every 20, at most 5,000
entries each. HOLDFAST_SEED repeats the choices of a run, though not its moments.
"""
import json
import os
import random
import subprocess
import threading
import time

from harness import BINARY, ServerTest, main
from wire import Closed, Wire, read_json

SANITIZED = os.environ.get("HOLDFAST_SANITIZED") == "1"
ROUNDS = int(os.environ.get("HOLDFAST_KILL_ROUNDS", "4" if SANITIZED else "20"))
ROUNDS_A_DIRECTORY = 20
ENTRIES_MAX = 5000
WRITERS = 6
# Small, so that segments, slices and flushes end and begin within a round.
FLAGS = ("--segment-bytes", "1MiB", "--unflushed-bytes-max", "1MiB", "--overlay-bytes-max", "1MiB",
         "--log-level", "warn")
SHARED = "Patient/shared"
DELETED = "deleted"


class Ledger:
    """What the server has acknowledged: content by (path, version). One for each directory."""

    def __init__(self):
        self.lock = threading.Lock()
        self.versions = {}  # (path, version) -> content or DELETED
        self.fresh = []  # those of this round
        self.acknowledged = 0  # requests
        self.asked = 0  # requests that may have become entries

    def take_place(self):
        with self.lock:
            self.asked += 1
            return self.asked <= ENTRIES_MAX

    def acknowledge(self, changes):
        with self.lock:
            self.acknowledged += 1
            for key, content in changes.items():
                if key in self.versions:
                    raise AssertionError(f"acknowledged to two writers: {key}")
                self.versions[key] = content
                self.fresh.append(key)


class Writer:
    """One client with resources of its own (`current`: the version of each that is there), a resource
    that all share, and the one request that has no answer yet (`open`)."""

    def __init__(self, number, seed, ledger):
        self.number, self.dice, self.ledger = number, random.Random(seed), ledger
        self.current, self.serial, self.failure, self.open = {}, 0, None, None

    def work(self, server, stop):
        try:
            with Wire(server.host, server.port, 60) as wire:
                while not stop.is_set() and self.ledger.take_place():
                    self.step(wire)
        except (Closed, ConnectionError):
            pass  # killed: what was under way is in `open`
        except Exception as failure:
            self.failure = failure

    def patient(self, name):
        self.serial += 1
        # Decimals whose text matters, text beyond ASCII, and sizes around a sector.
        body = {"resourceType": "Patient", "name": [{"family": f"w{self.number}s{self.serial}", "given": [
            self.dice.choice(("x", "\u00e9", "\U0001f600")) * self.dice.choice((1, 50, 700))]}],
            "extension": [{"url": "urn:x", "valueDecimal": "@"}]}
        if name:
            body["id"] = name
        return as_text(body).replace('"@"', self.dice.choice(("1.50", "0.0010", "1e3", "-7.00")))

    def step(self, wire):
        kind = self.dice.randrange(20)
        present = [path for path in self.current if self.current[path][1]]
        if kind < 5 or len(present) < 3:
            self.create(wire)
        elif kind < 10:
            path = self.dice.choice(present)
            name, version = path.split("/")[1], self.current[path][0]
            self.send(wire, {path: version + 1}, "PUT", path, self.patient(name), {"If-Match": f'W/"{version}"'})
        elif kind < 11:
            path = self.dice.choice(present)
            self.stale(wire, path, self.current[path][0])
        elif kind < 13:
            path = self.dice.choice(list(self.current))  # also one that is deleted: it comes back
            self.send(wire, {path: self.current[path][0] + 1}, "PUT", path, self.patient(path.split("/")[1]))
        elif kind < 15:
            path = self.dice.choice(present)
            self.send(wire, {path: self.current[path][0] + 1}, "DELETE", path, None)
        elif kind < 17:
            self.contend(wire)
        else:
            self.transact(wire, present)

    def create(self, wire):
        name = f"c{self.number}-{self.serial}"
        self.send(wire, {f"Patient/{name}": 1}, "PUT", f"Patient/{name}", self.patient(name))

    def send(self, wire, versions, method, path, body, headers=None):
        """One change under a key; `versions` is what it makes of which path."""
        headers = {**(headers or {}), "Idempotency-Key": f"k{self.number}-{self.serial}-{self.dice.random()}"}
        changes = {(each, version): DELETED if method == "DELETE" else body for each, version in versions.items()}
        self.open = (changes, method, path, body, headers)
        self.settle(self.ask_open(wire))

    def ask_open(self, wire):
        _, method, path, body, headers = self.open
        reply = wire.ask(method, f"/fhir/{path}" if path else "/fhir", body, headers)
        if reply.status not in (200, 201, 204):
            raise AssertionError(f"{method} {path}: {reply}")
        return reply

    def settle(self, reply):
        changes, method, path, _, _ = self.open
        if path and method == "PUT":  # the version that the server says must be the one we count on
            (_, version), = changes
            if reply.headers["etag"] != f'W/"{version}"':
                raise AssertionError(f"{path}: version {version} was due, {reply.headers['etag']} came")
        elif method == "POST":
            said = [entry["response"]["etag"] for entry in reply.json()["entry"]]
            if said != [f'W/"{version}"' for _, version in changes]:
                raise AssertionError(f"{list(changes)} were due, {said} came")
        self.ledger.acknowledge(changes)
        self.happened()

    def happened(self):
        for (path, version), content in self.open[0].items():
            self.current[path] = (version, content != DELETED)
        self.open = None

    def stale(self, wire, path, version):
        """A precondition that does not hold: refused, whatever happens around it."""
        reply = wire.ask("PUT", "/fhir/" + path, self.patient(path.split("/")[1]),
                         {"If-Match": f'W/"{version + 1}"'})
        if reply.status != 412:
            raise AssertionError(f"a stale If-Match on {path}: {reply}")

    def contend(self, wire):
        """A resource that everybody changes: a version is given to one of us only. Without an answer
        it may be anybody's, so that it does not count as open."""
        seen = wire.ask("GET", "/fhir/" + SHARED)
        version = int(seen.headers["etag"][3:-1])
        body = self.patient("shared")
        reply = wire.ask("PUT", "/fhir/" + SHARED, body, {"If-Match": f'W/"{version}"'})
        if reply.status == 200:
            self.ledger.acknowledge({(SHARED, version + 1): body})
        elif reply.status != 412:
            raise AssertionError(f"the shared one: {reply}")

    def transact(self, wire, present):
        changes, entries = {}, []
        for index in range(self.dice.randrange(2, 6)):
            name = f"t{self.number}-{self.serial}-{index}"
            body = self.patient(name)
            changes[f"Patient/{name}", 1] = body
            entries.append((body, {"method": "PUT", "url": f"Patient/{name}"}))
        old = self.dice.choice(present)
        body, version = self.patient(old.split("/")[1]), self.current[old][0]
        changes[old, version + 1] = body
        entries.append((body, {"method": "PUT", "url": old, "ifMatch": f'W/"{version}"'}))
        bundle = ",".join(f'{{"resource":{each},"request":{as_text(ask)}}}' for each, ask in entries)
        self.open = (changes, "POST", "", f'{{"resourceType":"Bundle","type":"transaction","entry":[{bundle}]}}',
                     {"Idempotency-Key": f"k{self.number}-{self.serial}-{self.dice.random()}"})
        self.settle(self.ask_open(wire))

    def recover(self, wire, case):
        """After a restart: what had no answer happened as a whole or not at all, and asking again under
        the same key does it once."""
        if self.failure:
            raise self.failure
        if not self.open:
            return 0
        changes = self.open[0]
        there = [is_there(wire, path, version) for path, version in changes]
        case.assertEqual(len(set(there)), 1, f"by halves: {dict(zip(changes, there))}")
        if there[0]:
            for key, content in changes.items():
                case.vread(wire, key, content)
        if self.open[1] == "DELETE" and there[0]:
            self.happened()  # a repeated deletion says nothing about its version
            return 0
        if self.dice.randrange(3) > 0:
            position = metric_position(wire)
            self.settle(self.ask_open(wire))
            case.stands_at(metric_position(wire), position + (0 if there[0] else 1), "done twice")
            return 0 if there[0] else 1
        if there[0]:
            self.happened()
        self.open = None
        return 0


def as_text(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def is_there(wire, path, version):
    reply = wire.ask("GET", f"/fhir/{path}/_history/{version}")
    if reply.status not in (200, 404, 410):
        raise AssertionError(f"{path} version {version}: {reply}")
    return reply.status != 404


def metric_position(wire):
    return int(wire.ask("GET", "/health/ready").json()["position"])


class Kill9(ServerTest):
    def test_nothing_acknowledged_is_lost(self):
        seed = int(os.environ.get("HOLDFAST_SEED", random.SystemRandom().randrange(1_000_000)))
        print(f"HOLDFAST_SEED={seed}")
        self.dice = random.Random(seed)
        self.lost = []
        acknowledged = versions = rounds = retried = 0
        while rounds < ROUNDS:
            self.directory = self.init(f"data{rounds}")
            ledger, self.own_entries = Ledger(), 0
            writers = [Writer(number, self.dice.random(), ledger) for number in range(WRITERS)]
            for _ in range(min(ROUNDS_A_DIRECTORY, ROUNDS - rounds)):
                self.load_and_kill(ledger, writers)
                retried += self.check(ledger, writers, ledger.fresh)
                ledger.fresh = []
                rounds += 1
            entries = self.check(ledger, writers, list(ledger.versions), last=True)
            acknowledged += ledger.acknowledged
            versions += len(ledger.versions)
            print(f"round {rounds}: {ledger.acknowledged} requests acknowledged, {len(ledger.versions)} versions, "
                  f"{entries} entries", flush=True)
        print(f"{rounds} kills: acknowledged {acknowledged}, lost {len(self.lost)} ({versions} versions read "
              f"back; {retried} unanswered requests were done when asked again)")
        self.assertEqual(self.lost, [])
        self.assertGreater(acknowledged, 10 * rounds, "there was hardly any load")

    def load_and_kill(self, ledger, writers):
        server = self.serve(self.directory, *FLAGS)
        if (SHARED, 1) not in ledger.versions:
            with Wire(server.host, server.port) as wire:
                body = '{"resourceType":"Patient","id":"shared"}'
                self.assertEqual(wire.ask("PUT", "/fhir/" + SHARED, body).status, 201)
                ledger.acknowledge({(SHARED, 1): body})
        stop = threading.Event()
        threads = [threading.Thread(target=writer.work, args=(server, stop)) for writer in writers]
        for thread in threads:
            thread.start()
        time.sleep(self.dice.uniform(0.02, 0.5))
        server.kill()
        stop.set()
        for thread in threads:
            thread.join()

    def check(self, ledger, writers, keys, last=False):
        """verify of what the dead left, a restart (sometimes killed itself), the ledger, a clean end,
        verify, rebuild. The number of entries that repeated requests added; at last, of all."""
        dead, own_before = self.summary("verify", self.directory), self.own_entries
        if self.dice.randrange(4) == 0:
            self.kill_at_start()
        server = self.serve(self.directory, *FLAGS)
        added = 0
        with Wire(server.host, server.port) as wire:
            self.stands_at(metric_position(wire), int(dead[0]), "the restart")
            for writer in writers:
                added += writer.recover(wire, self)
            for key in keys:
                self.vread(wire, key, ledger.versions[key])
        self.assertEqual(server.end(), 0, server.log()[-5:])
        verified = self.summary("verify", self.directory)
        self.stands_at(int(verified[0]), int(dead[0]) + added + self.own_entries - own_before, "verify")
        if verified[0] == dead[0]:
            self.assertEqual(verified, dead)
        self.assertEqual(self.summary("rebuild", self.directory), verified)
        return int(verified[0]) if last else added

    def stands_at(self, found, due, what):
        """The journal's position. The server makes one entry of its own in the life of a directory: the
        dictionary that it trains once it has seen enough bodies."""
        if found == due + 1 and self.own_entries == 0:
            self.own_entries, found = 1, due
        self.assertEqual(found, due, what)

    def vread(self, wire, key, sent):
        path, version = key
        reply = wire.ask("GET", f"/fhir/{path}/_history/{version}")
        if sent == DELETED:
            good = reply.status == 410
        else:
            good = reply.status == 200
            if good:
                stored = reply.json()
                good = stored.pop("meta")["versionId"] == str(version) and stored == read_json(sent)
        if not good:
            self.lost.append(key)
            print(f"LOST: {path} version {version}: sent {sent[:200]!r}, read {reply}", flush=True)

    def kill_at_start(self):
        process = subprocess.Popen([BINARY, "serve", "--data", str(self.directory), "--http", "127.0.0.1:0", *FLAGS],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(self.dice.uniform(0, 0.2))
        process.kill()
        process.wait()


if __name__ == "__main__":
    main()
