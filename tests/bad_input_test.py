"""bad_input_test.py: what is no HTTP, no JSON, no FHIR or too much of it gets a clear OperationOutcome or a
closed socket. Afterwards the journal is where it was, the server answers, and its memory is bounded.
"""
import os
import random
import resource
import socket
import threading
import unittest

from harness import ServerTest, main, shared_data, wait_until
from wire import Closed, FHIR_JSON, Wire, request

MIB = 1 << 20
BODY_BYTES_MAX = 32 * MIB
RESIDENT_BYTES_MAX = 512 * MIB
# A sanitizer's shadow memory is no measure of ours, and it needs the time.
SANITIZED = os.environ.get("HOLDFAST_SANITIZED") == "1"
IDLE_CONNECTIONS = 2_000 if SANITIZED else 10_000
IDLE_BYTES_EACH_MAX = 8 << 10
JSON_SUITE = shared_data() / "json" / "parsing" / "test_parsing"

GOOD = (b'{"resourceType":"Patient","active":true,"birthDate":"1970-03-30",'
        b'"name":[{"family":"M\xc3\xbcller \\ud83d\\ude00","given":["Ada"]}],"multipleBirthInteger":2}')


def patient(members):
    members = members if isinstance(members, bytes) else members.encode()
    return b'{"resourceType":"Patient",' + members + b"}"


def quantity(number):
    return (f'{{"resourceType":"Observation","status":"final","code":{{"text":"x"}},'
            f'"valueQuantity":{{"value":{number}}}}}')


def nested(levels):
    return patient('"extension":[{"url":"u",' * levels + '"valueBoolean":true' + "}]" * levels)


class Door(ServerTest):
    """A server with one entry in its journal, and the promise that there is still one at the end."""
    flags = ()

    def setUp(self):
        super().setUp()
        self.directory = self.init()
        self.server = self.serve(self.directory, *self.flags)
        with self.wire() as wire:
            reply = wire.ask("PUT", "/fhir/Patient/anchor", {"resourceType": "Patient", "id": "anchor"})
            self.assertEqual(reply.status, 201, reply)
        self.before = self.journal()

    def wire(self, timeout=60):
        return Wire(self.server.host, self.server.port, timeout)

    def metric(self, name):
        with self.wire() as wire:
            for line in wire.ask("GET", "/metrics").body.decode().splitlines():
                if line.rsplit(" ", 1)[0] == "holdfast_" + name:
                    return float(line.rsplit(" ", 1)[1])
        raise AssertionError(f"no metric {name}")

    def journal(self):
        return self.metric("journal_position"), self.metric("entries_total")

    def untouched(self):
        """The server answers, and the journal is where it was, also for verify."""
        self.assertEqual(self.journal(), self.before)
        self.assertEqual(self.metric("http_replies_malformed_total"), 0)
        with self.wire() as wire:
            self.assertEqual(wire.ask("GET", "/fhir/Patient/anchor").status, 200)
        peak = self.server.memory()[1]
        print(f"{self.id().rsplit('.', 1)[1]}: server VmHWM {peak / MIB:.0f} MiB")
        if not SANITIZED:
            self.assertLess(peak, RESIDENT_BYTES_MAX)
        self.assertEqual(self.server.end(), 0, self.server.log()[-3:])
        self.assertEqual(self.summary("verify", self.directory)[0], f"{self.before[0]:.0f}")

    def refused(self, name, statuses, method, target, body=None, headers=(), says=""):
        """One request on a connection of its own; the server is asked again after it, on the same one
        if it was kept."""
        with self.subTest(name), self.wire() as wire:
            reply = wire.ask(method, target, body, headers)
            self.assertIn(reply.status, statuses, f"{name}: {reply}")
            issues = reply.issues()
            self.assertEqual({issue["severity"] for issue in issues}, {"error"}, reply)
            self.assertTrue(all(issue.get("diagnostics") for issue in issues), f"{name}: {reply}")
            self.assertIn(says, reply.body.decode(), name)
            if reply.headers.get("connection") == "close":
                self.assertEqual(wire.ends(), b"", name)
            else:
                self.assertEqual(wire.ask("GET", "/health/live").status, 200, name)
            return reply

    def refused_content(self, name, body, statuses=(400,), says=""):
        return self.refused(name, statuses, "POST", "/fhir/Patient", body, says=says)


class Content(Door):
    def test_what_is_no_json_is_refused(self):
        for name, body in {
            "empty": b"", "words": b"no json", "xml": b"<Patient xmlns='http://hl7.org/fhir'/>",
            "bytes": bytes(range(256)), "zeros": bytes(4096), "utf16": GOOD.decode().encode("utf-16"),
            "utf32": GOOD.decode().encode("utf-32-le"), "byte order mark": b"\xef\xbb\xbf" + GOOD,
            "two documents": GOOD + GOOD, "trailing word": GOOD + b" x", "trailing nul": GOOD + b"\0",
            "trailing comma": patient('"active":true,'), "comment": patient('"active":/*x*/true'),
            "single quotes": b"{'resourceType':'Patient'}", "bare name": b'{resourceType:"Patient"}',
            "colon missing": b'{"resourceType" "Patient"}', "form": b"resourceType=Patient",
            "tab in a string": patient(b'"language":"a\tb"'), "nul in a string": patient(b'"language":"a\0b"'),
            "wrong escape": patient(r'"language":"\x41"'), "short escape": patient(r'"language":"\u12"'),
            "literal": patient('"active":True'), "nothing": patient('"active":'),
        }.items():
            self.refused_content(name, body)
        # JSON, but no resource.
        for name, body in {"list": b"[]", "text": b'"Patient"', "number": b"7", "null": b"null",
                           "object": b"{}", "list of one": b"[" + GOOD + b"]"}.items():
            self.refused_content(name, body, (400, 422))
        self.untouched()

    def test_every_cut_of_a_document_is_refused(self):
        for end in range(len(GOOD)):
            self.refused_content(f"the first {end} bytes", GOOD[:end])
        self.untouched()

    def test_duplicate_members_are_refused_with_their_name(self):
        for name, body, says in [
            ("same value", '"active":true,"active":true', "active"),
            ("other value", '"active":true,"gender":"male","active":false', "active"),
            ("nested", '"name":[{"family":"a","given":["b"],"family":"c"}]', "family"),
            ("by an escape", r'"active":true,"\u0061ctive":false', "active"),
            ("resourceType", '"resourceType":"Patient"', "resourceType"),
            ("underscore", '"_active":{"id":"a"},"_active":{"id":"b"}', "_active"),
        ]:
            self.refused_content(name, patient(body), says=says)
        many = ",".join(f'"x{i}":1' for i in range(50_000)) + ',"x7":1'
        self.refused_content("among 50,000", patient(many), (400, 413, 422))
        self.untouched()

    def test_text_that_is_no_unicode_is_refused(self):
        for name, raw in {
            "lone byte": b"\xff", "lone continuation": b"\x80", "overlong slash": b"\xc0\xaf",
            "overlong nul": b"\xe0\x80\x80", "encoded surrogate": b"\xed\xa0\x80",
            "beyond the last": b"\xf4\x90\x80\x80", "cut sequence": b"\xe2\x82", "five bytes":
            b"\xf8\x88\x80\x80\x80", "latin 1": "é".encode("latin-1"),
        }.items():
            self.refused_content(f"{name} in a value", patient(b'"name":[{"family":"a' + raw + b'"}]'))
            self.refused_content(f"{name} in a name", patient(b'"na' + raw + b'":1'))
            self.refused_content(f"{name} outside", GOOD + raw)
        for name, escape in {"high": r"\ud800", "low": r"\udc00", "high and letter": r"\ud800A",
                             "high and escape": r"\ud800\u0041", "two high": r"\ud800\ud800",
                             "swapped": r"\udc00\ud800", "at the end": r"x\udbff"}.items():
            self.refused_content(f"surrogate {name}", patient(f'"name":[{{"family":"{escape}"}}]'))
            self.refused_content(f"surrogate {name} in a name", patient(f'"{escape}":1'))
        self.refused_content("escaped nul", patient(r'"name":[{"family":"a\u0000b"}]'), (400, 422))
        self.untouched()

    def test_depth_is_bounded(self):
        for name, body in {
            "1,000 lists": b"[" * 1000 + b"]" * 1000, "1,000 lists in an element":
            patient(b'"name":' + b"[" * 1000 + b"]" * 1000), "1,000 objects":
            b'{"a":' * 1000 + b"1" + b"}" * 1000, "1,000 extensions": nested(1000),
            "a million open lists": b"[" * 1_000_000, "a million open objects": b'{"a":' * 1_000_000,
            "1,000 contained": patient('"contained":[{"resourceType":"Patient",' * 1000
                                       + '"active":true' + "}]" * 1000),
        }.items():
            self.refused_content(name, body, (400, 413), says="deep")
        self.untouched()

    def test_numbers_are_bounded(self):
        for name, number in {
            "10,000 digits": "1" * 10_000, "10,000 decimals": "0." + "1" * 10_000,
            "10,000 zeros": "0" * 10_000, "minus and 10,000 digits": "-" + "9" * 10_000,
            "1e999": "1e999", "-1e999": "-1e999", "1E+999": "1E+999", "1e-999": "1e-999",
            "endless exponent": "1e" + "9" * 10_000, "leading zero": "01", "plus": "+1", "no zero": ".5",
            "no digit": "1.", "no exponent": "1e", "NaN": "NaN", "Infinity": "Infinity",
            "-Infinity": "-Infinity", "hexadecimal": "0x10", "two points": "1.2.3", "only minus": "-",
        }.items():
            self.refused(name, (400, 413, 422), "POST", "/fhir/Observation", quantity(number))
        for name, number in {"2^31": "2147483648", "fraction": "1.5", "exponent": "1e2",
                             "1e999": "1e999", "10,000 digits": "1" * 10_000}.items():
            self.refused_content(f"integer {name}", patient(f'"multipleBirthInteger":{number}'),
                                 (400, 413, 422))
        self.untouched()

    @unittest.skipUnless(JSON_SUITE.is_dir(), f"shared data is not at {JSON_SUITE}")
    def test_the_json_suite_is_refused(self):
        files = sorted(JSON_SUITE.glob("*.json"))
        wrong = [path for path in files if path.name.startswith("n_")]
        self.assertGreater(len(wrong), 150)
        refused = 0
        for path in wrong:
            if self.refused_content(path.name, path.read_bytes(), (400, 413)):
                refused += 1
        # What is JSON is no Patient: refused for that, and never with a 5xx.
        for path in files:
            if not path.name.startswith("n_"):
                self.refused_content(path.name, path.read_bytes(), (400, 413, 422))
        print(f"JSON suite: {refused} of {len(wrong)} wrong texts refused, {len(files)} sent")
        self.untouched()


class Asking(Door):
    def test_unknown_types_ids_and_methods(self):
        get = {
            "unknown type": ("/fhir/Pateint/1", 404), "abstract type": ("/fhir/DomainResource/1", 404),
            "data type": ("/fhir/HumanName/1", 404), "lower case": ("/fhir/patient/anchor", 404),
            "unknown id": ("/fhir/Patient/nobody", 404), "version": ("/fhir/Patient/anchor/_history/2", 404),
            "version 0": ("/fhir/Patient/anchor/_history/0", 404),
            "no version": ("/fhir/Patient/anchor/_history/x", 404),
            "huge version": ("/fhir/Patient/anchor/_history/" + "9" * 40, 404),
            "outside": ("/nothing", 404), "climbing": ("/fhir/../../etc/passwd", 404),
            "coded climbing": ("/fhir/%2e%2e/%2e%2e/etc/passwd", 404), "operation": ("/fhir/$nothing", 404),
            "long id": ("/fhir/Patient/" + "a" * 65, 404), "coded id": ("/fhir/Patient/a%20b", 404),
            "nul": ("/fhir/Patient/%00", 400), "broken code": ("/fhir/Patient/%g1", 400),
            "no UTF-8": ("/fhir/Patient/%ff", 400),
        }
        for name, (target, status) in get.items():
            self.refused(name, (status, 400), "GET", target)
        search = ["?nothing=1", "?_count=-1", "?_count=x", "?_page=forged", "?_page=",
                  "?_lastUpdated=soon", "?_lastUpdated=xx2020", "?_id:nothing=a", "?identifier=%ff",
                  "?_total=perhaps", "?_summary=perhaps", "?_sort=nothing", "?=x"]
        for query in search:
            self.refused(f"search {query}", (400,), "GET", "/fhir/Patient" + query)
        for method in ("BREW", "TRACE", "get", "PROPFIND", "LOCK"):
            reply = self.refused(method, (405, 501), method, "/fhir/Patient/anchor")
            self.assertIn("GET", reply.headers.get("allow", ""), method)
        self.refused("DELETE of a type", (400, 405), "DELETE", "/fhir/Patient")
        self.refused("DELETE of everything", (400, 405), "DELETE", "/fhir")
        self.refused("PUT of a type", (400, 405), "PUT", "/fhir/Patient", GOOD)
        self.refused("POST to an instance", (400, 405), "POST", "/fhir/Patient/anchor", GOOD)
        self.untouched()

    def test_histories_conditions_and_patches(self):
        for scope in ("", "/Patient", "/Patient/anchor"):
            for query in ("_since=soon", "_at=2024-02-30", "_count=-1", "_page=forged", "_page=", "_sort=name",
                          "_summary=perhaps", "_elements=", "nothing=1", "_list=1"):
                self.refused(f"{scope} history {query}", (400,), "GET", f"/fhir{scope}/_history?{query}")
        long = "identifier=" + ",".join(f"v{number}" for number in range(10_000))
        for name, query in [("none", ""), ("empty", "?"), ("misspelled", "?identifer=1"), ("all", "?_count=1"),
                            ("no UTF-8", "?identifier=%ff"), ("10,000 values", "?" + long)]:
            for method, body in [("PUT", GOOD), ("DELETE", None)]:
                self.refused(f"{method} by {name}", (400, 413, 414, 431), method, "/fhir/Patient" + query, body)
        kind = {"Content-Type": "application/json-patch+json"}
        deep = b'[{"op":"add","path":"/extension","value":' + b"[" * 1000 + b"]" * 1000 + b"}]"
        many = b"[" + b",".join([b'{"op":"test","path":"/id","value":"anchor"}'] * 20_000) + b"]"
        for name, status, patch in [
            ("no JSON", 400, b"["), ("no array", 422, b"{}"), ("unknown op", 422, b'[{"op":"merge","path":"/a"}]'),
            ("nowhere", 422, b'[{"op":"remove","path":"/photo/7"}]'), ("no pointer", 422, b'[{"op":"remove","path":"id"}]'),
            ("other id", 422, b'[{"op":"replace","path":"/id","value":"b"}]'),
            ("other type", 422, b'[{"op":"replace","path":"/resourceType","value":"Basic"}]'),
            ("no resource", 422, b'[{"op":"add","path":"/nothing","value":1}]'), ("too deep", 413, deep),
            ("too many", 413, many),
        ]:
            self.refused(f"patch: {name}", (status,), "PATCH", "/fhir/Patient/anchor", patch, kind)
        self.refused("patch of another form", (415,), "PATCH", "/fhir/Patient/anchor", b"{}",
                     {"Content-Type": "application/merge-patch+json"})
        for name, patch in [("no operation", b"<diff/>"), ("no XML", b"<diff><add"), ("doctype", b"<!DOCTYPE d><diff/>"),
                            ("nowhere", b"<diff><remove sel='Patient/photo[7]'/></diff>")]:
            self.refused(f"XML patch: {name}", (400, 422), "PATCH", "/fhir/Patient/anchor", patch,
                         {"Content-Type": "application/xml-patch+xml"})
        self.refused("meta", (422,), "POST", "/fhir/Patient/anchor/$meta-add", b'{"resourceType":"Parameters"}')
        self.untouched()

    def form(self, name, type_, query, statuses=(200, 400, 403, 413)):
        """The same by POST: addresses are short, forms need not be. The Bundle, or None where it was refused."""
        with self.subTest(name), self.wire() as wire:
            reply = wire.ask("POST", f"/fhir/{type_}/_search", query.encode(),
                             {"Content-Type": "application/x-www-form-urlencoded"})
            self.assertIn(reply.status, statuses, f"{name}: {str(reply)[:300]}")
            return reply.json() if reply.status == 200 else reply.issues() and None

    def test_searches_that_mean_nothing(self):
        for query in ("family:exactly=x", "birthdate:contains=1", "_id:missing=perhaps", "gender:text:exact=x", "family:=x",
                      "birthdate=2024-02-30", "birthdate=2024-13-01", "birthdate=2024-1-1", "birthdate=ge",
                      "birthdate=2024-01-01T25:00:00Z", "birthdate=zz2024", "_lastUpdated=2023-02-29",
                      "general-practitioner.nothing=1", "general-practitioner:Medication.code=1", "name.family=x", "birthdate.x=1",
                      "_has:Observation:patient=1", "_has:Observation:nothing:code=1", "_has:Nothing:patient:code=1", "_has=1",
                      "_include=Patient", "_include=Patient:nothing", "_revinclude=Patient",
                      "_sort=family,nothing", "_sort=family:asc", "_sort=", "_count=", "_count=1e3",
                      "_summary=true&_elements=id&_summary=count", "phonetic", "&&=", "_elements=", "_total=", "family=a&family:nothing=b"):
            self.refused(f"search {query}", (400,), "GET", "/fhir/Patient?" + query)
        for query in ("value-quantity=abc", "value-quantity=5|a|b|c", "code-value-quantity=a", "code-value-quantity=a$b$c",
                      "value-quantity=1e999999999", "code:below:not=x", "component-code-value-quantity=$"):
            self.refused(f"search {query}", (400,), "GET", "/fhir/Observation?" + query)
        self.untouched()

    def test_searches_that_would_cost_much(self):
        deep = "general-practitioner:Organization." + "partof." * 50 + "name"
        has = "_has:Observation:patient:" + "performer:Patient." * 50 + "family"
        nested = "_has:Patient:link:" * 50 + "family"
        found = {
            "10,000 values": "identifier=" + ",".join(f"urn:a|v{number}" for number in range(10_000)),
            "10,000 texts": "family:contains=" + ",".join(f"x{number}" for number in range(10_000)),
            "10,000 dates": "birthdate=" + ",".join(f"gt{1000 + number % 1000}-01-01" for number in range(10_000)),
            "2,000 criteria": "&".join(f"family=a{number}" for number in range(2_000)),
            "a chain of 50": deep + "=x", "a chain of 50 by _has": has + "=x", "_has 50 deep": nested + "=x",
            "1,000 chains": "&".join(f"organization.name=x{number}" for number in range(1_000)),
            "a text of 200 KB": "family=" + "a" * 200_000, "200 KB of commas": "family=" + "," * 200_000,
            "1,000 _include": "_id=nobody&" + "&".join(["_include:iterate=Patient:link"] * 1_000),
            "1,000 keys to sort by": "_id=nobody&_sort=" + ",".join(["family", "-birthdate"] * 500),
        }
        for name, query in found.items():
            bundle = self.form(name, "Patient", query)
            self.assertEqual((bundle or {}).get("entry", []), [], name)
        self.assertEqual(self.form("_count=0", "Patient", "_count=0", (200,)).get("total"), "1")
        self.assertEqual(len(self.form("_count=1000000", "Patient", "_count=1000000", (200,))["entry"]), 1)
        # What they would have found is still found.
        values = ",".join(f"v{number}" for number in range(500)) + ",anchor"
        self.assertEqual(len(self.form("500 ids", "Patient", "_id=" + values, (200,))["entry"]), 1)
        self.untouched()

    def test_a_text_of_a_megabyte_is_sorted_by(self):
        long = MIB - 2  # https://hl7.org/fhir/R4/datatypes.html#string: 1 MiB at most
        names = ["b" * long, "a" * long, "b" * (long - 1) + "a", "c", "A" * long + "b"]
        with self.wire() as wire:
            for number, name in enumerate(names):
                one = {"resourceType": "Patient", "id": f"p{number}", "name": [{"family": name}]}
                self.assertEqual(wire.ask("PUT", f"/fhir/Patient/p{number}", one).status, 201)
            for direction in ("", "-"):
                target, order = f"/fhir/Patient?_sort={direction}family&_count=2&_elements=id", []
                while target:
                    reply = wire.ask("GET", target)
                    self.assertEqual(reply.status, 200, str(reply)[:300])
                    page = reply.json()
                    order += [entry["resource"]["id"] for entry in page["entry"]]
                    target = next((one["url"] for one in page["link"] if one["relation"] == "next"), None)
                    if target:
                        self.assertLess(len(target), 8_000)
                        target = target[target.index("/fhir/"):]
                self.assertEqual(len(order), len(set(order)))
                self.assertEqual(order[-1], "anchor")  # without a name: last, either way
                # By the beginning, as far as an index holds it.
                alike = [{"p1", "p4"}, {"p0", "p2"}, {"p3"}]
                expected = alike if direction == "" else alike[::-1]
                self.assertEqual([set(order[:len(expected[0])]), set(order[len(expected[0]):-1 - len(expected[2])]),
                                  set(order[-1 - len(expected[2]):-1])], expected)
        self.before = self.journal()
        self.untouched()

    def test_hostile_paths_in_patches(self):
        """A FHIRPath Patch carries an expression of a stranger."""
        paths = {
            "pattern": "Patient.where(id.matches('(a+)+(a|b|ab)*(.*a){20}$'))", "deep": "(" * 5000 + "Patient" + ")" * 5000,
            "deep calls": "Patient.where(" * 400 + "true" + ")" * 400,
            "long": "Patient" + ".extension" * 1500, "unclosed": "Patient.name.where(", "control": "Patient.\u0000id",
            "wide union": " | ".join(["Patient.id"] * 1200),
            "products": "Patient" + ".select((1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9).combine($this))" * 20,
            "text that doubles": "Patient.where('aaaaaaaa'" + ".select($this & $this)" * 60 + " = 'b')",
            "repeat": "Patient.repeat($this | 'x' & 'y')", "resolve": "Patient.link.other.resolve()", "none": "",
            "another type": "Observation.status", "everything": "Patient.descendants()", "huge": "Patient.name[" + "9" * 400 + "]",
        }
        for name, path in paths.items():
            for kind in ("delete", "replace"):
                parts = [{"name": "type", "valueCode": kind}, {"name": "path", "valueString": path}]
                parts += [{"name": "value", "valueString": "x"}] if kind == "replace" else []
                patch = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}
                if name == "none":
                    patch["parameter"][0]["part"].pop(1)
                elif name in ("another type", "pattern", "resolve") and kind == "delete":
                    continue  # nothing to remove is no fault
                self.refused(f"{kind} {name}", (400, 403, 413, 422), "PATCH", "/fhir/Patient/anchor", patch)
        many = [{"name": "operation", "part": [
            {"name": "type", "valueCode": "delete"}, {"name": "path", "valueString": "Patient.where(" * 40 + "true" + ")" * 40}]}] * 20_000
        self.refused("many", (400, 403, 413, 422), "PATCH", "/fhir/Patient/anchor",
                     {"resourceType": "Parameters", "parameter": many})
        self.untouched()

    def test_bodies_that_do_not_fit_their_address(self):
        for name, method, target, body in [
            ("other type", "POST", "/fhir/Observation", GOOD),
            ("other id", "PUT", "/fhir/Patient/p1", patient('"id":"p2"')),
            ("no id", "PUT", "/fhir/Patient/p1", patient('"active":true')),
            ("bad id", "PUT", "/fhir/Patient/a_b", patient('"id":"a_b"')),
            ("long id", "PUT", "/fhir/Patient/" + "a" * 65, patient(f'"id":"{"a" * 65}"')),
            ("unknown type", "POST", "/fhir/Pateint", b'{"resourceType":"Pateint"}'),
            ("unknown type inside", "POST", "/fhir/Patient", b'{"resourceType":"Pateint"}'),
            ("no Bundle", "POST", "/fhir", GOOD),
            ("a Bundle that is none", "POST", "/fhir", b'{"resourceType":"Bundle","type":"collection"}'),
        ]:
            self.refused(name, (400, 404, 422), method, target, body)
        for name, headers in {"If-Match": {"If-Match": "1"}, "If-Match star": {"If-Match": "*"},
                              "If-Match other": {"If-Match": 'W/"7"'},
                              "two tags": {"If-Match": 'W/"1", W/"2"'}}.items():
            self.refused(name, (400, 412), "PUT", "/fhir/Patient/anchor", patient('"id":"anchor"'), headers)
        for name, headers in {"empty key": {"Idempotency-Key": ""},
                              "long key": {"Idempotency-Key": "k" * 256},
                              "If-None-Exist": {"If-None-Exist": "nothing=1"},
                              "If-None-Exist empty": {"If-None-Exist": ""}}.items():
            self.refused(name, (400, 422), "POST", "/fhir/Patient", GOOD, headers)
        self.untouched()

    def test_faulty_bundles_do_nothing(self):
        def entry(method, url, body=None, **more):
            return {"request": {"method": method, "url": url, **more}, **({"resource": body} if body else {})}

        good = entry("POST", "Patient", {"resourceType": "Patient"})
        for name, entries in {
            "no request": [good, {"resource": {"resourceType": "Patient"}}],
            "no resource": [good, entry("POST", "Patient")],
            "unknown method": [good, entry("BREW", "Patient", {"resourceType": "Patient"})],
            "other type": [good, entry("POST", "Patient", {"resourceType": "Device"})],
            "foreign address": [good, entry("DELETE", "http://example.org/fhir/Patient/anchor")],
            "no address": [good, entry("DELETE", "")],
            "unknown element": [good, entry("POST", "Patient", {"resourceType": "Patient", "x": 1})],
            "unknown reference": [good, entry("POST", "Patient", {
                "resourceType": "Patient", "managingOrganization": {"reference": "Organization?identifier=a|b"}})],
            "version": [good, entry("PUT", "Patient/anchor", {"resourceType": "Patient", "id": "anchor"},
                                    ifMatch='W/"9"')],
            "one resource twice": [good, entry("DELETE", "Patient/anchor"), entry(
                "PUT", "Patient/anchor", {"resourceType": "Patient", "id": "anchor"})],
            "entry that is none": [good, 7],
        }.items():
            body = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
            self.refused(name, (400, 405, 409, 412, 422), "POST", "/fhir", body)
        self.untouched()

    def test_media_types_that_are_not_read_or_written(self):
        for kind in ("text/plain", "application/xhtml+xml", "text/turtle", "text/html", "nonsense", "",
                     "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
                     "application/json; charset=latin1", FHIR_JSON + "; fhirVersion=3.0",
                     "application/json, text/plain", "application/json-patch+json"):
            self.refused(f"Content-Type {kind!r}", (400, 415), "POST", "/fhir/Patient", GOOD,
                         {"Content-Type": kind})
        with self.wire() as wire:
            wire.send(b"POST /fhir/Patient HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % len(GOOD) + GOOD)
            reply = wire.reply()
            self.assertEqual(reply.status, 415, reply)
            reply.issues()
        for kind in ("gzip", "deflate", "br", "identity, gzip"):
            self.refused(f"Content-Encoding {kind}", (415,), "POST", "/fhir/Patient", GOOD,
                         {"Content-Encoding": kind})
        for accept in ("text/turtle", "text/html", "image/png"):
            self.refused(f"Accept {accept}", (406,), "GET", "/fhir/Patient/anchor", None, {"Accept": accept})
        self.untouched()


class Size(Door):
    def test_a_body_over_the_limit_is_refused_before_it_is_read(self):
        for length in (BODY_BYTES_MAX + 1, 10**12, 2**63 - 1, 2**64 - 1):
            with self.subTest(length), self.wire() as wire:
                wire.send(b"POST /fhir/Patient HTTP/1.1\r\nHost: h\r\nContent-Type: application/fhir+json\r\n"
                          b"Content-Length: %d\r\n\r\n" % length)
                reply = wire.reply()  # although no byte of the body was sent
                # What no 64-bit number holds is no length at all.
                self.assertEqual(reply.status, 413 if length < 2**64 - 1 else 400, reply)
                reply.issues()
                wire.ends()
        self.untouched()

    def test_a_chunked_body_over_the_limit_is_cut_off(self):
        with self.wire() as wire:
            wire.send(b"POST /fhir/Patient HTTP/1.1\r\nHost: h\r\nContent-Type: application/fhir+json\r\n"
                      b"Transfer-Encoding: chunked\r\n\r\n")
            chunk = b"100000\r\n" + b" " * MIB + b"\r\n"
            sent = 0
            try:
                while sent < 4 * BODY_BYTES_MAX:  # without an end
                    wire.send(chunk)
                    sent += MIB
            except Closed:
                pass
            try:
                reply = wire.reply()
                self.assertEqual(reply.status, 413, reply)
                reply.issues()
            except Closed:
                pass
            wire.ends()
        self.assertEqual(self.metric('http_refused_total{reason="body-too-large"}'), 1)
        self.untouched()

    def test_a_body_of_just_the_limit_is_read(self):
        self.refused_content("blank", b" " * BODY_BYTES_MAX)
        self.refused_content("a long text", b'"' + b"a" * (BODY_BYTES_MAX - 2) + b'"', (400, 413, 422))
        self.refused_content("many numbers", b"[" + b"1," * (BODY_BYTES_MAX // 2 - 1) + b"1", (400, 413))
        self.refused_content("many lists", b"[" + b"[]," * (BODY_BYTES_MAX // 3 - 1) + b"1]", (400, 413, 422))
        self.refused_content("many texts", b"[" + b'"",' * (BODY_BYTES_MAX // 3 - 1) + b"1]", (400, 413, 422))
        self.refused_content("many members",
                             patient(b",".join(b'"x%d":1' % i for i in range(1_000_000))), (400, 413, 422))
        self.untouched()

    def test_large_bodies_all_at_once_are_admitted_by_their_bytes(self):
        self.all_at_once(b'"' + b"a" * (24 * MIB) + b'"')

    def test_large_bodies_of_tiny_values_are_taken_apart_one_by_one(self):
        """Each value costs ten times its bytes while it is looked at: not for all bodies at once."""
        zeros = b"0," * (12 * MIB)
        self.all_at_once(patient(b'"name":[' + zeros[:-1] + b"]"))

    def all_at_once(self, body):
        statuses, lock = [], threading.Lock()

        def send():
            try:
                with self.wire(120) as wire:
                    try:
                        wire.send(request("POST", "/fhir/Patient", body))
                    except Closed:
                        pass  # refused before it was read: the reply may still be there
                    reply = wire.reply()
                    reply.issues()
                    if reply.status == 503:
                        self.assertGreaterEqual(int(reply.headers["retry-after"]), 1)
                    status = reply.status
            except Closed:
                status = "closed"
            with lock:
                statuses.append(status)

        threads = [threading.Thread(target=send) for _ in range(24)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print("24 bodies of 24 MiB at once:",
              {status: statuses.count(status) for status in sorted(set(statuses), key=str)})
        self.assertEqual(len(statuses), 24)
        self.assertLessEqual(set(statuses), {400, 413, 422, 503, "closed"})
        wait_until(lambda: self.metric("ingest_bytes") == 0)
        self.untouched()

    def test_bundles_of_countless_entries_are_refused(self):
        """The smallest entry in as many bytes as may come: what counts is what each costs."""
        smallest = b'{"request":{"method":"DELETE","url":"Patient/a"}}'
        many = b",".join([smallest] * (28 * MIB // len(smallest)))
        for kind in (b"transaction", b"batch"):
            body = b'{"resourceType":"Bundle","type":"' + kind + b'","entry":[' + many + b"]}"
            self.refused(kind.decode(), (413,), "POST", "/fhir", body, says="entries in one Bundle")
        self.untouched()

    def test_heads_are_bounded(self):
        for name, head, statuses in [
            ("long target", b"GET /fhir/Patient?_id=" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: h\r\n\r\n", (414, 431)),
            ("long field", b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"a" * 40_000 + b"\r\n\r\n", (431,)),
            ("many fields", b"GET / HTTP/1.1\r\nHost: h\r\n" + b"X: a\r\n" * 2_000 + b"\r\n", (431,)),
            ("endless line", b"G" * 200_000, (400, 414, 431, 501)),
            ("endless field", b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"a" * MIB, (431,)),
        ]:
            with self.subTest(name), self.wire() as wire:
                try:
                    wire.send(head)
                except Closed:
                    pass
                try:
                    reply = wire.reply()
                    self.assertIn(reply.status, statuses, reply)
                    reply.issues()
                except Closed:
                    self.assertGreater(len(head), 60_000)  # so much more was coming that a reset may win
                wire.ends()
        self.untouched()


class Patience(Door):
    flags = ("--head-ms-max", "400", "--idle-ms-max", "400", "--body-ms-grace", "400",
             "--body-bytes-per-second-min", "1MiB", "--write-ms-max", "400")

    def test_a_silent_client_is_let_go(self):
        with self.wire(30) as wire:
            self.assertEqual(self.only_refusals(wire.ends()), [])
        with self.wire(30) as wire:  # and after a request
            self.assertEqual(wire.ask("GET", "/health/live").status, 200)
            wire.ends()
        self.untouched()

    def test_a_slow_head_is_refused(self):
        self.drip(b"GET /fhir/Patient/anchor HTTP/1.1\r\nHost: h\r\nX: " + b"a" * 4000)
        self.untouched()

    def test_a_slow_body_is_refused(self):
        head = (b"POST /fhir/Patient HTTP/1.1\r\nHost: h\r\nContent-Type: application/fhir+json\r\n"
                b"Content-Length: 4000\r\n\r\n")
        self.drip(GOOD[:100] + b" " * 3900, head)
        self.drip(b"1\r\n \r\n" * 1000, head.replace(b"Content-Length: 4000", b"Transfer-Encoding: chunked"))
        # Silence in the middle, and an end in the middle.
        with self.wire(30) as wire:
            wire.send(head + GOOD)
            self.assertEqual(wire.reply().status, 408)
            wire.ends()
        with self.wire(30) as wire:
            wire.send(head + GOOD)
            wire.socket.shutdown(socket.SHUT_WR)
            wire.ends()
        self.untouched()

    def test_a_client_that_does_not_read_is_let_go(self):
        with self.wire(30) as wire:
            wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            asks = request("GET", "/fhir/metadata") * 1000
            with self.assertRaises(Closed):
                for _ in range(1000):  # far more than the buffers of both sides hold
                    wire.send(asks)
        wait_until(lambda: self.metric("http_connections") <= 1)
        self.untouched()

    def drip(self, data, head=b""):
        """Sends one byte now and then, much slower than allowed, until the server has enough."""
        with self.wire(30) as wire:
            wire.send(head)
            stop = threading.Event()

            def send():
                try:
                    for byte in data:
                        if stop.wait(0.05):
                            return
                        wire.send(bytes([byte]))
                except (Closed, OSError):
                    pass

            sender = threading.Thread(target=send)
            sender.start()
            try:
                reply = wire.reply()
                self.assertEqual(reply.status, 408, reply)
                reply.issues()
                wire.ends()
            finally:
                stop.set()
                sender.join()

    @staticmethod
    def only_refusals(came):
        return [line for line in came.split(b"\r\n") if line.startswith(b"HTTP/1.1 2")]


def smuggling_forms():
    """Requests that two readers could cut in two ways, by name."""
    def post(fields, body=b"0\r\n\r\n", version=b"1.1"):
        return b"POST /fhir/Patient HTTP/" + version + b"\r\n" + fields + b"\r\n" + body

    host, chunked = b"Host: h\r\n", b"Transfer-Encoding: chunked\r\n"
    both = host + b"Content-Length: 5\r\n"
    yield "length before chunked", post(both + chunked)
    yield "chunked before length", post(host + chunked + b"Content-Length: 5\r\n")
    yield "length 0 and chunked", post(host + b"Content-Length: 0\r\n" + chunked)
    for name, value in {"other coding": b"xchunked", "list": b"chunked, identity", "gzip first": b"gzip, chunked",
                        "identity": b"identity", "twice in one": b"chunked, chunked", "quoted": b'"chunked"',
                        "tab before": b"\x0bchunked", "parameter": b"chunked;q=1", "nothing": b"",
                        "nul": b"chunked\0", "cow": b"cow"}.items():
        yield f"coding: {name}", post(host + b"Transfer-Encoding: " + value + b"\r\n")
    yield "coding: two fields", post(host + chunked + chunked)
    yield "coding: two fields that differ", post(host + chunked + b"Transfer-Encoding: identity\r\n")
    yield "coding: space before colon", post(both + b"Transfer-Encoding : chunked\r\n")
    yield "coding: tab before colon", post(both + b"Transfer-Encoding\t: chunked\r\n")
    yield "coding: folded", post(host + b"Transfer-Encoding:\r\n chunked\r\n")
    yield "coding: hidden in a fold", post(both + b"X: y\r\n Transfer-Encoding: chunked\r\n")
    yield "coding: behind a bare LF", post(both + b"X: y\nTransfer-Encoding: chunked\r\n")
    yield "coding: behind a bare CR", post(both + b"X: y\rTransfer-Encoding: chunked\r\n")
    yield "coding: behind a nul", post(both + b"X: y\0Transfer-Encoding: chunked\r\n")
    yield "coding: of HTTP/1.0", post(host + chunked, version=b"1.0")
    for name, value in {"list": b"5, 5", "plus": b"+5", "minus": b"-5", "hexadecimal": b"0x5", "empty": b"",
                        "spaces": b"5 5", "fraction": b"5.0", "wraps": b"18446744073709551621",
                        "word": b"five", "exponent": b"5e0", "underscore": b"1_0"}.items():
        yield f"length: {name}", post(host + b"Content-Length: " + value + b"\r\n")
    yield "lengths differ", post(both + b"Content-Length: 6\r\n")
    yield "lengths agree", post(both + b"Content-Length: 5\r\n")
    yield "length: space before colon", post(host + b"Content-Length : 5\r\n")
    for name, body in {"sizeless": b"\r\n", "negative": b"-1\r\n\r\n", "0x": b"0x1\r\n \r\n0\r\n\r\n",
                       "wrapping": b"10000000000000001\r\n \r\n0\r\n\r\n", "space": b" 1\r\n \r\n0\r\n\r\n",
                       "space behind": b"1 \r\n \r\n0\r\n\r\n", "bare LF": b"1\n \r\n0\r\n\r\n",
                       "bare LF in extension": b"1;a\nb\r\n \r\n0\r\n\r\n", "no end of data": b"1\r\n  \r\n0\r\n\r\n",
                       "data ends by LF": b"1\r\n \n0\r\n\r\n", "letters": b"zz\r\n \r\n0\r\n\r\n",
                       "field in trailer folded": b"0\r\nX: y\r\n z\r\n\r\n"}.items():
        yield f"chunk: {name}", post(host + chunked, body)
    for name, head in {
        "no host": b"GET /fhir/Patient HTTP/1.1\r\n\r\n",
        "two hosts": b"GET /fhir/Patient HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "bare LF lines": b"GET /fhir/Patient HTTP/1.1\nHost: h\n\n",
        "HTTP/0.9": b"GET /fhir/Patient\r\n\r\n", "space in target": b"GET /a b HTTP/1.1\r\nHost: h\r\n\r\n",
        "two spaces": b"GET  /a HTTP/1.1\r\nHost: h\r\n\r\n", "tab": b"GET\t/a\tHTTP/1.1\r\nHost: h\r\n\r\n",
        "version 1.2": b"GET /a HTTP/1.2\r\nHost: h\r\n\r\n", "version 11": b"GET /a HTTP/11\r\nHost: h\r\n\r\n",
        "preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        "name with a space": b"GET /a HTTP/1.1\r\nHost: h\r\nX Y: a\r\n\r\n",
        "no name": b"GET /a HTTP/1.1\r\nHost: h\r\n: a\r\n\r\n",
        "no colon": b"GET /a HTTP/1.1\r\nHost: h\r\nX\r\n\r\n", "nul in name":
        b"GET /a HTTP/1.1\r\nHost: h\r\nX\0: a\r\n\r\n", "tunnel": b"CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\n\r\n",
    }.items():
        yield name, head


class Smuggling(Door):
    def test_each_form_is_refused_once_and_nothing_behind_it_is_done(self):
        # What hides behind: a write and a read; neither may ever be answered.
        behind = request("PUT", "/fhir/Patient/smuggled", patient('"id":"smuggled"')) + request(
            "GET", "/fhir/Patient/anchor")
        forms = list(smuggling_forms())
        refused = 0
        for name, form in forms:
            with self.subTest(name), self.wire(30) as wire:
                wire.send(form + behind)
                try:
                    reply = wire.reply()
                except Closed:
                    refused += 1
                    continue
                self.assertGreaterEqual(reply.status, 400, f"{name}: {reply}")
                self.assertLess(reply.status, 506, f"{name}: {reply}")
                self.assertEqual(reply.headers.get("connection"), "close", name)
                reply.issues()
                self.assertEqual(wire.ends(), b"", f"{name}: a second reply")
                refused += 1
        with self.wire() as wire:
            self.assertEqual(wire.ask("GET", "/fhir/Patient/smuggled").status, 404)
        print(f"{refused} of {len(forms)} smuggling forms refused")
        self.untouched()

    def test_what_is_not_smuggled_is_answered_in_order(self):
        """The same bytes in good form: the test above sees a second reply where there is one."""
        good = request("GET", "/fhir/Patient/anchor")
        with self.wire(30) as wire:
            wire.send(good + good + request("GET", "/fhir/Patient/nobody") + good)
            self.assertEqual([wire.reply().status for _ in range(4)], [200, 200, 404, 200])
        self.untouched()


class Crowd(Door):
    flags = ("--idle-ms-max", "3600000", "--head-ms-max", "600000")

    def test_idle_connections_cost_little_and_nobody_waits_for_them(self):
        count, spare = IDLE_CONNECTIONS, 500  # open files besides them, on either side
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard != resource.RLIM_INFINITY and hard < count + spare:
            print(f"only {hard} files may be open here: {hard - spare} connections instead of {count}")
            count = hard - spare
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count + spare), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        before = self.server.memory()[0]
        crowd = []
        try:
            for number in range(count):
                crowd.append(socket.create_connection((self.server.host, self.server.port), 60))
                if number % 3 == 1:
                    crowd[-1].sendall(b"GET /fhir/Patient/anchor HTTP/1.1\r\nHost: h\r\n")  # half a head
            with self.wire() as wire:
                wait_until(lambda: self.metric("http_connections") >= count)
                self.assertEqual(wire.ask("GET", "/fhir/Patient/anchor").status, 200)
            grown = self.server.memory()[0] - before
            print(f"{count} idle connections: RSS {before / MIB:.1f} MiB + {grown / MIB:.1f} MiB, "
                  f"{grown / count:.0f} bytes each")
            if not SANITIZED:
                self.assertLess(grown, count * IDLE_BYTES_EACH_MAX)
        finally:
            for connection in crowd:
                connection.close()
        wait_until(lambda: self.metric("http_connections") <= 1)
        self.untouched()


class Full(Door):
    flags = ("--connections-max", "20")

    def test_beyond_the_limit_a_connection_is_told_so(self):
        wait_until(lambda: self.metric("http_connections") <= 1)
        with self.wire() as wire:  # one that was there first is served on
            self.assertEqual(wire.ask("GET", "/health/live").status, 200)
            crowd = [self.wire() for _ in range(40)]
            # How many the limit meets is the promise, not which: a connection that has just been closed
            # may still be counted when the first of these come, and leave its place to a later one.
            served, told, closed = [], [], []
            for number, connection in enumerate(crowd):
                try:
                    reply = connection.ask("GET", "/health/live")
                    if reply.status != 200:
                        self.assertEqual(reply.status, 503, reply)
                        reply.issues()
                    (served if reply.status == 200 else told).append(number)
                except Closed:
                    closed.append(number)
            print(f"of 40 beside one, at most 20: served {served}, told {told}, closed {closed}")
            self.assertTrue(0 < len(served) <= 19, served)
            self.assertGreater(len(told), 0)
            self.assertEqual(wire.ask("GET", "/fhir/Patient/anchor").status, 200)
            for connection in crowd:
                connection.close()
        wait_until(self.answers)
        self.untouched()

    def answers(self):
        try:
            with self.wire() as wire:
                return wire.ask("GET", "/health/live").status == 200
        except Closed:
            return False


class Noise(Door):
    def test_mutated_requests_never_end_the_server(self):
        """Good requests with some bytes changed, cut or doubled. They may do what they then say."""
        seed = int(os.environ.get("HOLDFAST_SEED", random.SystemRandom().randrange(1_000_000)))
        count = 300 if SANITIZED else 2_000
        print(f"HOLDFAST_SEED={seed}")
        dice = random.Random(seed)
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [
            {"fullUrl": "urn:uuid:a", "resource": {"resourceType": "Patient"},
             "request": {"method": "POST", "url": "Patient"}}]}
        good = [request("POST", "/fhir/Patient", GOOD), request("GET", "/fhir/Patient?_id=anchor&_count=3"),
                request("PUT", "/fhir/Patient/x1", patient('"id":"x1"'), {"If-Match": 'W/"1"'}),
                request("POST", "/fhir", bundle, {"Idempotency-Key": "k"}), request("DELETE", "/fhir/Patient/x1"),
                b"POST /fhir/Patient HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
                b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(GOOD), GOOD)]
        for number in range(count):
            data = bytearray(dice.choice(good))
            for _ in range(dice.randrange(1, 4)):
                at = dice.randrange(len(data))
                kind = dice.randrange(4)
                if kind == 0:
                    data[at] = dice.randrange(256)
                elif kind == 1:
                    data[at] ^= 1 << dice.randrange(8)
                elif kind == 2:
                    del data[at:at + dice.randrange(1, 30)]
                else:
                    data[at:at] = data[max(0, at - 20):at]
                if not data:
                    break
            with self.subTest(number=number, seed=seed), self.wire(30) as wire:
                try:
                    wire.send(bytes(data))
                    wire.socket.shutdown(socket.SHUT_WR)
                except (Closed, OSError):
                    continue
                for line in wire.ends().split(b"\r\n"):
                    if line.startswith(b"HTTP/1.1 "):
                        self.assertIn(line[9:12], (b"100", b"200", b"201", b"204", b"400", b"404", b"405", b"406",
                                                   b"408", b"409", b"410", b"411", b"412", b"413", b"414", b"415",
                                                   b"417", b"422", b"431", b"501", b"505"), bytes(data))
        self.assertIsNone(self.server.process.poll())
        self.assertEqual(self.metric("http_replies_malformed_total"), 0)
        self.assertEqual(self.server.end(), 0, self.server.log()[-3:])
        self.summary("verify", self.directory)


if __name__ == "__main__":
    main()
