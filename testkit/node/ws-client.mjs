// A WebSocket client from outside: takes {url, headers, messages} as its argument, sends the messages one by one, each when
// the one before came back, and prints what happened as one line of JSON.
import { WebSocket } from 'ws';

const { url, headers = {}, messages = [] } = JSON.parse(process.argv[2]);
const result = { opened: false, status: null, received: [], code: null, error: null };
const socket = new WebSocket(url, { headers, handshakeTimeout: 10_000 });
let next = 0;

function send() {
  if (next < messages.length) socket.send(messages[next]);
  else socket.close(1000);
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
socket.on('close', (code) => {
  result.code = code;
  process.stdout.write(`${JSON.stringify(result)}\n`);
  process.exit(0);
});
