"""numbered_test.py: messages that are numbered (MSH-13, MSA-4), between two real servers that are killed while they
speak: each arrives once and in order. And orders that are answered order by order.
"""
import json
import random

from harness import ServerTest, ask, main, metric, wait_until
from mllp import Mllp, message

ROUNDS = 6
PATIENTS = 20  # a round

RECEIVER = '[[neighbour]]\nname = "other"\nsenders = ["HOLDFAST|ONE"]\nsequence = true\n'
SENDER = """
hl7_facility = "ONE"
[[channel]]
name = "other"
to = "{to}"
sequence = true
pause_ms_min = 20
pause_ms_max = 100
answer_ms_max = 5000
[[channel.route]]
type = "Patient"
"""


class Numbered(ServerTest):
    def start(self, name, config, mllp=None):
        path = self.folder / f"{name}.toml"
        path.write_text(config)
        directory = self.folder / name
        if not directory.exists():
            self.init(name)
        return self.serve(directory, "--config", path, *(["--mllp", mllp] if mllp else []))

    def total(self, server, query):
        reply = ask(server.connect(), "GET", f"/fhir/{query}&_summary=count")
        self.assertEqual(reply.status, 200, reply.body)
        return json.loads(reply.body)["total"]

    def test_each_message_arrives_once_whoever_is_killed(self):
        seed = random.randrange(1 << 32)
        draw = random.Random(seed)
        receiver = self.start("receiver", RECEIVER, "127.0.0.1:0")
        to = "%s:%d" % receiver.mllp
        sender = self.start("sender", SENDER.format(to=to))
        number = 0
        for _ in range(ROUNDS):
            for _ in range(PATIENTS):
                number += 1
                patient = {"resourceType": "Patient", "id": f"p{number}", "name": [{"family": f"N{number}"}]}
                self.assertEqual(ask(sender.connect(), "PUT", f"/fhir/Patient/p{number}", patient).status, 201)
            if draw.random() < 0.5:
                receiver.kill()
                receiver = self.start("receiver", RECEIVER, to)
            else:
                sender.kill()
                sender = self.start("sender", SENDER.format(to=to))
        wait_until(lambda: metric(sender.connect(), 'channel_owed{channel="other"}') == 0)
        self.assertEqual(metric(receiver.connect(), 'hl7_sequence_expected{neighbour="other"}'), number + 1, seed)
        self.assertEqual(self.total(receiver, "Binary?_tag=urn:holdfast:message-type|ADT^A28"), number, seed)
        self.assertEqual(self.total(receiver, "Patient?_lastUpdated=gt2000"), number, seed)
        self.assertEqual(self.total(receiver, "Task?_lastUpdated=gt2000"), 0, seed)
        self.assertEqual(sender.end(), 0)
        self.assertEqual(receiver.end(), 0)
        self.summary("verify", self.folder / "receiver")
        self.summary("rebuild", self.folder / "receiver")
        receiver = self.start("receiver", RECEIVER, to)  # what is expected follows from the journal
        self.assertEqual(metric(receiver.connect(), 'hl7_sequence_expected{neighbour="other"}'), number + 1, seed)

    def test_an_order_is_answered_by_an_order(self):
        server = self.start("filler", '[[neighbour]]\nname = "epr"\nsenders = ["EPR"]\nanswer = "order"\n', "127.0.0.1:0")
        peer = Mllp(*server.mllp)
        orders = "ORC|NW|P1^EPR\rOBR|1|P1^EPR||FBC^Full blood count^L\rORC|CA|P2^EPR\rOBR|2|P2^EPR||UE^Urea^L\r"
        peer.send(message(1, "OML^O21", application="EPR", rest=orders))
        said = peer.receive().decode()
        self.assertIn("||ORL^O22^ORL_O22|", said)
        self.assertIn("MSA|AA|1\r", said)
        self.assertIn("ORC|OK|P1^EPR\rOBR|1|P1^EPR||FBC^Full blood count^L\rORC|RR|P2^EPR\r", said)
        self.assertEqual(self.total(server, "ServiceRequest?identifier=P1&status=active"), 1)
        self.assertEqual(peer.ask(message(2, application="EPR")), ("AA", "2"))


if __name__ == "__main__":
    main()
