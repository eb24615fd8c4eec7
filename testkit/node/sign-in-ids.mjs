// Prints the ids of the sign-ins that a filter finds, as Microsoft's own SDK for JavaScript goes through the pages:
//
//   GRAPH_BASE=https://localhost:PORT/v1.0 GRAPH_TOKEN=TOKEN node sign-in-ids.mjs FILTER
import { clientOf } from './lib/graph/client.mjs';
import { everyPage } from './lib/graph/partners.mjs';

const client = clientOf(process.env.GRAPH_BASE, process.env.GRAPH_TOKEN);
const first = await client.api('/auditLogs/signIns').filter(process.argv[2]).select('id').top(1000).get();
const found = await everyPage(client, first);
process.stdout.write(found.map(({ id }) => `${id}\n`).join(''));
