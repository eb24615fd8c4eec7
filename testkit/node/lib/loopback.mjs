// What every program here shares: loopback only, a port the system picks, one line of JSON when ready, and an end
// that comes with the parent's, so that a test that dies leaves nothing running.
import http from 'node:http';

/** Listens on 127.0.0.1, on `port` or any free one, and answers the port. */
export function listen(server, port = 0) {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve(server.address().port);
    });
  });
}

/** Tells the parent where this program listens, and ends when the parent closes standard input. */
export function ready(addresses) {
  process.stdin.on('end', () => process.exit(0));
  process.stdin.on('close', () => process.exit(0));
  process.stdin.resume();
  process.stdout.write(`${JSON.stringify(addresses)}\n`);
}

/** Reads a request's body whole. */
export async function body(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Answers with JSON. */
export function json(response, value, status = 200) {
  const bytes = Buffer.from(JSON.stringify(value));
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length });
  response.end(bytes);
}

/**
 * Serves control calls on a port of their own: `{'/path': async (arguments) => answer}`. Arguments are the JSON body, or
 * an empty object; what a call throws is answered with 400.
 */
export async function control(calls) {
  const server = http.createServer(async (request, response) => {
    const call = calls[request.url];
    if (!call) return json(response, { error: `no control call ${request.url}` }, 404);
    try {
      const sent = await body(request);
      return json(response, (await call(sent.length ? JSON.parse(sent) : {})) ?? {});
    } catch (error) {
      return json(response, { error: String(error?.message ?? error) }, 400);
    }
  });
  return `http://127.0.0.1:${await listen(server)}`;
}
