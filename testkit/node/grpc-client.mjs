// A gRPC client from outside, gRPC's own for Node: takes {address, ca, method, calls: [{headers}]} as its argument, makes all the calls at
// once over one connection, each with a stream of answers, and prints what came and how each ended as one line of JSON.
import { readFileSync } from 'node:fs';
import { Client, Metadata, credentials } from '@grpc/grpc-js';

const { address, ca, method, calls } = JSON.parse(process.argv[2]);
const client = new Client(address, credentials.createSsl(readFileSync(ca)));
const asIs = (bytes) => bytes;

function call({ headers }) {
  return new Promise((resolve) => {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    const answer = { messages: [], code: null, details: null };
    const stream = client.makeServerStreamRequest(method, asIs, asIs, Buffer.from('x'), metadata);
    stream.on('data', (message) => answer.messages.push(message.toString()));
    // What went wrong is told by the status too.
    stream.on('error', () => {});
    stream.on('status', ({ code, details }) => resolve({ ...answer, code, details }));
  });
}

const answers = await Promise.all(calls.map(call));
client.close();
process.stdout.write(`${JSON.stringify({ answers })}\n`);
