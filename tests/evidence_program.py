"""evidence_program.py: checks a document of $chronology as docs/EVIDENCE.md describes it, sharing no code with
the program: hashes, proofs, and the signatures by the openssl command."""
import base64
import hashlib
import json
import pathlib
import subprocess


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def root_from(leaf, index, size, proof):
    """RFC 9162 section 2.1.3.2: the root that the proof leads to."""
    node, first, last = leaf, index, size - 1
    for other in proof:
        assert last > 0, "the proof is too long"
        if first & 1 or first == last:
            node = sha256(b"\1", other, node)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            node = sha256(b"\1", node, other)
        first, last = first >> 1, last >> 1
    assert last == 0, "the proof is too short"
    return node


class Key:
    """A verifier key: name+id+base64."""

    def __init__(self, text, folder):
        self.name, self.id, rest = text.split("+", 2)
        raw = base64.b64decode(rest)
        assert raw[0] == 1 and len(raw) == 33
        assert sha256(self.name.encode(), b"\n", raw)[:4].hex() == self.id
        self.folder = pathlib.Path(folder)
        # RFC 8410: SubjectPublicKeyInfo of an Ed25519 key.
        (self.folder / "key.der").write_bytes(bytes.fromhex("302a300506032b6570032100") + raw[1:])

    def text_of(self, note):
        """The text of a signed note, whose signature verifies."""
        text, _, signatures = note.rpartition("\n\n")
        text += "\n"
        for line in signatures.splitlines():
            dash, name, rest = line.split(" ")
            raw = base64.b64decode(rest)
            if dash == "\u2014" and name == self.name and raw[:4].hex() == self.id:
                (self.folder / "text").write_bytes(text.encode())
                (self.folder / "signature").write_bytes(raw[4:])
                subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey",
                                self.folder / "key.der", "-rawin", "-in", self.folder / "text", "-sigfile",
                                self.folder / "signature"], check=True, capture_output=True)
                return text
        raise AssertionError("not signed by " + self.name)


def command_of(record):
    """The command of a record, unpacked."""
    flags = int.from_bytes(record[14:16], "little")
    command = record[176:176 + int.from_bytes(record[56:60], "little")]
    if flags == 1:
        return subprocess.run(["zstd", "-dc"], input=command, check=True, capture_output=True).stdout
    return command


def check(document, key_text, folder):
    """Records by position. AssertionError, or another, where the document is not sound."""
    body, _, last = document.rpartition(b'],"statement":')
    said = json.loads(document)
    key = Key(key_text, folder)
    origin, size, root = key.text_of(said["checkpoint"]).splitlines()
    community, records = bytes.fromhex(said["community"]), {}
    for entry in said["entries"]:
        record = base64.b64decode(entry["record"], validate=True)
        command_bytes = int.from_bytes(record[56:60], "little")
        outcome_bytes = int.from_bytes(record[60:64], "little")
        command = record[176:176 + command_bytes]
        outcome = record[176 + command_bytes:176 + command_bytes + outcome_bytes]
        assert record[64:96] == sha256(sha256(command), sha256(outcome)), "payload hash"
        assert record[136:168] == sha256(community, record[:136]), "entry hash"
        assert entry["hash"] == record[136:168].hex()
        position = int.from_bytes(record[16:24], "little")
        assert position == entry["position"] and said["after"] < position <= said["through"]
        assert position > max(records, default=0), "order"
        proof = [base64.b64decode(one) for one in entry["proof"]]
        leaf = sha256(b"\0", record[136:168])
        assert root_from(leaf, position - 1, int(size), proof) == base64.b64decode(root), "inclusion"
        records[position] = record
    assert len(records) == said["count"]
    assert key.text_of(said["statement"]) == (
        f"holdfast-evidence 1\n{origin}\n{said['subject']}\n{said['after']} {said['through']} {said['count']}\n"
        f"{size} {root}\n{base64.b64encode(sha256(body)).decode()}\n")
    return records
