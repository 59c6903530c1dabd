"""mllp.py: HL7 v2 over MLLP on a blocking socket, plain or over TLS, sharing no code with the program."""
import socket


def frame(message):
    return b"\x0b" + message + b"\x1c\r"


class Mllp:
    def __init__(self, host, port, timeout=60, tls=None, name=None):
        """`tls`: an ssl.SSLContext, for a server called `name`."""
        self.socket = socket.create_connection((host, port), timeout=timeout)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname=name)
        self.held = b""

    def send(self, message):
        self.socket.sendall(frame(message))

    def raw(self, data):
        self.socket.sendall(data)

    def receive(self):
        """The next frame's content; None at the end of the connection."""
        while b"\x1c\r" not in self.held:
            try:
                data = self.socket.recv(65536)
            except ConnectionError:
                data = b""
            if not data:
                return None
            self.held += data
        message, self.held = self.held.split(b"\x1c\r", 1)
        assert message[:1] == b"\x0b", message[:20]
        return message[1:]

    def ask(self, message):
        """MSA-1 and MSA-2 of the acknowledgement; None if the connection ended without one."""
        try:
            self.send(message)
        except ConnectionError:
            return None
        answer = self.receive()
        return answer and acknowledged(answer)

    def close(self):
        self.socket.close()


def acknowledged(answer):
    for segment in answer.split(b"\r"):
        if segment.startswith(b"MSA"):
            fields = segment.decode().split("|")
            return fields[1], fields[2]
    raise AssertionError(f"no MSA in {answer!r}")


def message(number, kind="ADT^A08", patient="1", application="LAB", processing="P", rest=""):
    return (f"MSH|^~\\&|{application}|QE2|HOLDFAST|QE2|20240301101500||{kind}|{number}|{processing}|2.4\r"
            f"EVN||20240301101500\rPID|1||{patient}^^^QE2^MR||Test{patient}^Ann||19800102|F\r"
            f"PV1|1|I\r{rest}").encode()
