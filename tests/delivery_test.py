"""delivery_test.py: what was acknowledged to senders is in the record once, and reaches every neighbour
that it is routed to at least once, in order for each patient, however often the server is killed.

HOLDFAST_KILL_ROUNDS says how often (8 where it is not set)."""
import json
import os
import random
import re
import threading
import time

from harness import ServerTest, ask, main
from mllp import Mllp
from receiver import Receiver

ROUNDS = 3 if os.environ.get("HOLDFAST_SANITIZED") == "1" else int(os.environ.get("HOLDFAST_KILL_ROUNDS", "8"))
SENDERS = 50
PATIENTS_EACH = 4

NEIGHBOUR = """
[[neighbour]]
name = "pas"
senders = ["PAS"]
"""
CHANNEL = """
[[channel]]
name = "{name}"
to = "{to}"
lanes = 4
answer_ms_max = 500
pause_ms_min = 20
pause_ms_max = 300
[[channel.route]]
{route}
"""
ROUTES = [
    'message = "MSH-9.1 = \'ADT\'"',
    'message = "MSH-9.1 = \'ADT\'"\nfrom = ["pas"]',
    'message = "PID-3 exists"',
    'type = "Patient"',
    'type = "Encounter"\nwhen = "subject.exists()"',
]


def admission(number, patient):
    return (f"MSH|^~\\&|PAS|QE2|HOLDFAST|QE2|20240301101500||ADT^A08|N{number}|P|2.4\r"
            f"EVN||20240301101500\rPID|1||{patient}^^^QE2^MR||Family{number}^Ann||19800102|F\r"
            f"PV1|1|I|W1{'|' * 16}V{patient}^^^QE2\r").encode()


def field(message, segment, number):
    for line in message.decode().split("\r"):
        fields = line.split("|")
        if fields[0] == segment:
            return fields[number - 1 if segment == "MSH" else number]
    return ""


class Delivery(ServerTest):
    def setUp(self):
        super().setUp()
        self.receivers = [Receiver(seed) for seed in range(len(ROUTES))]
        for receiver in self.receivers:
            receiver.misbehaves = True
            self.addCleanup(receiver.close)
        config = NEIGHBOUR + "".join(
            CHANNEL.format(name=f"c{i}", to=self.receivers[i].address, route=route)
            for i, route in enumerate(ROUTES))
        self.config = self.folder / "holdfast.toml"
        self.config.write_text(config)
        self.acknowledged = {}  # patient -> messages, in the order in which they were acknowledged
        self.lock = threading.Lock()
        self.counter = 0

    def start(self, directory):
        return self.serve(directory, "--mllp", "127.0.0.1:0", "--config", self.config)

    def send_all(self, number, port, stop):
        try:
            peer = Mllp("127.0.0.1", port, timeout=20)
        except OSError:
            return
        while not stop.is_set():
            with self.lock:
                self.counter += 1
                mine = self.counter
            patient = f"{number}-{mine % PATIENTS_EACH}"
            sent = admission(mine, patient)
            try:
                answer = peer.ask(sent)
            except OSError:
                answer = None
            if answer is None:
                break
            with self.lock:
                self.acknowledged.setdefault(patient, []).append((sent, answer[0]))

    def kill_rounds(self, directory):
        for _ in range(ROUNDS):
            server = self.start(directory)
            stop = threading.Event()
            threads = [threading.Thread(target=self.send_all, args=(i, server.mllp[1], stop))
                       for i in range(SENDERS)]
            for thread in threads:
                thread.start()
            time.sleep(random.uniform(0.3, 0.9))
            server.kill()
            stop.set()
            for thread in threads:
                thread.join()

    def wait_until_nothing_is_owed(self, server):
        until = time.monotonic() + 120
        while time.monotonic() < until:
            page = ask(server.connect(), "GET", "/metrics").body.decode()
            owed = {name: float(value) for name, value in
                    re.findall(r'holdfast_channel_owed\{channel="(\w+)"\} (\S+)', page)}
            if len(owed) == len(ROUTES) and not any(owed.values()):
                return
            time.sleep(0.1)
        self.fail(f"still owed: {owed}")

    def total(self, server, query):
        return json.loads(ask(server.connect(), "GET", f"/fhir/{query}").body)["total"]

    def versions(self, server, kind):
        """Of all resources of that type: none was ever deleted."""
        bundle = json.loads(ask(server.connect(), "GET", f"/fhir/{kind}?_count=1000&_elements=id").body)
        entries = bundle["entry"]
        self.assertEqual(len(entries), bundle["total"])
        return sum(int(entry["resource"]["meta"]["versionId"]) for entry in entries)

    def check_order(self, receiver, in_order):
        """Of those, none came before the one before it was accepted."""
        for first, second in zip(in_order, in_order[1:]):
            if second in receiver.arrived:
                self.assertIn(first, receiver.accepted)
                self.assertLess(receiver.accepted[first], receiver.arrived[second],
                                f"{second[:80]} came before {first[:80]} was accepted")

    def test_each_acknowledged_message_reaches_each_neighbour_in_order(self):
        directory = self.init()
        self.kill_rounds(directory)
        sent = [message for messages in self.acknowledged.values() for message, _ in messages]
        self.assertGreater(len(sent), ROUNDS * SENDERS)
        self.assertEqual({code for messages in self.acknowledged.values() for _, code in messages}, {"AA"})
        self.assertEqual(self.summary("verify", directory), self.summary("rebuild", directory))
        for receiver in self.receivers:
            receiver.misbehaves = False
        server = self.start(directory)
        self.wait_until_nothing_is_owed(server)

        # In the record exactly once: sent again, nothing is added.
        before = self.total(server, "Binary?_summary=count")
        peer = Mllp(*server.mllp)
        for message in random.sample(sent, min(500, len(sent))):
            self.assertEqual(peer.ask(message)[0], "AA")
        self.assertEqual(self.total(server, "Binary?_summary=count"), before)
        self.assertGreaterEqual(before, len(sent))

        # Passed on as they came.
        for receiver in self.receivers[:3]:
            missing = [message for message in sent if message not in receiver.accepted]
            self.assertEqual(missing, [])
            for messages in self.acknowledged.values():
                self.check_order(receiver, [message for message, _ in messages])

        # Rendered: each version once, the same bytes each time.
        for receiver, kind in zip(self.receivers[3:], ("Patient", "Encounter")):
            ids = {}
            for message in receiver.messages:
                ids.setdefault(field(message, "MSH", 10), set()).add(message)
            self.assertEqual({len(forms) for forms in ids.values()}, {1}, "a repetition has other bytes")
            self.assertEqual(len(ids), self.versions(server, kind))
            lanes = {}
            for message in receiver.accepted:
                position, number = field(message, "MSH", 10)[4:].split(".")
                patient = field(message, "PID", 3)
                lanes.setdefault(patient, []).append((int(position, 16), int(number, 16), message))
            for lane in lanes.values():
                self.check_order(receiver, [message for _, _, message in sorted(lane)])
        self.assertEqual(self.total(server, "Task?_summary=count&status=requested&code=urn:holdfast:message-item%7C"), 0)
        print(f"{ROUNDS} kills: {len(sent)} messages acknowledged to {SENDERS} senders, "
              f"{sum(len(r.messages) for r in self.receivers)} came to {len(self.receivers)} receivers")


if __name__ == "__main__":
    main()
