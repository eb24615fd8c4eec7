// `$batch`.
import { BatchRequestContent, BatchResponseContent } from '@microsoft/microsoft-graph-client';
import { PARTNERS } from './partners.mjs';
import { LITWARE, NOBODY, has, holds, refused, same } from './suite.mjs';

// `Request` takes absolute addresses only; the SDK strips the host again.
const address = (path) => `https://graph.example${path}`;

export async function batch(suite) {
  const litware = address(`${PARTNERS}/${LITWARE}`);
  const change = (body) =>
    new Request(litware, {
      method: 'PATCH',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });

  async function ask(...steps) {
    const content = await new BatchRequestContent(steps).getContent();
    holds(content.requests.every(({ url }) => url.startsWith('/policies/')), 'the SDK sends other addresses');
    const answer = new BatchResponseContent(await suite.client.api('/$batch').post(content));
    return Object.fromEntries(answer.getResponses());
  }
  const statuses = (answers) => Object.fromEntries(Object.entries(answers).map(([id, { status }]) => [id, status]));

  await suite.step('$batch: one after another', async () => {
    const answers = await ask(
      { id: '1', request: new Request(litware) },
      { id: '2', request: change({ isServiceProvider: true, inboundTrust: null }), dependsOn: ['1'] },
      { id: '3', request: new Request(litware), dependsOn: ['2'] },
    );
    same('statuses', statuses(answers), { 1: 200, 2: 204, 3: 200 });
    same('tenantId', (await answers[1].json()).tenantId, LITWARE);
    has(await answers[3].json(), { isServiceProvider: true, inboundTrust: null });
  });

  await suite.step('$batch: side by side, with one that is refused', async () => {
    const answers = await ask(
      { id: 'nobody', request: new Request(address(`${PARTNERS}/${NOBODY}`)) },
      { id: 'select', request: new Request(address(`${PARTNERS}?$select=tenantId`)) },
    );
    same('statuses', statuses(answers), { nobody: 404, select: 200 });
    const { error } = await answers.nobody.json();
    holds(error.code && error.message, 'the error has no `code` or no `message`');
    holds((await answers.select.json()).value.some(({ tenantId }) => tenantId === LITWARE), 'a partner is not there');
  });

  await suite.step('$batch: what depends on a refused request is not done', async () => {
    const answers = await ask(
      { id: '1', request: change({ tenantRestriction: null }) },
      { id: '2', request: change({ isServiceProvider: false }), dependsOn: ['1'] },
    );
    same('statuses', statuses(answers), { 1: 400, 2: 424 });
    same('isServiceProvider', (await suite.client.api(`${PARTNERS}/${LITWARE}`).get()).isServiceProvider, true);
  });

  await suite.step('$batch: 400 for more than 20 requests', async () => {
    const requests = Array.from({ length: 21 }, (_, n) => ({ id: `${n}`, method: 'GET', url: PARTNERS }));
    await refused(suite.client.api('/$batch').post({ requests }), 400);
  });
}
