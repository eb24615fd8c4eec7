// What every program here shares: loopback only, a port the system picks, one line of JSON when ready, and an end
// that comes with the parent's, so that a test that dies leaves nothing running.
import http from 'node:http';

// The program that is being started, where programs share this process; they are started one after another.
let starting = null;
let begun = Promise.resolve();
const listening = new WeakSet();

/** Runs a program as if it had a process of its own: what it listens on ends when it is stopped. */
export function host(url) {
  const started = begun.then(async () => {
    const program = { servers: [], sockets: new Set(), ends: [], ready: null };
    program.stop = () => {
      for (const server of program.servers) server.close();
      for (const socket of program.sockets) socket.destroy();
      for (const end of program.ends) end();
    };
    starting = program;
    try {
      await import(url);
      return program;
    } catch (error) {
      program.stop();
      throw error;
    } finally {
      starting = null;
    }
  });
  begun = started.catch(() => {});
  return started;
}

/** Does something when the program that is being started is stopped, where it shares the process. */
export function atEnd(end) {
  starting?.ends.push(end);
}

function keep(server, { servers, sockets }) {
  servers.push(server);
  listening.add(server);
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
}

/** Listens on 127.0.0.1, on `port` or any free one, and answers the port. */
export function listen(server, port = 0) {
  // One that listens again belongs to a program that was started before.
  if (starting && !listening.has(server)) keep(server, starting);
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
  if (starting) {
    starting.ready = addresses;
    return;
  }
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
