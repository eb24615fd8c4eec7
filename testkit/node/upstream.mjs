// A plain HTTP/1.1 app that tells what reached it.
//
//   any path        echoes method, target, raw headers, trailers and the body's digest as JSON
//   /status/N       answers N
//   /slow?ms=N      answers after N milliseconds
//   /sse?events=N   N server-sent events, or `&type=` as another kind of content; waits for `/release` on the control port before all but the first
//   /grpc.X/Y       three messages of gRPC, held back like those, and its status
//   /stream?bytes=N N bytes, chunked
//   /set-cookie?c=  answers with a `Set-Cookie` for each `c`
//   /upload         digests the body as it comes; `/stats` tells how much has arrived so far
//   a WebSocket     sends back what it gets
//
// Control calls: `/stats`, `/requests`, `/reset`, `/release`, `/down`, `/up`.
import { createHash } from 'node:crypto';
import http from 'node:http';
import { WebSocketServer } from 'ws';
import { control, json, listen, ready } from './lib/loopback.mjs';

const REMEMBERED = 10_000;
// More than the gateway passes on.
const LARGEST_HEAD = 128 * 1024;
const CHUNK = Buffer.alloc(64 * 1024, 'crossgate');

const stats = { requests: 0, websockets: 0, upload_bytes: 0, open: 0 };
let remembered = [];
let releases = [];

function remember(request) {
  stats.requests += 1;
  const seen = { method: request.method, target: request.url, headers: pairs(request.rawHeaders) };
  if (remembered.length < REMEMBERED) remembered.push(seen);
  return seen;
}

const pairs = (raw) => raw.flatMap((name, at) => (at % 2 ? [] : [[name, raw[at + 1]]]));
const sleep = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

async function digest(request, progress = () => {}) {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of request) {
    hash.update(chunk);
    bytes += chunk.length;
    progress(chunk.length);
  }
  return { bytes, sha256: hash.digest('hex') };
}

async function echo(request, response, seen) {
  const received = await digest(request);
  seen.trailers = pairs(request.rawTrailers);
  json(response, { ...seen, body: received });
}

async function events(response, count, type) {
  response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' });
  for (let sent = 0; sent < count; sent += 1) {
    if (sent === 1) await new Promise((resolve) => { releases.push(resolve); });
    response.write(`id: ${sent}\ndata: event ${sent}\n\n`);
  }
  response.end();
}

async function messages(response) {
  response.writeHead(200, { 'content-type': 'application/grpc', trailer: 'grpc-status' });
  for (let sent = 0; sent < 3; sent += 1) {
    if (sent === 1) await new Promise((resolve) => { releases.push(resolve); });
    const text = Buffer.from(`message ${sent}`);
    // Not compressed, and the length.
    response.write(Buffer.concat([Buffer.from([0, 0, 0, 0, text.length]), text]));
  }
  response.addTrailers({ 'grpc-status': '0' });
  response.end();
}

async function stream(response, bytes) {
  response.writeHead(200, { 'content-type': 'application/octet-stream' });
  for (let left = bytes; left > 0; left -= CHUNK.length) {
    const room = response.write(left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK);
    if (!room) await new Promise((resolve) => { response.once('drain', resolve).once('close', resolve); });
    if (response.destroyed) return;
  }
  response.end();
}

const server = http.createServer({ maxHeaderSize: LARGEST_HEAD }, async (request, response) => {
  const seen = remember(request);
  stats.open += 1;
  response.on('close', () => { stats.open -= 1; });
  const url = new URL(request.url, 'http://upstream');
  const number = (name, otherwise) => Number(url.searchParams.get(name) ?? otherwise);
  try {
    if (url.pathname.startsWith('/status/')) {
      await digest(request);
      response.writeHead(Number(url.pathname.slice('/status/'.length))).end();
    } else if (url.pathname === '/set-cookie') {
      await digest(request);
      response.setHeader('set-cookie', url.searchParams.getAll('c'));
      response.end('set');
    } else if (url.pathname === '/slow') {
      await sleep(number('ms', 1000));
      await echo(request, response, seen);
    } else if (url.pathname === '/sse') {
      await events(response, number('events', 3), url.searchParams.get('type') ?? 'text/event-stream');
    } else if (url.pathname.startsWith('/grpc.')) {
      await digest(request);
      await messages(response);
    } else if (url.pathname === '/stream') {
      await stream(response, number('bytes', 1024 * 1024));
    } else if (url.pathname === '/upload') {
      json(response, await digest(request, (bytes) => { stats.upload_bytes += bytes; }));
    } else {
      await echo(request, response, seen);
    }
  } catch {
    // The client went away in the middle of its body.
    response.destroy();
  }
});

const sockets = new WebSocketServer({ noServer: true });
server.on('upgrade', (request, socket, head) => {
  remember(request);
  stats.websockets += 1;
  sockets.handleUpgrade(request, socket, head, (connection) => {
    connection.on('message', (data, isBinary) => connection.send(data, { binary: isBinary }));
  });
});
const port = await listen(server);

const controlAddress = await control({
  '/stats': () => stats,
  '/requests': () => remembered,
  '/reset': () => {
    Object.assign(stats, { requests: 0, websockets: 0, upload_bytes: 0 });
    remembered = [];
  },
  '/release': () => {
    for (const release of releases) release();
    releases = [];
  },
  '/down': async () => {
    if (!server.listening) return;
    const closed = new Promise((resolve) => { server.close(resolve); });
    server.closeAllConnections();
    await closed;
  },
  '/up': async () => { if (!server.listening) await listen(server, port); },
});

ready({ address: `http://127.0.0.1:${port}`, control: controlAddress });
