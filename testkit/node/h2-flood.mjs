// Opens HTTP/2 streams and cancels each at once, as fast as the other side takes them: {url, ca, authority, authorization,
// streams} as its argument. Prints, as one line of JSON, how many streams were written and whether the other side ended the
// connection.
import { readFileSync } from 'node:fs';
import tls from 'node:tls';

const { url, ca, authority, authorization, streams } = JSON.parse(process.argv[2]);
const { hostname, port } = new URL(url);

const HEADERS = 1, RST_STREAM = 3, SETTINGS = 4, GOAWAY = 7;
const END_STREAM_AND_HEADERS = 5;
const CANCEL = Buffer.from([0, 0, 0, 8]);

function frame(type, flags, stream, payload) {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

// HPACK: integers of a 7-bit prefix, and values that are not Huffman coded.
function value(text) {
  const bytes = Buffer.from(text);
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  const length = [127];
  let rest = bytes.length - 127;
  for (; rest >= 128; rest >>= 7) length.push((rest & 127) | 128);
  length.push(rest);
  return Buffer.concat([Buffer.from(length), bytes]);
}

// GET, https and / stand in the static table, and so do the names 1 (:authority) and 23 (authorization).
const head = Buffer.concat([
  Buffer.from([0x82, 0x87, 0x84, 0x01]), value(authority),
  Buffer.from([0x1f, 0x08]), value(authorization),
]);

const socket = tls.connect({ host: hostname, port, servername: hostname, ca: readFileSync(ca), ALPNProtocols: ['h2'] });
let ended = false;
let goAway = false;
let received = Buffer.alloc(0);
const over = new Promise((resolve) => socket.on('close', () => { ended = true; resolve(); }));
socket.on('error', () => {});
socket.on('data', (chunk) => {
  received = Buffer.concat([received, chunk]);
  while (received.length >= 9) {
    const end = 9 + received.readUIntBE(0, 3);
    if (received.length < end) break;
    if (received[3] === GOAWAY) goAway = true;
    received = received.subarray(end);
  }
});
await new Promise((resolve, reject) => { socket.once('secureConnect', resolve); socket.once('error', reject); });

socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
socket.write(frame(SETTINGS, 0, 0, Buffer.alloc(0)));
let written = 0;
while (written < streams && !ended && !goAway) {
  const burst = [];
  for (let i = 0; i < 500; i += 1, written += 1) {
    const stream = 2 * written + 1;
    burst.push(frame(HEADERS, END_STREAM_AND_HEADERS, stream, head), frame(RST_STREAM, 0, stream, CANCEL));
  }
  if (!socket.write(Buffer.concat(burst))) {
    await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), over]);
  }
  // Lets what was answered be read.
  await new Promise((resolve) => setImmediate(resolve));
}
await Promise.race([over, new Promise((resolve) => setTimeout(resolve, 2000))]);
process.stdout.write(`${JSON.stringify({ written, ended: ended || goAway })}\n`);
socket.destroy();
