"""mllp.py: HL7 v2 over MLLP on a blocking socket, sharing no code with the program."""
import socket
import threading


def frame(message):
    return b"\x0b" + message + b"\x1c\r"


class Mllp:
    def __init__(self, host, port, timeout=60):
        self.socket = socket.create_connection((host, port), timeout=timeout)
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


class Receiver:
    """A neighbour that receives: keeps what comes, in order, and answers what `decide(message)` says: the code of
    MSA-1, perhaps with a text behind a blank; None: nothing."""

    def __init__(self, decide=lambda message: "AA"):
        self.decide, self.received = decide, []
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def messages(self):
        with self.lock:
            return list(self.received)

    def close(self):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer):
        held = b""
        while True:
            try:
                data = peer.recv(65536)
            except OSError:
                return
            if not data:
                return
            held += data
            while b"\x1c\r" in held:
                message, held = held.split(b"\x1c\r", 1)
                message = message[1:]
                with self.lock:
                    self.received.append(message)
                said = self.decide(message)
                if said is None:
                    continue
                code, _, text = said.partition(" ")
                header = message.split(b"\r", 1)[0].decode().split("|")
                answer = (f"MSH|^~\\&|PEER|X|{header[2]}|{header[3]}|20240301101500||ACK|A{len(self.received)}|"
                          f"{header[10]}|2.4\rMSA|{code}|{header[9]}|{text}\r")
                try:
                    peer.sendall(frame(answer.encode()))
                except OSError:
                    return
