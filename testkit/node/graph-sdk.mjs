// Drives an admin API with Microsoft's own SDK for JavaScript, `@microsoft/microsoft-graph-client`, as an administrator's
// script would:
//
//   node graph-sdk.mjs --base http://127.0.0.1:PORT/v1.0 --token TOKEN
//
// or with GRAPH_BASE and GRAPH_TOKEN in the environment. Expects a store without partners whose own tenant is
// 11111111-1111-4111-8111-111111111111 and which knows 22222222-2222-4222-8222-222222222222 as Fabrikam, fabrikam.com.
// Prints a line a step; ends with 0 only if every one was right. Leaves the store's documents as it found them.
import { parseArgs } from 'node:util';
import { audit } from './lib/graph/audit.mjs';
import { signIns } from './lib/graph/sign-ins.mjs';
import { batch } from './lib/graph/batch.mjs';
import { clientOf } from './lib/graph/client.mjs';
import { conditionalAccess } from './lib/graph/conditional-access.mjs';
import { crossTenant, templates } from './lib/graph/cross-tenant.mjs';
import { authorization, domains, roles, tenants } from './lib/graph/directory.mjs';
import { guests } from './lib/graph/guests.mjs';
import { errors, noPartner, partners, synchronization } from './lib/graph/partners.mjs';
import { Suite } from './lib/graph/suite.mjs';

const DEADLINE_MILLISECONDS = 180_000;

const { values } = parseArgs({ options: { base: { type: 'string' }, token: { type: 'string' } } });
const base = values.base ?? process.env.GRAPH_BASE;
const token = values.token ?? process.env.GRAPH_TOKEN;
if (!base || !token) {
  process.stderr.write('--base and --token (or GRAPH_BASE and GRAPH_TOKEN) must be given\n');
  process.exit(2);
}

setTimeout(() => {
  process.stdout.write(`FAILED all: not done in ${DEADLINE_MILLISECONDS / 1000} s\n`);
  process.exit(1);
}, DEADLINE_MILLISECONDS).unref();

let suite;
try {
  suite = new Suite(clientOf(base, token), clientOf(base, 'no.token.atall'), token);
} catch (error) {
  process.stderr.write(`--base: ${error.message}\n`);
  process.exit(2);
}
const subjects = [
  crossTenant, partners, synchronization, errors, templates, authorization, guests, domains, roles, tenants, conditionalAccess,
  audit, signIns, batch,
];
for (const subject of subjects) await subject(suite);
await suite.cleanUp();
await suite.step('clean-up: no partner is left', () => noPartner(suite));
process.stdout.write(`@microsoft/microsoft-graph-client: ${suite.right} ok, ${suite.wrong} failed\n`);
process.exitCode = suite.wrong ? 1 : 0;
