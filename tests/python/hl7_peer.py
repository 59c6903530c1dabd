"""hl7_peer.py: the Python packages hl7 and hl7apy as peers of the server, for tests/peers_test.py, which says what
must come of it.

  hl7_peer.py send HOST PORT   sends what send() lists, built by hl7, over its blocking client and over its streams;
                               a line of JSON for each acknowledgement as hl7 reads it, after hl7apy found it valid
  hl7_peer.py tls CA CERT KEY …   the same over TLS: PEM files of who vouches for the other side, and of itself
  hl7_peer.py receive          "ready utf8=PORT latin1=PORT", then a line of JSON for each message that came; answers
                               AE or AR to ids that begin with E or R, else AA; until standard input ends
"""
import asyncio
import json
import pathlib
import ssl
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "target" / "packages"))
import hl7  # noqa: E402
import hl7.mllp  # noqa: E402
from hl7.client import MLLPClient  # noqa: E402
from hl7apy.consts import VALIDATION_LEVEL  # noqa: E402
from hl7apy.parser import parse_message  # noqa: E402

NAME = "PYTHON"


def out(line):
    print(line, flush=True)


def show(**values):
    out(json.dumps(values))


# ---- sending

def message(number, kind, segments, application=NAME, processing="P", charset="", version="2.5", enhanced=""):
    """Segments as lists of texts, each [segment, field, repetition, component, value], put in by hl7."""
    made = hl7.parse(f"MSH|^~\\&|{application}|QE2|HOLDFAST||20240301101500||{kind}|{NAME}-{number}|{processing}|"
                     f"{version}|||{enhanced}||{charset}")
    for segment, values in segments:
        made.append(made.create_segment([made.create_field([segment])]))
        for place, value in values.items():
            made[len(made) - 1].assign_field(made.escape(value) if value.isascii() else value,
                                             *[int(part) for part in place.split(".")])
    return made


def admission(number, patient, family, given, more=None, extra=(), **options):
    pid = {"1": "1", "3.1.1": patient, "3.1.4": "QE2", "3.1.5": "MR", "5.1.1": family, "5.1.2": given,
           "7": "19800102", "8": "F", **(more or {})}
    return message(number, "ADT^A01^ADT_A01", [("EVN", {"2": "20240301101500"}), ("PID", pid),
                                               ("PV1", {"1": "1", "2": "I"}), *extra], **options)


def results():
    segments = [("PID", {"1": "1", "3.1.1": f"{NAME}1", "3.1.4": "QE2", "3.1.5": "MR"}),
                ("OBR", {"1": "1", "3": f"{NAME}-F1", "4.1.1": "24321-2", "4.1.3": "LN", "7": "20240301101500",
                         "25": "F"})]
    for number, code, value in (("1", "2823-3", "5.4"), ("2", "2951-2", "139")):
        segments.append(("OBX", {"1": number, "2": "NM", "3.1.1": code, "3.1.3": "LN", "5": value, "6": "mmol/L",
                                 "11": "F"}))
    return message("O1", "ORU^R01^ORU_R01", segments)


def report(step, sent, text):
    parse_message(text, validation_level=VALIDATION_LEVEL.STRICT).validate()
    answer = hl7.parse(text)

    def said(segment, field, component=1):
        try:
            return answer.unescape(answer.extract_field(segment, 1, field, 1, component))
        except (KeyError, LookupError):
            return ""

    show(step=step, sent=sent["MSH.F10"], version_sent=sent["MSH.F12"], event_sent=sent["MSH.F9.R1.C2"],
         application=sent["MSH.F3"], code=said("MSA", 1), of=said("MSA", 2), text=said("MSA", 3), kind=said("MSH", 9),
         event=said("MSH", 9, 2), processing=said("MSH", 11), version=said("MSH", 12), charset=said("MSH", 18),
         err=said("ERR", 3), to=said("MSH", 5), **{"from": said("MSH", 3)})


async def send(host, port, tls):
    first = admission("A1", f"{NAME}1", "Smith & Jones|Ltd^1~2\\3", "Ann",
                      {"3.2.1": "9434765919", "3.2.4": "NHS", "3.2.5": "NH", "13.1.1": "(020)794-6001",
                       "13.2.1": "(020)794-6002"}, extra=[("ZPI", {"1": "custom"})])
    with MLLPClient(host, port) as client:
        if tls:  # which it has nothing of its own for
            client.socket = tls.wrap_socket(client.socket, server_hostname=host)
        for step in ("admission", "again"):
            report(step, first, client.send_message(first).decode().strip("\x0b\x1c\r") + "\r")
    reader, writer = await hl7.mllp.open_hl7_connection(host, port, encoding="utf-8", ssl=tls)

    async def ask(step, sent, encoding="utf-8"):
        writer.encoding = encoding
        writer.writemessage(sent)
        await writer.drain()
        report(step, sent, (await reader.readblock()).decode())

    await ask("results", results())
    await ask("utf8", admission("U1", f"{NAME}2", "Żółć", "Łukasz王", charset="UNICODE UTF-8"))
    await ask("latin1", admission("L1", f"{NAME}3", "Müller", "Zoë", charset="8859/1"), "iso8859-1")
    await ask("stranger", admission("S1", f"{NAME}4", "Strange", "Ann", application="NOBODY"))
    await ask("training", admission("T1", f"{NAME}5", "Training", "Ann", processing="T", version="2.4"))
    await ask("unmapped", message("Z1", "ZZZ^Z99", [("ZZ1", {"1": "custom"})]))
    await ask("enhanced", admission("C1", f"{NAME}6", "Enhanced", "Ann", enhanced="AL|NE"))

    sent = [admission(f"B{i}", f"{NAME}-B{i}", "Batch", "Ann") for i in range(50)]
    batch = hl7.Batch(sequence=sent)
    batch.header = batch.create_header()
    for field, value in (3, NAME), (4, "QE2"), (11, f"{NAME}-BATCH"):
        batch.header.assign_field(value, field)
    batch.trailer = batch.create_trailer()
    batch.trailer.assign_field(str(len(sent)), 1)
    writer.writeblock(str(batch).encode())
    await writer.drain()
    answers = hl7.parse_batch((await reader.readblock()).decode())
    assert str(answers.trailer[1]) == str(len(answers)), answers.trailer
    for one, answer in zip(sent, answers):
        report("batch", one, str(answer))
    writer.close()


# ---- receiving

async def receive(tls):
    async def talk(reader, writer):
        while True:
            try:
                got = await reader.readmessage()
            except asyncio.IncompleteReadError as ended:
                assert not ended.partial, ended.partial
                break
            number = got["MSH.F10"]
            show(id=number, type=f"{got['MSH.F9.R1.C1']}^{got['MSH.F9.R1.C2']}", family=got.unescape(got["PID.F5.R1.C1"]),
                 given=got.unescape(got["PID.F5.R1.C2"]))
            answer = got.create_ack({"E": "AE", "R": "AR"}.get(number[0], "AA"))
            if number[0] in "ER":
                answer["MSA.F3"] = "told to"
            writer.writemessage(answer)
            await writer.drain()
        writer.close()

    ports = []
    for encoding in "utf-8", "iso8859-1":
        server = await hl7.mllp.start_hl7_server(talk, "127.0.0.1", 0, encoding=encoding, ssl=tls)
        ports.append(server.sockets[0].getsockname()[1])
    out(f"ready utf8={ports[0]} latin1={ports[1]}")
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


def identity(purpose, ca, certificate, key):
    context = ssl.create_default_context(purpose, cafile=ca)
    context.load_cert_chain(certificate, key)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


if __name__ == "__main__":
    given, files = sys.argv[1:], None
    if given[:1] == ["tls"]:
        files, given = given[1:4], given[4:]
    if given[:1] == ["send"] and len(given) == 3:
        asyncio.run(send(given[1], int(given[2]), files and identity(ssl.Purpose.SERVER_AUTH, *files)))
    elif given == ["receive"]:
        asyncio.run(receive(files and identity(ssl.Purpose.CLIENT_AUTH, *files)))
    else:
        sys.exit("[tls CA CERT KEY] send HOST PORT, or receive")
