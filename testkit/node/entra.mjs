// login.microsoftonline.com on loopback: ends TLS with a certificate of the test's own and hands each tenant's paths on to its
// provider. Whoever would reach it by that name asks the proxy here, which leads there and nowhere else.
//
// Control call: `/control/tenants`.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { HOST, issuerOf } from './lib/entra.mjs';
import { control, json, listen, ready } from './lib/loopback.mjs';

let tenants = {};
let common;

/** What Entra tells whoever names no tenant: each address is `common`'s, and the issuer that of whichever tenant it will be. */
async function metadataOfAll(response) {
  const headers = { 'x-forwarded-host': HOST, 'x-forwarded-proto': 'https' };
  const asked = await fetch(`${tenants[common]}/${common}/v2.0/.well-known/openid-configuration`, { headers });
  const metadata = JSON.parse((await asked.text()).replaceAll(`/${common}/`, '/common/'));
  json(response, { ...metadata, issuer: issuerOf('{tenantid}') });
}

const front = https.createServer((request, response) => {
  // Browsers ask by themselves, and complain where there is none.
  if (request.url === '/favicon.ico') return response.writeHead(204).end();
  if (request.url === '/common/v2.0/.well-known/openid-configuration') return metadataOfAll(response);
  const url = request.url.replace(/^\/common\//, `/${common}/`);
  const [, tenant] = url.split('/');
  if (!Object.hasOwn(tenants, tenant)) {
    return json(response, { error: 'invalid_tenant', error_description: `AADSTS90002: no tenant ${tenant}` }, 400);
  }
  const headers = { ...request.headers, 'x-forwarded-proto': 'https' };
  const onward = http.request(tenants[tenant], { path: url, method: request.method, headers }, (answer) => {
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
  // {cert, key, tenants: {id: address}, common: id}: PEM files, where the provider of each tenant listens, and whose people those
  // are who come without naming a tenant.
  '/control/tenants': ({ cert, key, tenants: all, common: id }) => {
    front.setSecureContext({ cert: readFileSync(cert), key: readFileSync(key) });
    tenants = all;
    common = id;
  },
});

ready({ proxy: `http://127.0.0.1:${await listen(proxy)}`, control: controlAddress });
