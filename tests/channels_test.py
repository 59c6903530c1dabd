"""channels_test.py: a channel as a person runs it, with the real server: what is refused waits for somebody and goes
on when they say so; what is paused stays paused, whatever happens to the server; what is replayed is sent as it is now.
"""
import base64
import json
import time

from harness import ServerTest, ask, main, wait_until
from mllp import Mllp, message
from receiver import Receiver

CHANNEL = """
[[channel]]
name = "gp"
title = "The practice"
kind = "{kind}"
to = "{to}"
sender = "HOLDFAST|RXH"
receiver = "GPSYS|G12"
processing = "T"
pause_ms_min = 50
pause_ms_max = 200

[[channel.route]]
type = "Patient"
"""
GP = "/fhir/Endpoint/channel-gp"


def patient(number, family, **more):
    return {"resourceType": "Patient", "id": number, "name": [{"family": family, "given": ["Ann"]}],
            "identifier": [{"system": "urn:oid:1.2.3", "value": number}], "gender": "female",
            "birthDate": "1980-01-02", **more}


def parameters(**given):
    """A Parameters resource: text is a string, True a boolean, bytes base64."""
    def value(one):
        if isinstance(one, bool):
            return {"valueBoolean": one}
        if isinstance(one, bytes):
            return {"valueBase64Binary": base64.b64encode(one).decode()}
        return {"valueString": one}
    return {"resourceType": "Parameters", "parameter": [{"name": name, **value(one)} for name, one in given.items()]}


def plain(parameter):
    for key, value in parameter.items():
        if key.startswith("value") or key == "resource":
            return value["reference"] if key == "valueReference" else value
    return read(parameter.get("part", []))


def read(listed):
    """Parameters as a dict; of a name the list of its values."""
    found = {}
    for parameter in listed:
        found.setdefault(parameter["name"], []).append(plain(parameter))
    return found


class Channels(ServerTest):
    def serve_channel(self, directory, to, kind="mllp"):
        path = self.folder / "holdfast.toml"
        path.write_text(CHANNEL.format(kind=kind, to=to))
        server = self.serve(directory, "--config", path)
        wait_until(lambda: ask(server.connect(), "GET", GP).status == 200)
        return server

    def receiver(self, answer=None):
        receiver = Receiver(answer=answer)
        self.addCleanup(receiver.close)
        return receiver

    def put(self, server, resource):
        reply = ask(server.connect(), "PUT", f"/fhir/{resource['resourceType']}/{resource['id']}", resource)
        self.assertLess(reply.status, 300, reply.body)

    def deed(self, server, path, status=200, **given):
        reply = ask(server.connect(), "POST", path, parameters(**given) if given else None)
        self.assertEqual(reply.status, status, reply.body)
        return json.loads(reply.body)

    def shown(self, server, path):
        reply = ask(server.connect(), "GET", path)
        self.assertEqual(reply.status, 200, reply.body)
        return read(json.loads(reply.body)["parameter"])

    def counts(self, server):
        queue = self.shown(server, GP + "/$queue")
        return {name: queue[name][0] for name in ("owed", "held", "delivered", "dead")}

    def items(self, server, code, status="requested"):
        reply = ask(server.connect(), "GET", f"/fhir/Task?code=urn:holdfast:message-item|{code}&status={status}")
        return [entry["resource"] for entry in json.loads(reply.body).get("entry", [])]

    def wait_for(self, server, **counts):
        wait_until(lambda: {name: self.counts(server)[name] for name in counts} == counts)

    def hold_one(self, server, number="bad"):
        """A message that the receiver refuses is held: its Task."""
        self.put(server, patient(number, "Bad"))
        wait_until(lambda: len(self.items(server, "undelivered")) == 1)
        return self.items(server, "undelivered")[0]

    def test_what_is_refused_waits_for_a_person_and_goes_when_it_can(self):
        mended = []
        receiver = self.receiver(lambda message: "AE no such name" if b"|Bad^" in message and not mended else "AA")
        server = self.serve_channel(self.init(), receiver.address)
        task = self.hold_one(server)
        self.put(server, patient("bad", "Bad", active=True))
        self.put(server, patient("good", "Good"))
        self.wait_for(server, owed=2, held=1, delivered=1)
        queue = self.shown(server, GP + "/$queue")
        duty = queue["duty"][0]
        self.assertTrue(duty["held"][0])
        self.assertEqual(duty["resource"], ["Patient/bad/_history/1"])
        self.assertEqual(duty["lane"], ["bad"])
        tried = self.shown(server, f"{GP}/$sent?duty={duty['name'][0]}")
        self.assertEqual(tried["state"], ["held"])
        settlement = tried["settlement"][0]
        self.assertEqual(settlement["acknowledgement"], ["AE"])
        self.assertEqual(settlement["text"], ["no such name"])
        self.assertEqual(base64.b64decode(settlement["message"][0]), receiver.messages[0])
        self.assertIn(duty["name"][0], [identifier["value"] for identifier in task["identifier"]])
        mended.append(True)
        done = self.deed(server, f"/fhir/Task/{task['id']}/$retry", reason="they added the name")
        self.assertEqual(done["status"], "completed")
        self.wait_for(server, owed=0, held=0, delivered=3, dead=0)
        names = [message.split(b"\rPID|")[1].split(b"|")[4].split(b"^")[0] for message in receiver.messages]
        self.assertEqual(names, [b"Bad", b"Good", b"Bad", b"Bad"])
        self.assertEqual(self.deed(server, f"/fhir/Task/{task['id']}/$retry", 412)["resourceType"], "OperationOutcome")
        self.assertEqual(self.items(server, "undelivered"), [])

    def test_what_need_not_arrive_is_skipped_and_what_is_wrong_is_sent_edited(self):
        receiver = self.receiver(lambda message: "AE" if b"|Bad^" in message else "AA")
        directory = self.init()
        server = self.serve_channel(directory, receiver.address)
        task = self.hold_one(server)
        self.deed(server, f"/fhir/Task/{task['id']}/$skip", 400)
        self.deed(server, f"/fhir/Task/{task['id']}/$skip", reason="told by telephone")
        self.wait_for(server, owed=0, dead=1)
        task = self.hold_one(server, "other")
        sent = receiver.messages[-1]
        edited = sent.replace(b"|Bad^", b"|Better^").replace(b"\r", b"\n")
        self.deed(server, f"/fhir/Task/{task['id']}/$resend", 422, message=edited.replace(b"MSH", b"MSG"))
        done = self.deed(server, f"/fhir/Task/{task['id']}/$resend", message=edited, reason="a name")
        binary = read(done["parameter"])["message"][0]
        self.wait_for(server, owed=0, delivered=1, dead=2)
        self.assertEqual(receiver.messages[-1], edited.replace(b"\n", b"\r"))
        provenance = json.loads(ask(server.connect(), "GET", "/fhir/Provenance?target=" + binary).body)
        self.assertEqual(provenance["entry"][0]["resource"]["agent"][0]["who"]["identifier"]["value"], "anonymous")
        server.kill()
        self.assertEqual(self.summary("verify", directory), self.summary("rebuild", directory))

    def test_what_is_paused_or_fenced_stays_so_over_kill_9(self):
        receiver = self.receiver()
        directory = self.init()
        server = self.serve_channel(directory, receiver.address)
        count = 0
        for operation, status in [("$pause", "suspended"), ("$fence", "off")]:
            self.deed(server, f"{GP}/{operation}", 400)
            self.assertEqual(self.deed(server, f"{GP}/{operation}", reason="they move house")["status"], status)
            time.sleep(1.5)  # the sender looks once a second
            self.put(server, patient(f"p{count}", operation.strip("$")))
            server.kill()
            server = self.serve_channel(directory, receiver.address)
            time.sleep(1.5)
            self.assertEqual(len(receiver.messages), count)
            queue = self.shown(server, GP + "/$queue")
            self.assertEqual((queue["status"], queue["owed"], queue["reason"]), ([status], [1], ["they move house"]))
            self.assertEqual(self.deed(server, GP + "/$resume")["status"], "active")
            count += 1
            self.wait_for(server, owed=0, delivered=count)
        self.assertEqual(len(receiver.messages), count)

    def test_a_replay_sends_what_is_there_now_once(self):
        receiver = self.receiver()
        server = self.serve_channel(self.init(), receiver.address)
        for number in range(3):
            self.put(server, patient(f"p{number}", "Old"))
        self.wait_for(server, owed=0, delivered=3)
        # Changed while the channel is paused, so that it is the replay that brings the new state.
        self.deed(server, GP + "/$pause", reason="they restore a backup")
        time.sleep(1.5)
        self.put(server, patient("p1", "New"))
        self.assertEqual(ask(server.connect(), "DELETE", "/fhir/Patient/p2").status, 204)
        dry = read(self.deed(server, GP + "/$replay", **{"from": "2020-01-01T00:00:00Z"})["parameter"])
        self.assertEqual([one["now"][0] for one in dry["resource"]], ["Patient/p0/_history/1"])
        self.assertEqual((dry["waiting"], dry["deleted"]), ([1], [1]))
        self.assertEqual(self.counts(server)["owed"], 1)
        done = read(self.deed(server, GP + "/$replay", **{"from": "2020-01-01T00:00:00Z", "dryRun": False})["parameter"])
        self.assertEqual(done["count"], [1])
        self.deed(server, GP + "/$resume")
        self.wait_for(server, owed=0, delivered=5)
        names = sorted(message.split(b"\rPID|")[1].split(b"|")[4].split(b"^")[0] for message in receiver.messages[3:])
        self.assertEqual(names, [b"New", b"Old"])
        # All of it again: each once, as it is now.
        self.deed(server, GP + "/$replay", **{"from": "2020-01-01T00:00:00Z", "dryRun": False})
        self.wait_for(server, owed=0, delivered=7)
        again = [message.split(b"\rPID|")[1] for message in receiver.messages[5:]]
        self.assertEqual([one.split(b"|")[4].split(b"^")[0] for one in again], [b"Old", b"New"])

    def test_a_test_message_goes_through_the_queue_and_waits_for_nobody(self):
        receiver = self.receiver(lambda message: "AE" if b"|Bad^" in message else "AA thank you")
        server = self.serve_channel(self.init(), receiver.address)
        self.hold_one(server)
        made = read(self.deed(server, GP + "/$test")["parameter"])
        wait_until(lambda: len(receiver.messages) == 2)
        message = receiver.messages[1].decode()
        header = message.split("\r")[0].split("|")
        self.assertEqual((header[2:6], header[8], header[10]),
                         (["HOLDFAST", "RXH", "GPSYS", "G12"], "NMD^N02^NMD_N02", "T"))
        self.assertEqual([header[9]], made["controlId"])
        self.assertIn("NTE|1||end-to-end test of channel gp by anonymous", message)
        self.wait_for(server, delivered=1)
        newest = self.shown(server, GP + "/$sent?_count=1")["duty"][0]
        self.assertEqual((newest["name"], newest["became"], newest["acknowledgement"], newest["text"]),
                         (made["duty"], ["delivered"], ["AA"], ["thank you"]))
        whole = self.shown(server, f"{GP}/$sent?duty={made['duty'][0]}")
        self.assertEqual(base64.b64decode(whole["settlement"][0]["message"][0]), receiver.messages[1])
        self.assertIn("MSA|AA|" + header[9], whole["settlement"][0]["answer-readable"][0])
        binary = json.loads(ask(server.connect(), "GET", "/fhir/" + made["message"][0]).body)
        self.assertEqual(binary["meta"]["tag"][0]["code"], "NMD^N02")
        # One that is refused is somebody's item, and nobody's record.
        receiver.answer = lambda message: "AR"
        self.deed(server, GP + "/$test")
        wait_until(lambda: len(self.items(server, "undelivered")) == 2)
        self.assertEqual(sorted("for" in task for task in self.items(server, "undelivered")), [False, True])

    def test_a_folder_gets_a_file_a_message(self):
        folder = self.folder / "out"
        folder.mkdir()
        server = self.serve_channel(self.init(), folder, kind="folder")
        self.put(server, patient("p0", "Filed"))
        self.wait_for(server, owed=0, delivered=1)
        self.deed(server, GP + "/$test")
        self.wait_for(server, owed=0, delivered=2)
        files = [path.read_bytes() for path in sorted(folder.glob("*.hl7"))]
        self.assertEqual(len(files), 2)
        self.assertEqual(sum(b"|Filed^" in text for text in files), 1)
        self.assertEqual(sum(b"NMD^N02" in text for text in files), 1)
        self.assertEqual(list(folder.glob("*.part")), [])
        self.assertIn("written as", self.shown(server, GP + "/$sent?_count=1")["duty"][0]["text"][0])

    def test_a_fhir_server_gets_the_resources_and_their_end(self):
        other = self.serve(self.init("other"))
        server = self.serve_channel(self.init(), other.url + "/fhir", kind="fhir")
        self.put(server, patient("p0", "First"))
        self.put(server, patient("p1", "Second"))
        self.put(server, patient("p0", "Changed"))
        self.wait_for(server, owed=0, delivered=3)
        there = json.loads(ask(other.connect(), "GET", "/fhir/Patient/p0").body)
        self.assertEqual(there["name"][0]["family"], "Changed")
        self.assertEqual(ask(server.connect(), "DELETE", "/fhir/Patient/p1").status, 204)
        self.wait_for(server, owed=0, delivered=4)
        self.assertEqual(ask(other.connect(), "GET", "/fhir/Patient/p1").status, 410)
        newest = self.shown(server, GP + "/$sent?_count=2")["duty"]
        self.assertEqual(newest[0]["acknowledgement"], ["HTTP 204"])
        self.assertEqual(newest[0]["deletion"], [True])
        self.assertEqual(newest[1]["acknowledgement"], ["HTTP 200"])
        made = read(self.deed(server, GP + "/$test")["parameter"])
        self.wait_for(server, owed=0, delivered=5)
        self.assertEqual(ask(other.connect(), "GET", "/fhir/" + made["message"][0]).status, 200)
        # Down for a while, it gets what it missed.
        other.end()
        self.put(server, patient("p2", "Late"))
        other = self.serve(self.folder / "other", "--http", f"127.0.0.1:{other.port}")
        self.wait_for(server, owed=0, delivered=6)
        self.assertEqual(ask(other.connect(), "GET", "/fhir/Patient/p2").status, 200)

    def test_a_fhir_server_gets_messages_as_binaries_with_their_bytes(self):
        other = self.serve(self.init("other"))
        path = self.folder / "holdfast.toml"
        path.write_text('[[neighbour]]\nname = "lab"\nsenders = ["LAB"]\n'
                        + CHANNEL.format(kind="fhir", to=other.url + "/fhir")
                        + '[[channel.route]]\nmessage = "MSH-9.1 = \'ADT\'"\n')
        server = self.serve(self.init(), "--config", path, "--mllp", "127.0.0.1:0")
        sent = message(1)
        self.assertEqual(Mllp(*server.mllp).ask(sent), ("AA", "1"))
        self.wait_for(server, owed=0, delivered=2)
        binary = json.loads(ask(server.connect(), "GET", "/fhir/Binary").body)["entry"][0]["resource"]
        there = json.loads(ask(other.connect(), "GET", "/fhir/Binary/" + binary["id"]).body)
        self.assertEqual(base64.b64decode(there["data"]), sent)
        # What was sent can be shown, the removal of a resource too.
        patient_id = json.loads(ask(server.connect(), "GET", "/fhir/Patient").body)["entry"][0]["resource"]["id"]
        self.assertEqual(ask(server.connect(), "DELETE", f"/fhir/Patient/{patient_id}").status, 204)
        self.wait_for(server, owed=0, delivered=3)
        for duty in self.shown(server, GP + "/$sent")["duty"]:
            one = self.shown(server, f"{GP}/$sent?duty={duty['name'][0]}")["settlement"][0]
            self.assertEqual(one["became"], ["delivered"])
            if "deletion" not in duty:
                body = json.loads(base64.b64decode(one["message"][0]))
                self.assertIn(duty["resource"][0].split("/")[1], body["id"])
            else:
                self.assertNotIn("message", one)

    def test_only_channels_and_their_items_are_run(self):
        server = self.serve_channel(self.init(), self.receiver().address)
        self.put(server, {"resourceType": "Endpoint", "id": "other", "status": "active", "address": "http://x",
                          "connectionType": {"code": "hl7-fhir-rest"}, "payloadType": [{"text": "x"}]})
        for path, given in [("Endpoint/other/$pause", {"reason": "x"}), ("Endpoint/channel-none/$test", {}),
                            ("Task/none/$retry", {})]:
            self.assertIn("issue", self.deed(server, "/fhir/" + path, 404, **given))
        self.assertEqual(ask(server.connect(), "GET", "/fhir/Endpoint/other/$queue").status, 404)


if __name__ == "__main__":
    main()
