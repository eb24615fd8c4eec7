// An app that answers 1 KiB, after `?wait=` milliseconds: `upstream.mjs PORT`.
import http from 'node:http';

const body = 'x'.repeat(1024);
const server = http.createServer((request, response) => {
  const wait = Number(new URL(request.url, 'http://app').searchParams.get('wait'));
  const answer = () => response.writeHead(200, { 'content-length': body.length }).end(body);
  if (wait) setTimeout(answer, wait);
  else answer();
});
// The gateway keeps connections, and must not find one closed that it is about to use.
server.keepAliveTimeout = 600_000;
server.listen(Number(process.argv[2]), '127.0.0.1', 4096);
