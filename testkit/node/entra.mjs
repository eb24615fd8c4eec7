// login.microsoftonline.com on loopback: ends TLS with a certificate of the test's own and hands each tenant's paths on to its
// provider. Whoever would reach it by that name asks the proxy here, which leads there and nowhere else.
//
// Control call: `/control/tenants`.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { HOST } from './lib/entra.mjs';
import { control, json, listen, ready } from './lib/loopback.mjs';

let tenants = {};

const front = https.createServer((request, response) => {
  // Browsers ask by themselves, and complain where there is none.
  if (request.url === '/favicon.ico') return response.writeHead(204).end();
  const [, tenant] = request.url.split('/');
  if (!Object.hasOwn(tenants, tenant)) {
    return json(response, { error: 'invalid_tenant', error_description: `AADSTS90002: no tenant ${tenant}` }, 400);
  }
  const headers = { ...request.headers, 'x-forwarded-proto': 'https' };
  const onward = http.request(tenants[tenant], { path: request.url, method: request.method, headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  return request.pipe(onward);
});
const port = await listen(front);

const proxy = http.createServer((_, response) => response.writeHead(403).end());
proxy.on('connect', (request, socket, head) => {
  socket.on('error', () => {});
  if (request.url !== `${HOST}:443`) return socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  const onward = net.connect(port, '127.0.0.1', () => {
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    onward.write(head);
    onward.pipe(socket);
    socket.pipe(onward);
  });
  onward.on('error', () => socket.destroy());
  return socket.on('close', () => onward.destroy());
});

const controlAddress = await control({
  // {cert, key, tenants: {id: address}}: PEM files, and where the provider of each tenant listens.
  '/control/tenants': ({ cert, key, tenants: all }) => {
    front.setSecureContext({ cert: readFileSync(cert), key: readFileSync(key) });
    tenants = all;
  },
});

ready({ proxy: `http://127.0.0.1:${await listen(proxy)}`, control: controlAddress });
