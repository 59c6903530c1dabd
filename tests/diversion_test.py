"""diversion_test.py: a laboratory goes down for long, and its orders go to another, with the real server and receivers:
each order is one laboratory's at a time, what never went out does not go out late, and all of it can be proved.
"""
import json

from harness import ServerTest, ask, main, wait_until
from receiver import Receiver

CHANNEL = """
[[channel]]
name = "{name}"
title = "{name} laboratory"
to = "{to}"
receiver = "{name}|{name}"
provider = true
answer_ms_max = 500
pause_ms_min = 50
pause_ms_max = 200

[[channel.route]]
type = "ServiceRequest"
when = "performer.identifier.value = '{name}'"
"""
LAB = "/fhir/Endpoint/channel-city"


def order(number, laboratory, **more):
    return {"resourceType": "ServiceRequest", "id": number, "status": "active", "intent": "order",
            "subject": {"reference": "Patient/ada"}, "code": {"text": "Full blood count"},
            "category": [{"coding": [{"system": "http://snomed.info/sct", "code": "108252007"}]}],
            "performer": [{"identifier": {"value": laboratory}}], **more}


class Laboratory:
    """What a laboratory has been asked to do: each message once, as `NW r1`."""

    def __init__(self):
        self.accepted = []
        self.receiver = Receiver()
        self.address = self.receiver.address

    def leave(self):
        self.accepted += self.receiver.accepted
        self.receiver.close()

    def come_back(self):
        self.receiver = Receiver(port=int(self.address.split(":")[1]))

    def heard(self):
        found = {}
        for message in [*self.accepted, *self.receiver.accepted]:
            segments = {line.split(b"|")[0]: line.split(b"|") for line in message.split(b"\r")}
            orc = segments[b"ORC"]
            found[segments[b"MSH"][9]] = f"{orc[1].decode()} {orc[2].split(b'^')[0].decode()}"
        return list(found.values())


class Diversion(ServerTest):
    def put(self, server, resource):
        reply = ask(server.connect(), "PUT", f"/fhir/{resource['resourceType']}/{resource['id']}", resource)
        self.assertLess(reply.status, 300, reply.body)

    def post(self, server, path, status=200):
        reply = ask(server.connect(), "POST", path)
        self.assertEqual(reply.status, status, reply.body)
        return json.loads(reply.body)

    def start(self, directory):
        server = self.serve(directory, "--config", self.config)
        wait_until(lambda: ask(server.connect(), "GET", LAB).status == 200)
        return server

    def owed(self, server, name):
        reply = ask(server.connect(), "GET", f"/fhir/Endpoint/channel-{name}/$queue")
        return [p["valueUnsignedInt"] for p in json.loads(reply.body)["parameter"] if p["name"] == "owed"][0]

    def test_orders_go_to_another_laboratory_and_are_done_once(self):
        city, county = Laboratory(), Laboratory()
        self.addCleanup(lambda: city.receiver.close())
        self.addCleanup(lambda: county.receiver.close())
        self.config = self.folder / "holdfast.toml"
        self.config.write_text(CHANNEL.format(name="city", to=city.address) +
                               CHANNEL.format(name="county", to=county.address))
        directory = self.init()
        server = self.start(directory)
        self.put(server, {"resourceType": "Patient", "id": "ada", "name": [{"family": "Ada"}]})
        self.put(server, order("before", "city"))
        wait_until(lambda: city.heard() == ["NW before"])
        city.leave()
        self.put(server, order("maybe", "city"))  # over a connection that seems to be there
        wait_until(lambda: json.loads(ask(server.connect(), "GET", LAB).body)["status"] == "error")
        self.put(server, order("queued", "city"))
        self.put(server, order("queued", "city", priority="urgent"))
        self.put(server, order("begun", "city"))
        self.put(server, {"resourceType": "Specimen", "id": "s1", "subject": {"reference": "Patient/ada"},
                          "status": "available", "collection": {"collectedDateTime": "2026-12-01T08:00:00Z"},
                          "request": [{"reference": "ServiceRequest/begun"}]})
        self.post(server, LAB + "/$divert?to=channel-county&reason=ransomware")
        self.put(server, order("new", "city"))
        wait_until(lambda: county.heard() == ["NW new"])
        shown = self.post(server, LAB + "/$pass-on")["parameter"]
        self.assertEqual([p["valueReference"]["reference"] for p in shown if p["name"] == "order"],
                         ["ServiceRequest/before", "ServiceRequest/maybe", "ServiceRequest/queued"])
        self.assertEqual([p["valueCode"] for one in shown if one["name"] == "stays" for p in one["part"]
                          if p["name"] == "state"], ["collected"])
        self.post(server, LAB + "/$pass-on?dryRun=false&reason=ransomware")
        wait_until(lambda: sorted(county.heard()) == ["NW before", "NW maybe", "NW new", "NW queued"])
        server.kill()
        server = self.start(directory)
        city.come_back()
        wait_until(lambda: self.owed(server, "city") == 0)
        self.assertEqual(city.heard(), ["NW before", "NW maybe", "NW begun", "CA before", "CA maybe"],
                         "what it never got it never gets; what it has, or may have, is taken back")
        self.post(server, LAB + "/$end-diversion?reason=they+are+back")
        self.put(server, order("new", "city", priority="stat"))
        self.put(server, order("after", "city"))
        wait_until(lambda: city.heard()[5:] == ["NW after"] and county.heard()[-1] == "XO new")
        page = ask(server.connect(), "GET", "/fhir/Patient/ada/$chronology?_format=text/html").body.decode()
        self.assertIn("as an order that is not to be done there", page)
        self.assertIn("as a new order", page)
        server.kill()
        self.assertEqual(self.summary("verify", directory), self.summary("rebuild", directory))
        server = self.start(directory)
        self.put(server, order("new", "city", priority="asap"))
        wait_until(lambda: county.heard()[-1] == "XO new" and len(county.heard()) == 6)


if __name__ == "__main__":
    main()
