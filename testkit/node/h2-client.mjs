// An HTTP/2 client from outside: takes {url, ca, requests: [{headers, body, trailers, stall}]} as its argument, sends all of them at
// once over one connection, and prints the answers, in the order of the requests, as one line of JSON.
import { readFileSync } from 'node:fs';
import http2 from 'node:http2';

const { url, ca, requests } = JSON.parse(process.argv[2]);
const session = http2.connect(url, ca ? { ca: readFileSync(ca) } : {});
let failure = null;
session.on('error', (error) => { failure = error.message; });

function send({ headers, body, trailers, stall }) {
  return new Promise((resolve) => {
    const answer = { status: null, headers: {}, body: '', error: null };
    const hasBody = body !== undefined || trailers !== undefined || stall;
    const stream = session.request(headers, { endStream: !hasBody, waitForTrailers: trailers !== undefined });
    stream.setEncoding('utf8');
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    stream.on('response', (received) => {
      answer.status = received[':status'];
      answer.headers = { ...received };
    });
    stream.on('data', (chunk) => { answer.body += chunk; });
    stream.on('error', (error) => { answer.error = error.message; });
    stream.on('close', () => resolve({ ...answer, reset: stream.rstCode }));
    // One that stalls announces a body, and sends none of it.
    if (hasBody && !stall) stream.end(body ?? '');
  });
}

const answers = await Promise.all(requests.map(send));
const protocol = session.alpnProtocol;
session.close();
process.stdout.write(`${JSON.stringify({ protocol, failure, answers })}\n`);
