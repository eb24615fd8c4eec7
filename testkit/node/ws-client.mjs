// A WebSocket client from outside: takes {url, ca, headers, messages, stays} as its argument, sends the messages one by one, each
// when the one before came back, and prints what happened as one line of JSON. One that stays leaves the end to the other side.
import { readFileSync } from 'node:fs';
import { WebSocket } from 'ws';

const { url, ca, headers = {}, messages = [], stays = false } = JSON.parse(process.argv[2]);
const result = { opened: false, status: null, received: [], code: null, reason: '', error: null };
const socket = new WebSocket(url, { headers, handshakeTimeout: 10_000, ca: ca ? readFileSync(ca) : undefined });
let next = 0;

function send() {
  if (next < messages.length) socket.send(messages[next]);
  else if (!stays) socket.close(1000);
  next += 1;
}

socket.on('open', () => {
  result.opened = true;
  send();
});
socket.on('message', (data) => {
  result.received.push(data.toString());
  send();
});
socket.on('unexpected-response', (_request, response) => {
  result.status = response.statusCode;
  response.resume();
  socket.terminate();
});
socket.on('error', (error) => { result.error = error.message; });
socket.on('close', (code, reason) => {
  result.code = code;
  result.reason = reason.toString();
  process.stdout.write(`${JSON.stringify(result)}\n`);
  process.exit(0);
});
