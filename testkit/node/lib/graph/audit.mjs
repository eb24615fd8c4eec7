// The audit of what the steps before did.
import { MANY, PAGE, everyPage } from './partners.mjs';
import { FABRIKAM, LITWARE, NOBODY, has, holds, refused, same } from './suite.mjs';

export async function audit(suite) {
  const audits = () => suite.client.api('/auditLogs/directoryAudits');
  const one = (id) => suite.client.api(`/auditLogs/directoryAudits/${id}`);
  const times = (list) => list.map(({ activityDateTime }) => Date.parse(activityDateTime));
  let found = [];

  await suite.step('directoryAudits: list with $filter, $orderby and pages', async () => {
    const first = await audits()
      .filter("activityDisplayName eq 'Add a partner to cross-tenant access setting'")
      .orderby('activityDateTime desc')
      .top(PAGE)
      .get();
    same('records on the first page', first.value.length, PAGE);
    holds(first['@odata.nextLink'], 'the first page has no `@odata.nextLink`');
    found = await everyPage(suite.client, first);
    holds(found.length >= MANY.length + 2, `there are ${found.length} records`);
    same('different ids', new Set(found.map(({ id }) => id)).size, found.length);
    same('the order', times(found), times(found).toSorted((a, b) => b - a));
  });

  await suite.step('directoryAudits: who did what to which partner', async () => {
    const added = new Set();
    for (const each of found) {
      has(each, { category: 'CrossTenantAccessSettings', operationType: 'Add' });
      holds(each.correlationId, 'one has no `correlationId`');
      holds(each.initiatedBy?.user || each.initiatedBy?.app, 'one is initiated by nobody');
      if (each.result !== 'success') continue;
      for (const { displayName, newValue } of each.targetResources.flatMap((target) => target.modifiedProperties ?? [])) {
        if (displayName === 'tenantId' && newValue) added.add(JSON.parse(newValue));
      }
    }
    const missing = [FABRIKAM, LITWARE, ...MANY].filter((tenant) => !added.has(tenant));
    same('partners that were added and have no record of success', missing, []);
  });

  await suite.step('directoryAudits: list since a time', async () => {
    const start = new Date(Date.now() - 30 * 60_000).toISOString();
    const { value } = await audits()
      .filter(`activityDateTime ge ${start} and category eq 'CrossTenantAccessSettings'`)
      .orderby('activityDateTime')
      .top(PAGE)
      .get();
    same('records', value.length, PAGE);
    same('the order', times(value), times(value).toSorted((a, b) => a - b));
  });

  await suite.step('directoryAudits: get', async () => {
    const { id, activityDateTime } = found[0];
    has(await one(id).get(), { id, activityDateTime });
  });

  await suite.step('directoryAudits: get one that is not there', () => refused(one(`Directory_${NOBODY}_0`).get(), 404));
}
