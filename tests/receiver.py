"""receiver.py: a neighbour that receives HL7 v2 over MLLP, sharing no code with the program. It may be
told to misbehave, and writes down what came and what it accepted, in the order in which it did."""
import random
import socket
import threading
import time

from mllp import frame


class Receiver:
    def __init__(self, seed=1, answer=None, port=0):
        """`answer(message)` gives MSA-1, perhaps with MSA-3 behind a blank, or None for no answer; AA where it is
        not given."""
        self.random = random.Random(seed)
        self.answer = answer or (lambda message: "AA")
        self.misbehaves = False
        self.lock = threading.Lock()
        self.events = 0
        self.arrived = {}  # message -> the event at which it came first
        self.accepted = {}  # message -> the event at which it was accepted first
        self.messages = []  # in the order in which they came, repetitions too
        self.server = socket.create_server(("127.0.0.1", port), backlog=64)
        self.address = "127.0.0.1:%d" % self.server.getsockname()[1]
        self.sockets = set()
        self.closed = False
        threading.Thread(target=self.accept_all, daemon=True).start()

    def close(self):
        self.closed = True
        try:
            self.server.shutdown(socket.SHUT_RDWR)  # else whoever waits in accept() takes one more
        except OSError:
            pass
        self.server.close()
        with self.lock:
            for one in self.sockets:
                one.close()

    def accept_all(self):
        while not self.closed:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            with self.lock:
                self.sockets.add(client)
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        held = b""
        try:
            while True:
                while b"\x1c\r" in held:
                    message, held = held.split(b"\x1c\r", 1)
                    if not self.take(client, message[1:]):
                        return
                data = client.recv(65536)
                if not data:
                    return
                held += data
        except OSError:
            pass
        finally:
            with self.lock:
                self.sockets.discard(client)
            client.close()

    def take(self, client, message):
        with self.lock:
            self.events += 1
            self.arrived.setdefault(message, self.events)
            self.messages.append(message)
            turn = self.random.random() if self.misbehaves else 1
        control_id = message.split(b"\r")[0].split(b"|")[9].decode()
        if turn < 0.01:
            return False  # breaks off
        if turn < 0.015:
            return True  # never answers
        if turn < 0.02:
            time.sleep(0.7)  # too late
        code = self.answer(message)
        if code is None:
            return True
        code, _, text = code.partition(" ")
        if code == "AA":
            with self.lock:
                self.events += 1
                self.accepted.setdefault(message, self.events)
        client.sendall(frame(f"MSH|^~\\&|R||H||20240301||ACK|A|P|2.4\rMSA|{code}|{control_id}|{text}\r".encode()))
        return True

    def wait_for(self, count, seconds=60):
        """Until so many messages have come, repetitions counted too."""
        until = time.monotonic() + seconds
        while len(self.messages) < count and time.monotonic() < until:
            time.sleep(0.01)
        return list(self.messages)
