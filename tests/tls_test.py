"""tls_test.py: HL7 v2 over MLLP over TLS with the real server, in both directions: who may send is whoever shows the
right certificate, what goes out goes to whoever shows the right one, and everybody else is told why.
"""
import http.server
import json
import os
import signal
import socket
import ssl
import subprocess
import threading
import time

from certificates import Ca
from harness import BINARY, ServerTest, ask, main, metric, run, wait_until
from mllp import Mllp, frame, message

HERE = "DNS:localhost,IP:127.0.0.1"


class Tls(ServerTest):
    def setUp(self):
        super().setUp()
        self.ca = Ca(self.folder)
        self.own = self.ca.issue("holdfast.example", HERE)
        self.lab = self.ca.issue("lab.example", "DNS:lab.example")

    def config(self, neighbours, more=""):
        path = self.folder / "holdfast.toml"
        path.write_text(f'mllp_tls = "127.0.0.1:0"\nmllp_tls_certificate = "{self.own[0]}"\n'
                        f'mllp_tls_key = "{self.own[1]}"\nmllp_tls_client_ca = "{self.ca.pem}"\n{more}{neighbours}')
        return path

    def neighbour(self, certificates):
        return f'\n[[neighbour]]\nname = "lab"\nsenders = ["LAB"]\ncertificates = {json.dumps(certificates)}\n'

    def context(self, identity=None, ca=None):
        context = ssl.create_default_context(cafile=str(ca or self.ca.pem))
        if identity:
            context.load_cert_chain(*identity)
        return context

    def mllps(self, server, identity=None, context=None):
        return Mllp(*server.mllps, tls=context or self.context(identity), name="127.0.0.1")

    def patients(self, server):
        return json.loads(ask(server.connect(), "GET", "/fhir/Patient?_summary=count").body)["total"]

    def test_a_neighbour_is_whoever_shows_its_certificate(self):
        config = self.config(self.neighbour(["LAB.example"]))
        server = self.serve(self.init(), "--config", config, "--mllp", "127.0.0.1:0")
        self.assertEqual(self.mllps(server, self.lab).ask(message(1)), ("AA", "1"))
        self.assertEqual(self.patients(server), 1)
        # Another certificate of the same CA, and none at all over the plain door: it must not be taken.
        other = self.mllps(server, self.ca.issue("ris.example"))
        other.send(message(2, patient="2"))
        said = other.receive().decode()
        self.assertIn("MSA|AR|2|LAB\\F\\QE2 is a neighbour that shows a certificate of its own; this connection shows "
                      "that of CN=ris.example", said)
        plain = Mllp(*server.mllp)
        plain.send(message(3, patient="3"))
        self.assertIn("this connection shows none", plain.receive().decode())
        self.assertEqual(self.patients(server), 1)
        self.assertEqual(metric(server.connect(), 'mllp_tls_handshakes_total{became="established"}'), 2)
        self.assertEqual(metric(server.connect(), "mllp_connections_total"), 3)
        self.assertEqual(server.end(), 0)
        self.summary("verify", self.folder / "data")

    def test_a_certificate_may_be_named_by_its_fingerprint(self):
        config = self.config(self.neighbour([Ca.fingerprint(self.lab[0])]))
        server = self.serve(self.init(), "--config", config)
        self.assertEqual(self.mllps(server, self.lab).ask(message(1)), ("AA", "1"))
        again = self.ca.issue("lab.example", "DNS:lab.example")
        self.assertEqual(self.mllps(server, again).ask(message(2)), ("AR", "2"))

    def test_who_is_refused_is_told_and_the_log_says_why(self):
        server = self.serve(self.init(), "--config", self.config(self.neighbour(["lab.example"])))
        (self.folder / "other").mkdir()
        stranger = Ca(self.folder / "other").issue("lab.example")
        for identity, alert, why in [(None, "certificate required", "peer did not return a certificate"),
                                     (stranger, "unknown ca", "is not accepted: unable to get local issuer certificate "
                                                              "(CN=lab.example)")]:
            with self.assertRaisesRegex(ssl.SSLError, alert):
                peer = self.mllps(server, identity)
                peer.send(message(1))
                peer.socket.recv(1)
            wait_until(lambda: any(why in line for line in server.log()))  # noqa: B023
        context = self.context(self.lab)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")
        with self.assertRaises(ssl.SSLError):
            self.mllps(server, context=context)
        for garbage in b"GET / HTTP/1.1\r\n\r\n", frame(message(1)), b"\x16\x03\x01\xff\xff" + os.urandom(70_000):
            bad = Mllp(*server.mllps)
            bad.raw(garbage)
            try:
                while bad.socket.recv(65536):
                    pass
            except ConnectionError:
                pass
        # Neither does one who says nothing hold up the others.
        idle = [socket.create_connection(server.mllps) for _ in range(50)]
        self.assertEqual(self.mllps(server, self.lab).ask(message(9)), ("AA", "9"))
        self.assertGreaterEqual(metric(server.connect(), 'mllp_tls_handshakes_total{became="failed"}'), 6)
        self.assertEqual(server.end(), 0)
        for one in idle:
            one.close()

    def test_versions_and_pieces(self):
        server = self.serve(self.init(), "--config", self.config(self.neighbour(["lab.example"])))
        for number, version in enumerate([ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]):
            context = self.context(self.lab)
            context.minimum_version = context.maximum_version = version
            peer = self.mllps(server, context=context)
            for byte in frame(message(f"S{number}")):  # a record each
                peer.raw(bytes([byte]))
            self.assertEqual(peer.receive()[:3], b"MSH")
            # 3 MiB: many records, and an answer behind them.
            large = message(f"L{number}", "MDM^T02", rest="OBX|1|ED|x||^^^Base64^" + "QUJD" * (1 << 18) * 3 + "\r")
            self.assertEqual(peer.ask(large)[1], f"L{number}")
            # An orderly end is answered by one.
            peer.socket.settimeout(20)
            peer.socket.unwrap().close()

    def test_what_cannot_work_is_refused_at_the_start(self):
        directory = self.init()

        def says(*flags, config=None):
            done = run("serve", "--data", directory, "--http", "127.0.0.1:0", "--config",
                       config or self.config(self.neighbour(["lab.example"])), *flags)
            self.assertEqual(done.returncode, 2, done.stderr)
            return done.stderr

        self.own[1].chmod(0o644)
        self.assertIn("others can read this private key (mode 644)", says())
        self.own[1].chmod(0o600)
        self.assertIn("holds the key of another certificate", says("--mllp-tls-key", self.lab[1]))
        self.assertIn("holds no certificate in PEM form", says("--mllp-tls-certificate", self.own[1]))
        self.assertIn("/nowhere.pem: cannot open the file", says("--mllp-tls-certificate", "/nowhere.pem"))
        self.assertIn("known by certificates", says("--mllp-tls-client-ca", ""))
        self.assertIn("can be reached from other machines", says("--mllp-tls", "0.0.0.0:0"))
        self.assertIn("neither a SHA-256 fingerprint", says(config=self.config(self.neighbour(["AB:CD"]))))

    def test_a_certificate_that_ends_soon_is_said(self):
        self.own = self.ca.issue("holdfast.example", HERE, days=5)
        server = self.serve(self.init(), "--config", self.config(self.neighbour(["lab.example"])))
        self.assertTrue(any("a certificate ends soon" in line and str(self.own[0]) in line for line in server.log()))
        self.assertEqual(metric(server.connect(), f'certificate_days_left{{file="{self.own[0]}"}}'), 4)
        self.assertEqual(metric(server.connect(), f'certificate_days_left{{file="{self.ca.pem}"}}'), 29)

    # ---- out

    def listener(self, *flags):
        process = subprocess.Popen([BINARY, "hl7", "listen", "--on", "127.0.0.1:0", *map(str, flags)],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(lambda: process.poll() is None and process.kill())
        ready, address = process.stdout.readline().strip().split("=")
        self.assertEqual(ready, "ready mllps")
        return process, address

    def test_the_console_speaks_tls(self):
        gp = self.ca.issue("gp.example", HERE)
        listener, to = self.listener("--tls", "--cert", gp[0], "--key", gp[1], "--ca", self.ca.pem, "--count", "2")
        file = self.folder / "a.hl7"
        file.write_bytes(message(1))
        good = ["--tls", "--ca", self.ca.pem, "--cert", self.lab[0], "--key", self.lab[1]]
        other = Ca(self.folder, "other")
        for flags, code, text in [
                ([*good, "--name", "lab.example"], 1, "it is not for 'lab.example' (CN=gp.example)"),
                (["--tls", "--ca", other.pem], 1, "is not accepted: unable to get local issuer certificate"),
                (["--tls"], 2, "--tls needs --ca FILE")]:
            done = run("hl7", "send", "--to", to, *flags, file)
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)
            self.assertIn(text, done.stdout + done.stderr)
        for flags in good, [*good, "--name", "localhost"]:
            done = run("hl7", "send", "--to", to, *flags, file)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        came, said = listener.communicate(timeout=30)
        self.assertEqual(came.count("PID|1||1^^^QE2^MR"), 2)
        self.assertIn("unknown ca", said)

    def test_the_console_is_refused_without_a_certificate(self):
        server = self.serve(self.init(), "--config", self.config(self.neighbour(["lab.example"])))
        file = self.folder / "a.hl7"
        file.write_bytes(message(1))
        to = f"127.0.0.1:{server.mllps[1]}"
        done = run("hl7", "send", "--to", to, "--tls", "--ca", self.ca.pem, file)
        self.assertEqual(done.returncode, 1)
        self.assertIn("certificate required", done.stdout)
        done = run("hl7", "send", "--to", to, "--tls", "--ca", self.ca.pem, "--cert", self.lab[0], "--key",
                   self.lab[1], file)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        done = run("hl7", "send", "--to", to, file)  # plain to a TLS door
        self.assertEqual(done.returncode, 1)
        self.assertIn("no acknowledgement", done.stdout)

    def channel(self, to, **keys):
        of_tls = "".join(f'{key} = "{value}"\n' for key, value in keys.items())
        return (f'\n[[channel]]\nname = "gp"\nto = "{to}"\ntls = true\npause_ms_min = 50\npause_ms_max = 200\n{of_tls}'
                '[[channel.route]]\nmessage = "MSH-9.1 = \'ADT\'"\n')

    def test_a_channel_delivers_over_tls_to_whom_it_should(self):
        gp = self.ca.issue("gp.example", "DNS:gp.example")
        listener, to = self.listener("--tls", "--cert", gp[0], "--key", gp[1], "--ca", self.ca.pem, "--count", "1")
        neighbours = self.neighbour(["lab.example"])
        own = {"tls_ca": self.ca.pem, "tls_certificate": self.own[0], "tls_key": self.own[1]}
        # First as somebody who is not who answers there: nothing is sent, and the log says why.
        directory = self.init()
        server = self.serve(directory, "--config", self.config(neighbours + self.channel(to, **own)))
        self.assertEqual(self.mllps(server, self.lab).ask(message(1)), ("AA", "1"))
        wait_until(lambda: any("a channel cannot deliver" in line and "it is not for '127.0.0.1' (CN=gp.example)" in line
                               for line in server.log()))
        self.assertEqual(metric(server.connect(), 'channel_owed{channel="gp"}'), 1)
        self.assertEqual(server.end(), 0)
        self.assertIsNone(listener.poll())
        # Then as who it is.
        right = self.config(neighbours + self.channel(to, **own, tls_name="gp.example"))
        server = self.serve(directory, "--config", right)
        came = listener.communicate(timeout=60)[0]
        self.assertIn("PID|1||1^^^QE2^MR", came)
        wait_until(lambda: metric(server.connect(), 'channel_owed{channel="gp"}') == 0)
        self.assertEqual(server.end(), 0)
        self.summary("verify", directory)

    def fhir_server(self, identity):
        """A FHIR server that takes whatever is put to it over TLS, and who has connected to it."""
        came, connections = [], []

        class Taking(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_PUT(self):
                came.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        class Tls(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def get_request(self):
                stream, address = super().get_request()
                connections.append(address)
                return context.wrap_socket(stream, server_side=True), address

            def handle_error(self, *_):
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*identity)
        server = Tls(("127.0.0.1", 0), Taking)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"https://127.0.0.1:{server.server_address[1]}/fhir", came, connections

    def to_fhir(self, url, ca):
        return (f'\n[[channel]]\nname = "gp"\nkind = "fhir"\nto = "{url}"\ntls = true\ntls_ca = "{ca}"\n'
                'pause_ms_min = 50\npause_ms_max = 200\n[[channel.route]]\ntype = "Patient"\n')

    def test_a_fhir_server_is_reached_over_tls_and_has_to_be_who_it_should(self):
        url, came, connections = self.fhir_server(self.ca.issue("fhir.example", HERE))
        directory, trusted = self.init(), self.folder / "trusted.pem"
        trusted.write_text(Ca(self.folder, "other").pem.read_text())
        neighbours = self.neighbour(["lab.example"])
        server = self.serve(directory, "--config", self.config(neighbours + self.to_fhir(url, trusted)))
        self.assertEqual(self.mllps(server, self.lab).ask(message(1)), ("AA", "1"))
        wait_until(lambda: any("a channel cannot deliver" in line and "is not accepted" in line
                               for line in server.log()))
        self.assertEqual(came, [])
        # Who vouches for it is put into the same file: no restart.
        trusted.write_text(self.ca.pem.read_text())
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: len(came) == 1)
        self.assertTrue(came[0][0].startswith("/fhir/Patient/"))
        self.assertEqual(json.loads(came[0][1])["resourceType"], "Patient")
        wait_until(lambda: metric(server.connect(), 'channel_owed{channel="gp"}') == 0)
        self.assertGreaterEqual(len(connections), 2)
        self.assertEqual(server.end(), 0)

    def test_certificates_are_read_again_while_connections_last(self):
        server = self.serve(self.init(), "--config", self.config(self.neighbour(["lab.example"])))

        def shown():
            return ssl.DER_cert_to_PEM_cert(self.mllps(server, self.lab).socket.getpeercert(binary_form=True)).strip()

        before = self.own[0].read_text().strip()
        old = self.mllps(server, self.lab)
        self.assertEqual(shown(), before)
        self.ca.issue("holdfast.example", HERE, days=25)  # the same files
        after = self.own[0].read_text().strip()
        self.assertNotEqual(before, after)
        self.assertEqual(shown(), before)  # nobody has asked for it
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: shown() == after)
        self.assertEqual(metric(server.connect(), f'certificate_days_left{{file="{self.own[0]}"}}'), 24)
        self.assertEqual(old.ask(message(1)), ("AA", "1"))
        # What is of no use is said, and those of before count.
        self.own[0].write_text("torn")
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: any("certificates could not be read again" in line and "holdfast.example.pem holds no" in line
                               for line in server.log()))
        self.assertEqual(shown(), after)
        self.assertEqual(server.end(), 0)

    def test_many_connections_at_once(self):
        server = self.serve(self.init(), "--config", self.config(self.neighbour(["lab.example"])))
        began = time.monotonic()
        peers = [self.mllps(server, self.lab) for _ in range(100)]
        for number, peer in enumerate(peers):
            peer.send(message(number, patient=str(number)))
        for number, peer in enumerate(peers):
            self.assertIn(f"MSA|AA|{number}\r", peer.receive().decode())
        self.assertLess(time.monotonic() - began, 120)
        self.assertEqual(self.patients(server), 100)


if __name__ == "__main__":
    main()
