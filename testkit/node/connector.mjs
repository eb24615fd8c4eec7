// A service of the operator's own that sign-ups ask, over HTTPS at 127.0.0.1: it answers as it was told, path by path, and keeps
// what it was asked.
//
// Control calls: `/control/open`, `/control/answer`, `/control/asked`.
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { body, control, listen, ready } from './lib/loopback.mjs';

const answers = new Map();
let asked = [];

/** Some are told several answers: one call each, the last again and again. */
function next(path) {
  const told = answers.get(path) ?? [];
  return told.length > 1 ? told.shift() : told[0];
}

async function answer(request, response) {
  const sent = await body(request);
  asked.push({
    method: request.method,
    path: request.url,
    type: request.headers['content-type'] ?? null,
    authorization: request.headers.authorization ?? null,
    body: JSON.parse(sent.toString() || 'null'),
  });
  const told = next(request.url) ?? { status: 404, body: null };
  await new Promise((resolve) => setTimeout(resolve, told.delay ?? 0));
  response.writeHead(told.status ?? 200, { 'content-type': 'application/json', ...told.headers });
  response.end(typeof told.body === 'string' ? told.body : JSON.stringify(told.body));
}

ready({
  control: await control({
    // {cert, key}: files. Answers the port.
    '/control/open': async ({ cert, key }) => {
      const server = https.createServer({ cert: readFileSync(cert), key: readFileSync(key) }, answer);
      return { port: await listen(server) };
    },
    // {path, answers: [{status, body, delay, headers}]}.
    '/control/answer': ({ path, answers: told }) => {
      answers.set(path, told);
    },
    // What came since the last time.
    '/control/asked': () => {
      const all = asked;
      asked = [];
      return { asked: all };
    },
  }),
});
