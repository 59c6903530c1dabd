"""packages_test.py: search parameters of packages are searched by once their indexes are complete, by what is
old and what is new alike: over kill -9 in the middle of that, page links of the time before, a rebuild,
and the end of the package. What cannot be used refuses the start by name.
"""
import json
import os
import shutil
import subprocess

from harness import Server, ServerTest, ask, main, metric, wait_until, BINARY

SANITIZED = os.environ.get("HOLDFAST_SANITIZED") == "1"
PATIENTS = 4000
MANIFEST = {"name": "acme.base", "version": "1.0.0", "fhirVersions": ["4.0.1"]}


def parameter(code, kind, base, expression):
    return {"resourceType": "SearchParameter", "url": f"urn:acme:{code}", "name": code, "code": code,
            "status": "active", "description": code, "type": kind, "base": [base], "expression": expression}


def patient(number, town=None):
    return {"resourceType": "Patient", "id": f"p{number}",
            "contact": [{"name": {"family": f"Family{number % 40}"}, "address": {"city": town or "Leeds"}}],
            "communication": [{"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": "cy"}]},
                               "preferred": number % 4 == 0}]}


class Packages(ServerTest):
    def setUp(self):
        super().setUp()
        self.directory = self.init()
        self.folder_of_packages = self.folder / "packages"

    def put_package(self, *parameters):
        inside = self.folder_of_packages / "acme.base" / "package"
        shutil.rmtree(self.folder_of_packages, ignore_errors=True)
        inside.mkdir(parents=True)
        (inside / "package.json").write_text(json.dumps(MANIFEST))
        for one in parameters:
            (inside / f"SearchParameter-{one['code']}.json").write_text(json.dumps(one))

    def start(self, packages=True):
        flags = ["--packages", str(self.folder_of_packages)] if packages else []
        server = self.serve(self.directory, *flags)
        self.connection = server.connect()
        return server

    def get(self, target, status=200):
        reply = ask(self.connection, "GET", target)
        self.assertEqual(reply.status, status, f"{target}: {reply.body[:400]}")
        return json.loads(reply.body)

    def total(self, query):
        return self.get(f"/fhir/Patient?{query}&_summary=count")["total"]

    def fill(self, numbers, **more):
        entries = [{"resource": patient(number, **more), "request": {"method": "PUT", "url": f"Patient/p{number}"}}
                   for number in numbers]
        for start in range(0, len(entries), 500):
            bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries[start:start + 500]}
            reply = ask(self.connection, "POST", "/fhir", bundle)
            self.assertEqual(reply.status, 200, reply.body[:400])

    def complete(self):
        wait_until(lambda: metric(self.connection, "definitions_waiting") == 0)

    def check(self):
        self.assertEqual(self.total("contact-family=family7"), PATIENTS // 40)
        self.assertEqual(self.total("contact-city=york"), PATIENTS // 10)
        self.assertEqual(self.total("speaks=urn:ietf:bcp:47|cy"), PATIENTS)

    def test_parameters_of_a_package_are_searched_by(self):
        server = self.start(packages=False)
        self.fill(range(PATIENTS))
        self.get("/fhir/Patient?contact-family=family7", 400)
        before = self.get("/fhir/Patient?_count=1000&_sort=_id")
        self.assertEqual(server.end(), 0)
        family = parameter("contact-family", "string", "Patient", "Patient.contact.name.family")
        city = parameter("contact-city", "string", "Patient", "Patient.contact.address.city")
        speaks = parameter("speaks", "token", "Patient", "Patient.communication.language")
        self.put_package(family, city, speaks)
        for _ in range(3):  # in the middle of it, wherever that is
            server = self.start()
            self.fill(range(0, PATIENTS, 10), town="York")
            server.kill()
        server = self.start()
        self.complete()
        self.check()
        names = {one["name"] for resource in self.get("/fhir/metadata")["rest"][0]["resource"]
                 if resource["type"] == "Patient" for one in resource["searchParam"]}
        self.assertLessEqual({"contact-family", "contact-city", "speaks"}, names)
        # A page link from before goes on by what was searched by then.
        link = next(each["url"] for each in before["link"] if each["relation"] == "next")
        seen = len(before["entry"])
        while link:
            page = self.get(link[link.index("/fhir/"):])
            seen += len(page["entry"])
            link = next((each["url"] for each in page["link"] if each["relation"] == "next"), None)
        self.assertEqual(seen, PATIENTS)
        self.assertEqual(server.end(), 0)
        verified = self.summary("verify", self.directory)
        self.assertEqual(self.summary("rebuild", self.directory), verified)
        self.assertEqual(self.summary("verify", self.directory), verified)
        server = self.start()
        self.check()
        self.assertEqual(metric(self.connection, "journal_position"), int(verified[0]))
        self.assertEqual(server.end(), 0)
        # Views that are gone are made anew, with all indexes.
        shutil.rmtree(self.directory / "views")
        server = self.start()
        self.check()
        self.assertEqual(server.end(), 0)
        # Without the package nobody searches by its parameters; they may come back.
        server = self.start(packages=False)
        self.complete()
        self.get("/fhir/Patient?contact-family=family7", 400)
        self.fill(range(3), town="Bath")
        self.assertEqual(server.end(), 0)
        server = self.start()
        self.complete()
        self.assertEqual(self.total("contact-city=bath"), 3)
        self.assertEqual(server.end(), 0)
        self.summary("verify", self.directory)

    def test_what_cannot_be_used_is_named(self):
        self.put_package(parameter("a b", "token", "Patient", "Patient.active"))
        with self.assertRaisesRegex(AssertionError, "urn:acme:a b.*code"):
            Server(self.directory, "--packages", str(self.folder_of_packages))
        (self.folder_of_packages / "acme.base" / "package" / "broken.json").write_text("{")
        done = subprocess.run([BINARY, "serve", "--data", self.directory, "--packages", self.folder_of_packages],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("acme.base: broken.json", done.stderr)
        # What has to be computed is taken, and says so where it is asked for.
        self.put_package(parameter("odd", "token", "Patient", "Patient.resolveAll()"))
        server = self.start()
        self.complete()
        self.assertIn("odd", json.dumps(self.get("/fhir/Patient?odd=1", 400)))
        self.assertTrue(any("nobody can search by this parameter" in line for line in server.log()))

    def test_hostile_expressions_are_refused_by_name_or_do_no_harm(self):
        hostile = {
            "deep": "(" * 5000 + "Patient.name.family" + ")" * 5000, "unclosed": "Patient.name.where(",
            "long path": "Patient" + ".contact" * 100_000, "wide union": " | ".join(["Patient.name.family"] * 20_000),
            "many filters": "Patient.name" + ".where(use = 'official')" * 2000 + ".family",
            "pattern": "Patient.name.where(family.matches('(a+)+b')).family", "repeat": "Patient.repeat(extension).url",
            "products": "(Patient.name | Patient.contact)" + ".select(($this | $this).combine($this))" * 50,
            "huge item": "Patient.name[99999999999999999999].family", "control": "Patient.\u0000name.family",
            "another type": "Observation.code", "no type": "Nothing.name", "variable": "%nothing.name",
            "cast": "Patient.name.as(Observation).code", "empty": "", "number": "1", "resolve": "Patient.link.other.resolve().name.family",
        }
        for number, (name, expression) in enumerate(hostile.items()):
            self.put_package(parameter("hostile", "string", "Patient", expression))
            try:
                server = self.start()
            except AssertionError as error:
                self.assertIn("urn:acme:hostile", str(error), name)
                continue
            self.complete()
            self.assertEqual(ask(self.connection, "PUT", "/fhir/Patient/p1", patient(number) | {"id": "p1"}).status // 100, 2)
            reply = ask(self.connection, "GET", "/fhir/Patient?hostile=a")
            self.assertIn(reply.status, (200, 400), f"{name}: {reply.body[:300]}")
            if not SANITIZED:
                self.assertLess(server.memory()[1], 256 << 20, name)
            self.assertEqual(server.end(), 0, name)
        self.start(packages=False)
        self.assertEqual(self.total("_id=p1"), 1)


if __name__ == "__main__":
    main()
