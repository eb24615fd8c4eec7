// One call of an admin API by Microsoft's own SDK for JavaScript, `@microsoft/microsoft-graph-client`:
//
//   GRAPH_BASE=https://localhost:PORT/v1.0 GRAPH_TOKEN=TOKEN node graph-call.mjs METHOD PATH [BODY]
//
// Prints {answer, at} as JSON: the answer, null where it has none, and when it came, in milliseconds since 1970. Ends with 1 and the error where it
// fails.
import { clientOf } from './lib/graph/client.mjs';

const [method, path, body] = process.argv.slice(2);
try {
  const request = clientOf(process.env.GRAPH_BASE, process.env.GRAPH_TOKEN).api(path);
  const answer = await request[method.toLowerCase()](body && JSON.parse(body));
  process.stdout.write(JSON.stringify({ answer: answer ?? null, at: Date.now() }));
} catch (error) {
  process.stderr.write(`${method} ${path}: ${error.statusCode} ${error.message}\n`);
  process.exitCode = 1;
}
