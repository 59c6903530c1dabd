"""xml_test.py: FHIR XML over HTTP. The official examples go in as JSON, come out as XML that Python's own
parser reads, with every value in its place, go in again as that XML, and are then what they were. What is
no XML, or would reach outside, is refused, and the journal stays where it was.
"""
import re
import xml.etree.ElementTree as ET

from bad_input_test import MIB, Door
from examples_test import REFUSED_DEFINITIONS, REFUSED_INSTANCES, SANITIZED, Examples, own_meta
from harness import main, shared_data
from wire import Wire, read_json

FHIR, XHTML = "{http://hl7.org/fhir}", "{http://www.w3.org/1999/xhtml}"
FHIR_XML = {"Content-Type": "application/fhir+xml"}
WANTS_XML = {"Accept": "application/fhir+xml"}
WANTS_JSON = {"Accept": "application/fhir+json"}


def text(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


def of_json(value, path="", under=""):
    """(place, value) of every primitive, without knowing a definition: what is beside x in _x belongs to x."""
    found = {}

    def add(place, one, name):
        if name == "div":
            found[place] = of_tree(ET.fromstring(one.encode()))
        elif isinstance(one, dict):
            found.update(of_json(one, place, name))
        elif one is not None:
            found[place] = text(one)

    is_resource = "resourceType" in value and under != "instance"  # ExampleScenario has one of its own
    path += "/" + value["resourceType"] if is_resource else ""
    for name, member in value.items():
        if is_resource and name == "resourceType":
            continue
        if not is_resource and (name == "id" or (name == "url" and under.lower().endswith("extension"))):
            found[f"{path}@{name}"] = member
            continue
        name = name.removeprefix("_")
        for number, one in enumerate(member if isinstance(member, list) else [member]):
            add(f"{path}/{name}[{number}]", one, name)
    return found


def of_tree(element):
    return (element.tag, sorted(element.attrib.items()), element.text or "", element.tail and element.tail.strip(),
            [of_tree(child) for child in element])


def of_xml(element, path):
    found, counts = {}, {}
    for name, value in element.attrib.items():
        if name.endswith("}schemaLocation"):
            continue
        found[path if name == "value" else f"{path}@{name}"] = value
    for child in element:
        if child.tag == XHTML + "div":
            child.tail = None
            found[f"{path}/div[0]"] = of_tree(child)
            continue
        assert child.tag.startswith(FHIR), child.tag
        name = child.tag.removeprefix(FHIR)
        if name[0].isupper():  # a resource in an element
            found.update(of_xml(child, f"{path}/{name}"))
            continue
        found.update(of_xml(child, f"{path}/{name}[{counts.get(name, 0)}]"))
        counts[name] = counts.get(name, 0) + 1
    return found


class Forms(Examples):
    test_the_definitions_go_in_and_come_out = None  # examples_test.py's own
    test_the_instances_go_in_and_come_out = None

    def test_the_examples_go_through_both_forms(self):
        files = [path for path, kind in self.files()
                 if path.name not in REFUSED_INSTANCES and path.name not in REFUSED_DEFINITIONS]
        if SANITIZED:  # slow there
            files = files[::10]
        with Wire(self.server.host, self.server.port, 120) as wire:
            for path in files:
                sent = read_json(path.read_bytes())
                target = f"/fhir/{sent['resourceType']}/{sent['id']}"
                reply = wire.ask("PUT", target, path.read_bytes())
                self.assertEqual(reply.status, 201, f"{path.name}: {reply}")
                self.there_and_back(wire, target, sent, path.name)
        print(f"{len(files)} examples and definitions went through JSON, XML and JSON")
        self.assertGreater(len(files), 500 if SANITIZED else 5000)

    def there_and_back(self, wire, target, sent, name):
        stored = wire.ask("GET", target, headers=WANTS_JSON)
        shown = wire.ask("GET", target, headers=WANTS_XML)
        self.assertEqual(shown.status, 200, f"{name}: {shown}")
        self.assertEqual(shown.headers["content-type"], "application/fhir+xml;charset=utf-8")
        self.assertTrue(shown.body.startswith(b'<?xml version="1.0" encoding="UTF-8"?>'), name)
        tree = ET.fromstring(shown.body)
        wanted = of_json(stored.json())
        self.assertEqual(of_xml(tree, "/" + tree.tag.removeprefix(FHIR)), wanted, name)
        again = wire.ask("PUT", target, shown.body, FHIR_XML)
        self.assertEqual(again.status, 200, f"{name}: {again}")
        self.assertEqual(again.headers["content-type"], "application/fhir+xml;charset=utf-8")
        back = wire.ask("GET", target).json()
        self.assertEqual(own_meta(back), own_meta(sent), name)
        self.assertEqual(back, sent, name)

    def test_real_xml_goes_in(self):
        files = sorted((shared_data() / "fhirpath").glob("*.xml"))
        if not files:
            self.skipTest(f"the shared test data is not at {shared_data()}")
        with Wire(self.server.host, self.server.port, 120) as wire:
            for path in files:
                tree = ET.fromstring(path.read_bytes())
                target = f"/fhir/{tree.tag.removeprefix(FHIR)}"
                reply = wire.ask("POST", target, path.read_bytes(), FHIR_XML)
                if path.name == "observation-example.xml":  # an extension behind the status
                    self.assertEqual(reply.status, 422, reply)
                    self.assertIn(b"extension must stand before status", reply.body)
                    continue
                self.assertEqual(reply.status, 201, f"{path.name}: {reply}")
                address = re.fullmatch(r"http://[^/]+(/fhir/[^/]+/[^/]+)/_history/1", reply.headers["location"]).group(1)
                stored = wire.ask("GET", address).json()
                sent = of_xml(tree, "/" + tree.tag.removeprefix(FHIR))
                shown = of_json(stored)
                for place, value in sent.items():
                    if not place.endswith("/id[0]") and "/meta[0]/" not in place:
                        self.assertEqual(shown.get(place), value, f"{path.name} {place}")


class BadXml(Door):
    def bad(self, name, body, statuses=(400,), says="", kind="application/fhir+xml"):
        return self.refused(name, statuses, "POST", "/fhir/Patient", body, {"Content-Type": kind, **WANTS_JSON}, says)

    def patient(self, inside=b""):
        return b'<Patient xmlns="http://hl7.org/fhir">' + inside + b"</Patient>"

    def test_what_is_no_xml_or_reaches_outside_is_refused(self):
        laughs = b'<!ENTITY a0 "lol">' + b"".join(
            b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10))
        for name, body, says in (
                ("billion laughs", b"<!DOCTYPE a [" + laughs + b"]>" + self.patient(b"<language value='&a9;'/>"), "DTD"),
                ("external entity", b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>' +
                 self.patient(b"<language value='&x;'/>"), "DTD"),
                ("external subset", b'<!DOCTYPE a SYSTEM "http://127.0.0.1:1/a.dtd">' + self.patient(), "DTD"),
                ("stylesheet", b'<?xml-stylesheet href="http://127.0.0.1:1/"?>' + self.patient(), "xml-stylesheet"),
                ("latin-1", b'<?xml version="1.0" encoding="ISO-8859-1"?>' + self.patient(), "ISO-8859-1"),
                ("utf-16", self.patient().decode().encode("utf-16"), "UTF-16"),
                ("invalid utf-8", self.patient(b"<language value='\xff'/>"), "UTF-8"),
                ("nul", self.patient(b"<language value='\0'/>"), "does not allow"),
                ("attribute twice", self.patient(b"<active value='true' value='true'/>"), "twice"),
                ("open and deep", b"<a>" * 100_000, ""),
                ("json", b'{"resourceType":"Patient"}', ""),
                ("empty", b"", "")):
            self.bad(name, body, says=says)
        self.bad("closed and deep", b"<a>" * 100_000 + b"</a>" * 100_000, (413,), "levels deep")
        self.bad("many", self.patient(b"<a/>" * (31 * MIB // 4)), (413,), "at most")
        self.bad("many attributes", self.patient(b"<a " + b"".join(b"a%d='' " % n for n in range(100_000)) + b"/>"), (413,))
        self.bad("order", self.patient(b"<active value='true'/><id value='a'/>"), (422,), "must stand before")
        self.bad("namespace", b"<Patient/>", (422,), "namespace")
        self.untouched()

    def test_a_refusal_is_xml_for_whoever_speaks_xml(self):
        for headers, body in ((FHIR_XML, self.patient(b"<nom/>")), ({"Content-Type": "text/xml"}, b"<a"),
                              ({**FHIR_XML, **WANTS_XML}, self.patient(b"<active value='x'/>"))):
            with self.wire() as wire:
                reply = wire.ask("POST", "/fhir/Patient", body, headers)
                self.assertIn(reply.status, (400, 422), reply)
                tree = ET.fromstring(reply.body)
                self.assertEqual(tree.tag, FHIR + "OperationOutcome")
                self.assertEqual(tree.find(f"{FHIR}issue/{FHIR}severity").get("value"), "error")
        with self.wire() as wire:
            for target in ("/fhir/Patient/none", "/fhir/None/x", "/fhir/Patient?none=1", "/fhir/Patient/a/b/c/d"):
                reply = wire.ask("GET", target, headers=WANTS_XML)
                self.assertIn(reply.status, (400, 404), reply)
                self.assertEqual(ET.fromstring(reply.body).tag, FHIR + "OperationOutcome")
            statement = ET.fromstring(wire.ask("GET", "/fhir/metadata?_format=xml").body)
            self.assertEqual(statement.tag, FHIR + "CapabilityStatement")
            self.assertIn("xml", [one.get("value") for one in statement.findall(FHIR + "format")])
        self.untouched()


if __name__ == "__main__":
    del Examples, Door  # their tests are run where they stand
    main()
