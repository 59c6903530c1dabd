"""certificates.py: test certificates, made by the openssl command where they are used and gone with their folder."""
import subprocess


class Ca:
    def __init__(self, folder, name="ca"):
        self.folder, self.name = folder, name
        self.pem = folder / f"{name}.pem"
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                      "-subj", f"/CN=Test {name}", "-keyout", folder / f"{name}.key", "-out", self.pem)

    def issue(self, name, alternative=None, days=20):
        """Paths of certificate and key, PEM; `alternative` as openssl writes subjectAltName."""
        certificate, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        request, extensions = self.folder / f"{name}.csr", self.folder / f"{name}.ext"
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                      "-keyout", key, "-out", request)
        extensions.write_text("basicConstraints=CA:FALSE\n" + (f"subjectAltName={alternative}\n" if alternative else ""))
        self._openssl("x509", "-req", "-in", request, "-CA", self.pem, "-CAkey", self.folder / f"{self.name}.key",
                      "-CAcreateserial", "-days", str(days), "-extfile", extensions, "-out", certificate)
        key.chmod(0o600)
        return certificate, key

    @staticmethod
    def fingerprint(certificate):
        """As openssl shows it: AB:CD:…"""
        said = Ca._openssl("x509", "-in", certificate, "-noout", "-fingerprint", "-sha256")
        return said.strip().split("=")[1]

    @staticmethod
    def _openssl(*arguments):
        done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout
