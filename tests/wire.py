"""wire.py: HTTP/1.1 as the tests speak it: a blocking socket and a strict reader of replies, sharing
no code with the server or its client. What a reply may not look like is an error here."""
import hashlib
import json
import re
import socket

FHIR_JSON = "application/fhir+json"
REPLY_HEAD_BYTES_MAX = 64 << 10


class Closed(Exception):
    """The server closed the connection, cleanly or by a reset, before a whole reply had come."""


class Reply:
    """`headers` is by lower-case name; `status`, `body` (bytes)."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return read_json(self.body)

    def issues(self):
        """The issues of an OperationOutcome; anything else is an error."""
        outcome = self.json()
        if outcome.get("resourceType") != "OperationOutcome" or not outcome.get("issue"):
            raise AssertionError(f"no OperationOutcome: {self.status} {self.body[:300]}")
        for issue in outcome["issue"]:
            if not issue.get("severity") or not issue.get("code"):
                raise AssertionError(f"an issue without severity or code: {issue}")
        return outcome["issue"]

    def __repr__(self):
        return f"{self.status} {self.body[:400]!r}"


class Wire:
    """One connection. Bytes can be sent as they are; replies are read one by one."""

    def __init__(self, host, port, timeout=60):
        self.host, self.port = host, port
        self.socket = socket.create_connection((host, port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.came = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        """All of it, or Closed."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise Closed(str(error)) from error

    def reply(self, method="GET"):
        head = self._until(b"\r\n\r\n")
        lines = head[:-4].decode("ascii").split("\r\n")
        status = re.fullmatch(r"HTTP/1\.1 (\d{3}) [ -~]*", lines[0])
        if not status:
            raise AssertionError(f"no status line: {lines[0]!r}")
        headers = {}
        for line in lines[1:]:
            field = re.fullmatch(r"([!#-'*+.0-9A-Z^-z|~-]+): ([ -~]*)", line)
            if not field or field.group(1).lower() in headers:
                raise AssertionError(f"a bad or repeated field: {line!r}")
            headers[field.group(1).lower()] = field.group(2)
        code = int(status.group(1))
        if code < 200:
            return self.reply(method)
        body = b""
        if method != "HEAD" and code not in (204, 304):
            if not re.fullmatch(r"\d+", headers.get("content-length", "")):
                raise AssertionError(f"no length: {head!r}")
            body = self._take(int(headers["content-length"]))
        return Reply(code, headers, body)

    def ask(self, method, target, body=None, headers=()):
        """One request, one reply. `body` is bytes, text, or anything that JSON can say. A refusal may
        come, and the connection end, before all of it was sent."""
        try:
            self.send(request(method, target, body, headers, f"{self.host}:{self.port}"))
        except Closed:
            pass
        return self.reply(method)

    def ends(self):
        """Waits for the other side to close; returns what still came before that."""
        try:
            while data := self.socket.recv(65536):
                self.came += data
        except ConnectionResetError:
            pass
        return self.came

    def _more(self):
        try:
            data = self.socket.recv(1 << 20)
        except ConnectionResetError as error:
            raise Closed(str(error)) from error
        if not data:
            raise Closed("ended")
        return data

    def _until(self, mark):
        while mark not in self.came:
            if len(self.came) > REPLY_HEAD_BYTES_MAX:
                raise AssertionError("a reply's head without end")
            self.came += self._more()
        end = self.came.index(mark) + len(mark)
        head, self.came = self.came[:end], self.came[end:]
        return head

    def _take(self, count):
        pieces, have = [self.came], len(self.came)
        while have < count:
            pieces.append(self._more())
            have += len(pieces[-1])
        whole = b"".join(pieces)
        self.came = whole[count:]
        return whole[:count]


def request(method, target, body=None, headers=(), host="localhost"):
    """The bytes of a request. `headers` is a dict or pairs; Content-Type is FHIR JSON unless there."""
    fields = dict(headers)
    if body is not None:
        fields.setdefault("Content-Type", FHIR_JSON)
        body = as_bytes(body)
        fields["Content-Length"] = len(body)
    head = f"{method} {target} HTTP/1.1\r\nHost: {host}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return head.encode("ascii") + b"\r\n" + (body or b"")


def as_bytes(body):
    if isinstance(body, bytes):
        return body
    return (body if isinstance(body, str) else json.dumps(body)).encode()


class Number(str):
    """A JSON number as the text that it was: 1.50 is not 1.5."""


def read_json(data):
    def pairs(members):
        known = dict(members)
        if len(known) != len(members):
            raise AssertionError("a member twice")
        return known

    return json.loads(data, parse_float=Number, parse_int=Number, object_pairs_hook=pairs)


def sha256(data):
    return hashlib.sha256(data).hexdigest()
