// hl7_peer.mjs: node-hl7-client and node-hl7-server as peers of the server, for tests/peers_test.py, which says
// what must come of it.
//
//   hl7_peer.mjs send HOST PORT   sends what send() lists, built by the client's builder; a line of JSON for each
//                                 acknowledgement as the client's parser reads it
//   hl7_peer.mjs receive          "ready utf8=PORT latin1=PORT", then a line of JSON for each message that came;
//                                 answers AE or AR to ids that begin with E or R, else AA; until standard input ends
//   hl7_peer.mjs tls CA CERT KEY …   the same over TLS: PEM files of who vouches for the other side, and of itself
//
// What these two cannot do, at the versions that run on Node 18:
//   the client writes UTF-8 only, so it sends nothing in 8859/1;
//   their parser takes the CR that ends a last segment, as HL7 wants it, for the begin of a segment without a name
//   and gives up: ours() takes it off for the client, and the test sends files without it to the server;
//   the client throws at an acknowledgement that is a batch, so the batch goes over a socket of Node's.
import fs from 'node:fs';
import net from 'node:net';
import readline from 'node:readline';
import tls from 'node:tls';
import { Batch, Client, Message } from 'node-hl7-client';
import { Server } from 'node-hl7-server';

const NAME = 'NODE';
const given = process.argv.slice(2);
const identity = given[0] === 'tls'
  ? Object.fromEntries(['ca', 'cert', 'key'].map((name, i) => [name, fs.readFileSync(given[i + 1])]))
  : undefined;

function print(line) {
  process.stdout.write(JSON.stringify(line) + '\n');
}

// ---- sending

function message(id, code, event, { application = NAME, processing = 'P', charset = '' } = {}) {
  const made = new Message({ messageHeader: { msh_9_1: code, msh_9_2: event, msh_10: `${NAME}-${id}`, msh_11_1: processing } });
  made.set('MSH.3', application);
  made.set('MSH.4', 'QE2');
  made.set('MSH.5', 'HOLDFAST');
  if (charset) {
    made.set('MSH.18', charset);
  }
  return made;
}

function addPid(made, patient) {
  const pid = made.addSegment('PID');
  pid.set('1', '1');
  pid.set('3.1', patient);
  pid.set('3.4', 'QE2');
  pid.set('3.5', 'MR');
  return pid;
}

function admission(id, patient, family, given, options) {
  const made = message(id, 'ADT', 'A01', options);
  made.addSegment('EVN').set('2', '20240301101500');
  const pid = addPid(made, patient);
  pid.set('5.1', family);
  pid.set('5.2', given);
  pid.set('7', '19800102');
  pid.set('8', 'F');
  const visit = made.addSegment('PV1');
  visit.set('1', '1');
  visit.set('2', 'I');
  return made;
}

function fullAdmission() {
  const made = admission('A1', `${NAME}1`, 'Smith & Jones|Ltd^1~2\\3', 'Ann');
  const second = made.get('PID.3').ensure(1);
  second.set('1', '9434765919');
  second.set('4', 'NHS');
  second.set('5', 'NH');
  made.set('PID.13.1', '(020)794-6001');
  made.get('PID.13').set(1, '(020)794-6002');
  made.addSegment('ZPI').set('1', 'custom');
  return made;
}

function results() {
  const made = message('O1', 'ORU', 'R01');
  addPid(made, `${NAME}1`);
  const obr = made.addSegment('OBR');
  obr.set('1', '1');
  obr.set('3', `${NAME}-F1`);
  obr.set('4.1', '24321-2');
  obr.set('4.3', 'LN');
  obr.set('7', '20240301101500');
  obr.set('25', 'F');
  for (const [number, code, value] of [['1', '2823-3', '5.4'], ['2', '2951-2', '139']]) {
    const obx = made.addSegment('OBX');
    obx.set('1', number);
    obx.set('2', 'NM');
    obx.set('3.1', code);
    obx.set('3.3', 'LN');
    obx.set('5', value);
    obx.set('6', 'mmol/L');
    obx.set('11', 'F');
  }
  return made;
}

function unmapped() {
  const made = message('Z1', 'ZZZ', 'Z99');
  made.addSegment('ZZ1').set('1', 'custom');
  return made;
}

function enhanced() {
  const made = admission('C1', `${NAME}6`, 'Enhanced', 'Ann');
  made.set('MSH.15', 'AL');
  made.set('MSH.16', 'NE');
  return made;
}

/** A message of ours as their parser can read it. */
function ours(text) {
  return new Message({ text: text.replace(/\r$/, '') });
}

function report(step, sent, answer) {
  const said = (path) => answer.get(path).toString();
  print({
    step, sent: sent.get('MSH.10').toString(), version_sent: sent.get('MSH.12').toString(),
    event_sent: sent.get('MSH.9.2').toString(), application: sent.get('MSH.3').toString(),
    code: said('MSA.1'), of: said('MSA.2'), text: said('MSA.3'), from: said('MSH.3'), to: said('MSH.5'),
    kind: said('MSH.9.1'), event: said('MSH.9.2'), processing: said('MSH.11'), version: said('MSH.12'),
    charset: said('MSH.18'), err: said('ERR.3.1'),
  });
}

/** 50 messages in one frame; the answer is a batch too, in one frame. */
async function sendBatch(host, port) {
  const batch = new Batch();
  batch.start();
  batch.set('BHS.3', NAME);
  batch.set('BHS.4', 'QE2');
  batch.set('BHS.11', `${NAME}-BATCH`);
  const sent = [];
  for (let i = 0; i < 50; ++i) {
    sent.push(admission(`B${i}`, `${NAME}-B${i}`, 'Batch', 'Ann'));
    batch.add(sent.at(-1));
  }
  batch.end();
  const socket = identity ? tls.connect({ port, host, ...identity }) : net.connect(port, host);
  socket.write(`\x0b${batch.toString()}\x1c\r`);
  socket.setEncoding('utf8');
  let answer = '';
  for await (const part of socket) {
    answer += part;
    if (answer.endsWith('\x1c\r')) {
      break;
    }
  }
  const read = new Batch({ text: answer.replace('\x0b', '').replace('\x1c\r', '') });
  read.messages().forEach((one, i) => report('batch', sent[i], ours(one.toString())));
}

async function send(host, port) {
  let answered;
  const outbound = new Client({ host, tls: identity }).createOutbound({ port, connectionTimeout: 0 }, (response) => {
    answered(ours(response.getMessage().toString()));
  });
  outbound.on('error', (error) => {
    throw error ?? new Error('the connection ended');
  });
  const ask = async (step, sent) => {
    const answer = new Promise((resolve) => { answered = resolve; });
    await outbound.sendMessage(sent);
    report(step, sent, await answer);
  };
  // The client lets Node end while it waits; a promise alone would not hold it.
  const awake = setInterval(() => {}, 1000);
  await new Promise((resolve) => { outbound.once('client.connect', resolve); });
  const first = fullAdmission();
  await ask('admission', first);
  await ask('again', first);
  await ask('results', results());
  await ask('utf8', admission('U1', `${NAME}2`, 'Żółć', 'Łukasz王', { charset: 'UNICODE UTF-8' }));
  await ask('stranger', admission('S1', `${NAME}4`, 'Strange', 'Ann', { application: 'NOBODY' }));
  await ask('training', admission('T1', `${NAME}5`, 'Training', 'Ann', { processing: 'T' }));
  await ask('unmapped', unmapped());
  await ask('enhanced', enhanced());
  await outbound.close();
  await sendBatch(host, port);
  clearInterval(awake);
}

// ---- receiving

async function receive() {
  // The server names its address `hostname`, which Node does not look at: it would listen on all of them.
  const listen = net.Server.prototype.listen;
  net.Server.prototype.listen = function (options, ...rest) {
    return listen.call(this, { ...options, host: '127.0.0.1' }, ...rest);
  };
  const server = new Server({ bindAddress: '127.0.0.1', tls: identity && { ...identity, requestCert: true } });
  const open = (encoding) => new Promise((resolve) => {
    const inbound = server.createInbound({ port: 0, encoding }, async (request, response) => {
      const got = request.getMessage();
      const id = got.get('MSH.10').toString();
      print({
        id, type: `${got.get('MSH.9.1')}^${got.get('MSH.9.2')}`, family: got.get('PID.5.1').toString(),
        given: got.get('PID.5.2').toString(),
      });
      await response.sendResponse(id.startsWith('E') ? 'AE' : id.startsWith('R') ? 'AR' : 'AA');
    });
    inbound.on('data.error', (error) => { throw error; });
    inbound.on('listen', () => resolve(inbound));
  });
  const utf8 = await open('utf-8');
  const latin1 = await open('latin1');
  process.stdout.write(`ready utf8=${utf8._socket.address().port} latin1=${latin1._socket.address().port}\n`);
  for await (const line of readline.createInterface({ input: process.stdin })) {
    throw new Error(`nothing is to be said here: ${line}`);
  }
  await utf8.close();
  await latin1.close();
}

const [command, host, port] = identity ? given.slice(4) : given;
if (command === 'send') {
  await send(host, Number(port));
} else if (command === 'receive') {
  await receive();
} else {
  throw new Error('[tls CA CERT KEY] send HOST PORT, or receive');
}
