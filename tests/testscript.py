"""testscript.py: runs FHIR TestScripts (https://hl7.org/fhir/R4/testscript.html) against a server: fixtures,
variables, setup, tests, teardown. What it does not know it says: an element, operation, operator or
assertion that is not understood fails the test that uses it, so that none passes by not being looked at.

`responseBody` and the operator `matchesRegex` are not in the standard; they mean what they say.
"""
import json
import re
import urllib.parse

from wire import as_bytes, read_json

DESCRIPTIVE = {"resourceType", "id", "url", "identifier", "version", "name", "title", "status", "experimental",
               "date", "publisher", "contact", "description", "useContext", "jurisdiction", "purpose",
               "copyright", "relatedArtifact"}
OPERATION = {"type", "resource", "label", "description", "accept", "contentType", "encodeRequestUrl", "method",
             "params", "requestHeader", "requestId", "responseId", "sourceId", "targetId", "url"}
ABOUT_ASSERTS = {"label", "description", "operator", "value", "sourceId", "warningOnly", "direction"}
ASSERTS = {"response", "responseCode", "contentType", "resource", "headerField", "expression", "minimumId",
           "responseBody"}
# https://hl7.org/fhir/R4/valueset-assert-response-code-types.html
RESPONSES = {"okay": 200, "created": 201, "noContent": 204, "notModified": 304, "bad": 400, "forbidden": 403,
             "notFound": 404, "methodNotAllowed": 405, "conflict": 409, "gone": 410,
             "preconditionFailed": 412, "unprocessable": 422}
METHODS = {"read": "GET", "vread": "GET", "search": "GET", "history": "GET", "capabilities": "GET",
           "create": "POST", "update": "PUT", "delete": "DELETE", "batch": "POST", "transaction": "POST"}
# What names are in a path that this runner follows; anything else of FHIRPath it refuses.
STEP = re.compile(r"(\w+)(?:\[(\d+)\])?")


class Unknown(Exception):
    """The script says something that this runner does not do."""


class Failed(Exception):
    """The server does not do what the script says."""


class Script:
    """One run. `ask(method, target, body, headers)` sends a request below `base` and gives a wire.Reply;
    `read_fixture(reference)` gives the resource of a fixture that is not contained."""

    def __init__(self, script, ask, base, read_fixture=None):
        self.script, self.ask, self.base, self.read_fixture = script, ask, base, read_fixture
        self.fixtures = {}  # id → resource
        self.replies = {}  # responseId → reply
        self.last = None

    def run(self):
        """[(name of the test, None or why not)], the setup and teardown among them if there are any."""
        outcomes = []
        prepared = self._outcome("setup", self._set_up)
        if prepared[1] or self.script.get("setup"):
            outcomes.append(prepared)
        if not prepared[1]:
            for number, test in enumerate(self.script.get("test", []), 1):
                name = test.get("name") or test.get("id") or f"test {number}"
                outcomes.append(self._outcome(name, lambda: self._actions(test)))
        torn = self._outcome("teardown", self._tear_down)
        if torn[1]:
            outcomes.append(torn)
        return outcomes

    def _outcome(self, name, act):
        try:
            act()
            return name, None
        except Unknown as error:
            return name, f"not understood: {error}"
        except Failed as error:
            return name, str(error)

    def _set_up(self):
        known = DESCRIPTIVE | {"fixture", "variable", "setup", "test", "teardown", "contained"}
        only(self.script, known, "TestScript")
        for variable in self.script.get("variable", []):
            only(variable, {"name", "defaultValue", "description", "headerField", "hint", "expression", "path",
                            "sourceId"}, "variable")
        for fixture in self.script.get("fixture", []):
            only(fixture, {"id", "autocreate", "autodelete", "resource"}, "fixture")
            reference = fixture["resource"]["reference"]
            self.fixtures[fixture["id"]] = self._contained(reference) or self.read_fixture(reference)
            if fixture.get("autocreate"):
                created = self.fixtures[fixture["id"]]
                self._send({"type": {"code": "create"}, "resource": created["resourceType"],
                            "sourceId": fixture["id"], "responseId": fixture["id"]})
                expect(self.last.status in (200, 201), f"autocreate of {fixture['id']}: {self.last}")
        self._actions(self.script.get("setup", {}))

    def _tear_down(self):
        self._actions(self.script.get("teardown", {}))
        for fixture in self.script.get("fixture", []):
            if fixture.get("autodelete") and fixture["id"] in self.replies:
                self._send({"type": {"code": "delete"}, "targetId": fixture["id"]})
                expect(self.last.status in (200, 204), f"autodelete of {fixture['id']}: {self.last}")

    def _contained(self, reference):
        found = [one for one in self.script.get("contained", []) if reference == "#" + one["id"]]
        return {name: value for name, value in found[0].items() if name != "id"} if found else None

    def _actions(self, of):
        for action in of.get("action", []):
            only(action, {"operation", "assert"}, "action")
            if "operation" in action:
                self._send(action["operation"])
            if "assert" in action:
                self._hold(action["assert"])

    # ---- operations

    def _send(self, operation):
        only(operation, OPERATION, "operation")
        code = operation.get("type", {}).get("code")
        if code not in METHODS:
            raise Unknown(f"operation {code}")
        method = (operation.get("method") or METHODS[code]).upper()
        headers = {}
        for name, field in (("Accept", "accept"), ("Content-Type", "contentType")):
            if operation.get(field):
                headers[name] = media_type(operation[field])
        for header in operation.get("requestHeader", []):
            headers[header["field"]] = self._filled(header["value"])
        body = None
        if operation.get("sourceId"):
            body = self._filled(json.dumps(self._resource(operation["sourceId"]), ensure_ascii=False))
        target = self._target(code, operation)
        if operation.get("encodeRequestUrl", True):
            target = urllib.parse.quote(target, safe="/?&=:$,-._~%+")
        self.last = self.ask(method, target, body, headers)
        if operation.get("responseId"):
            self.replies[operation["responseId"]] = self.last
        if operation.get("requestId") and body:
            self.fixtures[operation["requestId"]] = read_json(as_bytes(body))

    def _target(self, code, operation):
        """https://hl7.org/fhir/R4/testscript.html#operation-url: url, or type and params, or targetId."""
        if operation.get("url"):
            return self._filled(operation["url"])
        params = self._filled(operation.get("params", ""))
        if code == "capabilities":
            return "/metadata" + params
        if code in ("batch", "transaction"):
            return params or "/"
        if operation.get("targetId"):
            about = self._resource(operation["targetId"])
            target = f"/{about['resourceType']}/{about['id']}"
            if code == "vread":
                target += f"/_history/{about['meta']['versionId']}"
        else:
            target = "/" + operation["resource"] if "resource" in operation else ""
        return target + ("/_history" if code == "history" else "") + params

    def _resource(self, name):
        if name in self.replies:
            return body_of(self.replies[name])
        if name in self.fixtures:
            return self.fixtures[name]
        raise Unknown(f"{name} is neither a fixture nor a reply so far")

    # ---- variables

    def _filled(self, text):
        return re.sub(r"\$\{([^}]+)\}", lambda match: self._variable(match.group(1)), text)

    def _variable(self, name):
        for variable in self.script.get("variable", []):
            if variable["name"] != name:
                continue
            if variable.get("headerField"):
                value = self._reply(variable).headers.get(variable["headerField"].lower())
            elif variable.get("expression") or variable.get("path"):
                found = follow(self._resource(variable["sourceId"]), variable.get("expression") or variable["path"])
                value = str(found[0]) if found else None
            else:
                value = variable.get("defaultValue")
            expect(value is not None, f"the variable {name} has no value")
            return value
        raise Unknown(f"variable {name}")

    def _reply(self, of):
        if not of.get("sourceId"):
            return self.last
        if of["sourceId"] not in self.replies:
            raise Unknown(f"{of['sourceId']} is no reply so far")
        return self.replies[of["sourceId"]]

    # ---- assertions

    def _hold(self, asserted):
        only(asserted, ABOUT_ASSERTS | ASSERTS, "assert")
        kinds = ASSERTS & asserted.keys()
        if len(kinds) != 1:
            raise Unknown(f"an assert of {sorted(kinds) or 'nothing'}")
        if asserted.get("direction", "response") != "response":
            raise Unknown("an assert about a request")
        label = asserted.get("label") or asserted.get("description") or ""
        try:
            self._check(kinds.pop(), asserted)
        except Failed as error:
            if not asserted.get("warningOnly"):
                raise Failed(f"{label}: {error}") from error

    def _check(self, kind, asserted):
        operator = asserted.get("operator", "equals")
        if kind == "minimumId":
            wanted = self._resource(asserted["minimumId"])
            expect(within(wanted, body_of(self._reply(asserted))), f"{self.last} lacks something of {wanted}")
        elif kind == "response":
            code = asserted["response"]
            if code not in RESPONSES:
                raise Unknown(f"response {code}")
            compare(operator, str(self._reply(asserted).status), str(RESPONSES[code]))
        elif kind == "responseCode":
            compare(operator, str(self._reply(asserted).status), asserted["responseCode"])
        elif kind == "contentType":
            wanted = asserted["contentType"]
            compare(operator, self._reply(asserted).headers.get("content-type", "").split(";")[0],
                    wanted if operator == "contains" else media_type(wanted))
        elif kind == "headerField":
            compare(operator, self._reply(asserted).headers.get(asserted["headerField"].lower(), ""),
                    self._filled(asserted.get("value", "")))
        elif kind == "resource":
            compare(operator, body_of(self._reply(asserted)).get("resourceType", ""), asserted["resource"])
        elif kind == "responseBody":
            compare(operator, self._reply(asserted).body.decode(), asserted["responseBody"])
        elif kind == "expression":
            about = self._resource(asserted["sourceId"]) if asserted.get("sourceId") else body_of(self.last)
            found = follow(about, asserted["expression"])
            if "value" not in asserted and operator == "equals":
                operator = "notEmpty"
            compare(operator, ",".join(map(str, found)), self._filled(asserted.get("value", "")))


def only(of, known, what):
    """Each member of `of` is understood."""
    unknown = sorted(of.keys() - known)
    if unknown:
        raise Unknown(f"{what}.{unknown[0]}")


def expect(holds, otherwise):
    if not holds:
        raise Failed(otherwise)


def compare(operator, actual, wanted):
    """https://hl7.org/fhir/R4/valueset-assert-operator-codes.html"""
    if operator == "equals":
        holds = actual == wanted
    elif operator == "notEquals":
        holds = actual != wanted
    elif operator in ("in", "notIn"):
        holds = (actual in [one.strip() for one in wanted.split(",")]) == (operator == "in")
    elif operator in ("contains", "notContains"):
        holds = (wanted in actual) == (operator == "contains")
    elif operator in ("empty", "notEmpty"):
        holds = (actual == "") == (operator == "empty")
    elif operator in ("greaterThan", "lessThan"):
        holds = float(actual) > float(wanted) if operator == "greaterThan" else float(actual) < float(wanted)
    elif operator == "matchesRegex":
        holds = re.search(wanted, actual) is not None
    else:
        raise Unknown(f"operator {operator}")
    expect(holds, f"{actual[:300]!r} {operator} {wanted!r} does not hold")


def media_type(name):
    return {"json": "application/fhir+json", "xml": "application/fhir+xml", "none": ""}.get(name, name)


def body_of(reply):
    try:
        return reply.json()
    except ValueError as error:
        raise Failed(f"no JSON: {reply}") from error


def follow(resource, path):
    """What a path of names and [n] leads to, in order."""
    steps = path.split(".")
    if steps[0] == resource.get("resourceType"):
        steps = steps[1:]
    found = [resource]
    for step in steps:
        match = STEP.fullmatch(step)
        if not match:
            raise Unknown(f"path {path}")
        found = [item for one in found if isinstance(one, dict) and match.group(1) in one
                 for item in (one[match.group(1)] if isinstance(one[match.group(1)], list)
                              else [one[match.group(1)]])]
        if match.group(2):
            found = found[int(match.group(2)):][:1]
    return found


def within(wanted, actual):
    """Everything of `wanted` is in `actual`; lists may hold more."""
    if isinstance(wanted, dict):
        return isinstance(actual, dict) and all(name in actual and within(value, actual[name])
                                                for name, value in wanted.items())
    if isinstance(wanted, list):
        return isinstance(actual, list) and all(any(within(one, other) for other in actual) for one in wanted)
    return str(wanted) == str(actual)
