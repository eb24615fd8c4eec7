// The log of sign-ins. Whoever runs this has had five guests come in and three callers come without a token.
import { everyPage } from './partners.mjs';
import { NOBODY, has, holds, refused, same } from './suite.mjs';

export async function signIns(suite) {
  const log = () => suite.client.api('/auditLogs/signIns');
  const times = (list) => list.map(({ createdDateTime }) => Date.parse(createdDateTime));
  let found = [];

  await suite.step('signIns: list with $filter, $orderby and pages', async () => {
    const first = await log()
      .filter("crossTenantAccessType eq 'b2bCollaboration' and status/errorCode eq 0")
      .orderby('createdDateTime desc')
      .top(2)
      .get();
    same('events on the first page', first.value.length, 2);
    holds(first['@odata.nextLink'], 'the first page has no `@odata.nextLink`');
    found = await everyPage(suite.client, first);
    same('events', found.length, 5);
    same('different ids', new Set(found.map(({ id }) => id)).size, found.length);
    same('the order', times(found), times(found).toSorted((a, b) => b - a));
    for (const each of found) has(each, { userType: 'guest', resourceDisplayName: 'Payroll' });
  });

  await suite.step('signIns: list what failed', async () => {
    const { value } = await log().filter('status/errorCode eq 50058').get();
    same('events', value.length, 3);
  });

  await suite.step('signIns: list of other tenants, since a time, with $select', async () => {
    const start = new Date(Date.now() - 30 * 60_000).toISOString();
    const { homeTenantId, resourceTenantId } = found[0];
    const { value } = await log()
      .filter(`homeTenantId ne '${resourceTenantId}' and homeTenantId ne null and createdDateTime ge ${start}`)
      .select('id,homeTenantId')
      .get();
    same('events', value.length, 5);
    same('members', Object.keys(value[0]).toSorted(), ['homeTenantId', 'id']);
    same('homeTenantId', value[0].homeTenantId, homeTenantId);
  });

  await suite.step('signIns: get', async () => {
    const { id, createdDateTime } = found[0];
    has(await suite.client.api(`/auditLogs/signIns/${id}`).get(), { id, createdDateTime });
  });

  await suite.step('signIns: get one that is not there', () => refused(suite.client.api(`/auditLogs/signIns/${NOBODY}`).get(), 404));
}
