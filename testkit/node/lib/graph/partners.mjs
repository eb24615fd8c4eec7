// Partner configurations: one by one, by query, and page by page; their identity synchronization.
import { PageIterator, ResponseType } from '@microsoft/microsoft-graph-client';
import { APP, CLOSED, EVERYBODY, GROUP, half, setting } from './settings.mjs';
import { FABRIKAM, LITWARE, NOBODY, has, holds, refused, same } from './suite.mjs';

export const PARTNERS = '/policies/crossTenantAccessPolicy/partners';
export const MANY = Array.from({ length: 25 }, (_, n) => `77777777-7777-4777-8777-${String(n).padStart(12, '0')}`);
export const PAGE = 10;

const INHERITED = [
  'inboundTrust',
  'b2bCollaborationInbound',
  'b2bCollaborationOutbound',
  'b2bDirectConnectInbound',
  'b2bDirectConnectOutbound',
  'tenantRestrictions',
];

const ids = (list) => list.map(({ tenantId }) => tenantId).sort();

/** All items of a list whose first page is given, through the SDK's iterator. */
export async function everyPage(client, first) {
  const found = [];
  const pages = new PageIterator(client, first, (item) => {
    found.push(item);
    return true;
  });
  await pages.iterate();
  same('isComplete', pages.isComplete(), true);
  return found;
}

/** The store must have no partner: before the first step, and after the clean-up. */
export async function noPartner(suite) {
  same('value', (await suite.client.api(PARTNERS).get()).value, []);
}

export async function partners(suite) {
  const every = () => suite.client.api(PARTNERS);
  const partner = (tenant) => suite.client.api(`${PARTNERS}/${tenant}`);
  const inbound = setting(half('allowed', GROUP), half('allowed', APP));

  await suite.step('partners: list none', () => noPartner(suite));

  await suite.step('partners: create', async () => {
    suite.atTheEnd(() => partner(FABRIKAM).delete());
    const made = {
      tenantId: FABRIKAM,
      b2bCollaborationInbound: inbound,
      b2bDirectConnectOutbound: CLOSED,
    };
    const answer = await every().responseType(ResponseType.RAW).post({ ...made, inboundTrust: { isMfaAccepted: true } });
    same('the status', answer.status, 201);
    const found = await answer.json();
    has(found, made);
    same('inboundTrust.isMfaAccepted', found.inboundTrust.isMfaAccepted, true);
    holds(found['@odata.context'], 'it has no `@odata.context`');
  });

  await suite.step('partners: create with tenantId only', async () => {
    suite.atTheEnd(() => partner(LITWARE).delete());
    const found = await every().post({ tenantId: LITWARE });
    has(found, {
      tenantId: LITWARE,
      isServiceProvider: null,
      isInMultiTenantOrganization: false,
      automaticUserConsentSettings: { inboundAllowed: null, outboundAllowed: null },
      ...Object.fromEntries(INHERITED.map((name) => [name, null])),
    });
  });

  await suite.step('partners: create one that is there', async () => {
    await refused(every().post({ tenantId: FABRIKAM }), 409, { code: 'Request_MultipleObjectsWithSameKeyValue' });
  });

  await suite.step('partners: get', async () => {
    const found = await partner(FABRIKAM).get();
    has(found, { tenantId: FABRIKAM, b2bCollaborationInbound: inbound, b2bCollaborationOutbound: null });
    same('identitySynchronization, which was not asked for,', found.identitySynchronization, undefined);
  });

  await suite.step('partners: patch', async () => {
    const changed = {
      b2bCollaborationOutbound: setting(half('allowed', EVERYBODY), half('blocked', APP)),
      automaticUserConsentSettings: { inboundAllowed: true, outboundAllowed: true },
      isServiceProvider: true,
    };
    const trust = { isMfaAccepted: true, isCompliantDeviceAccepted: true };
    same('the answer', await partner(FABRIKAM).patch({ ...changed, inboundTrust: trust }), undefined);
    const found = await partner(FABRIKAM).get();
    has(found, { ...changed, b2bCollaborationInbound: inbound });
    has(found.inboundTrust, trust);
  });

  await suite.step('partners: patch one half of a setting', async () => {
    await partner(LITWARE).patch({ b2bCollaborationInbound: { applications: half('allowed', APP) } });
    const found = (await partner(LITWARE).get()).b2bCollaborationInbound;
    same('applications', found?.applications, half('allowed', APP));
    same('usersAndGroups', found?.usersAndGroups ?? null, null);
  });

  await suite.step('partners: null goes back to the default', async () => {
    await partner(FABRIKAM).patch({ b2bCollaborationInbound: null, inboundTrust: null });
    const found = await partner(FABRIKAM).get();
    has(found, { b2bCollaborationInbound: null, inboundTrust: null });
    holds(found.b2bCollaborationOutbound, 'b2bCollaborationOutbound, which was not sent, is gone');
  });

  await suite.step('partners: change what was read and send it back', async () => {
    const read = await partner(LITWARE).get();
    await partner(LITWARE).patch({ ...read, inboundTrust: { isMfaAccepted: true } });
    const found = await partner(LITWARE).get();
    same('inboundTrust.isMfaAccepted', found.inboundTrust.isMfaAccepted, true);
    same('tenantId', found.tenantId, LITWARE);
  });

  await suite.step('partners: get with Prefer', async () => {
    const found = await partner(FABRIKAM).header('Prefer', 'include-unknown-enum-members').get();
    same('tenantId', found.tenantId, FABRIKAM);
  });

  await suite.step('partners: If-Match', async () => {
    const answer = await partner(FABRIKAM).responseType(ResponseType.RAW).get();
    const tag = answer.headers.get('etag') ?? (await answer.json())['@odata.etag'];
    holds(tag, 'the answer has neither `ETag` nor `@odata.etag`');
    await partner(FABRIKAM).header('If-Match', tag).patch({ isServiceProvider: false });
    await refused(partner(FABRIKAM).header('If-Match', tag).patch({ isServiceProvider: true }), 412);
    same('isServiceProvider', (await partner(FABRIKAM).get()).isServiceProvider, false);
  });

  await suite.step('partners: $select', async () => {
    const { value } = await every().select(['tenantId', 'isServiceProvider']).get();
    same('tenantIds', ids(value), [FABRIKAM, LITWARE]);
    for (const each of value) {
      const members = Object.keys(each).filter((name) => !name.startsWith('@')).sort();
      same('its members', members, ['isServiceProvider', 'tenantId']);
    }
  });

  await suite.step('partners: $filter', async () => {
    same('tenantIds', ids((await every().filter(`tenantId eq '${LITWARE}'`).get()).value), [LITWARE]);
  });

  await suite.step(`partners: create ${MANY.length} more`, async () => {
    for (const tenantId of MANY) {
      suite.atTheEnd(() => partner(tenantId).delete());
      same('tenantId', (await every().post({ tenantId })).tenantId, tenantId);
    }
  });

  await suite.step(`partners: pages of ${PAGE}`, async () => {
    const first = await every().top(PAGE).get();
    same('partners on the first page', first.value.length, PAGE);
    holds(first['@odata.nextLink'], 'the first page has no `@odata.nextLink`');
    same('tenantIds of all pages', ids(await everyPage(suite.client, first)), [FABRIKAM, LITWARE, ...MANY]);
  });

  await suite.step('partners: delete', async () => {
    // The first two stay until the clean-up: steps of other subjects need them.
    for (const tenant of MANY) await partner(tenant).delete();
    await refused(partner(MANY[0]).get(), 404);
    same('tenantIds', ids((await every().get()).value), [FABRIKAM, LITWARE]);
  });
}

export async function synchronization(suite) {
  const partner = () => suite.client.api(`${PARTNERS}/${FABRIKAM}`);
  const policy = () => suite.client.api(`${PARTNERS}/${FABRIKAM}/identitySynchronization`);
  const made = { displayName: 'Fabrikam', userSyncInbound: { isSyncAllowed: true } };

  await suite.step('identitySynchronization: get none', () => refused(policy().get(), 404));

  await suite.step('identitySynchronization: put', async () => {
    suite.atTheEnd(() => policy().delete());
    await policy().put(made);
    has(await policy().get(), { tenantId: FABRIKAM, ...made });
  });

  await suite.step('identitySynchronization: put where one is', async () => {
    const { details } = JSON.parse((await refused(policy().put(made), 409)).body);
    same('details[0].code', details?.[0]?.code, 'ConflictingObjects');
  });

  await suite.step('identitySynchronization: patch', async () => {
    await policy().patch({ userSyncInbound: { isSyncAllowed: false } });
    has(await policy().get(), { displayName: 'Fabrikam', userSyncInbound: { isSyncAllowed: false } });
  });

  await suite.step('partners: get with $expand', async () => {
    has((await partner().expand('identitySynchronization').get()).identitySynchronization, { displayName: 'Fabrikam' });
  });

  await suite.step('partners: list with $expand', async () => {
    const { value } = await suite.client.api(PARTNERS).expand('identitySynchronization').get();
    const names = Object.fromEntries(
      value.map((each) => [each.tenantId, each.identitySynchronization?.displayName ?? null]),
    );
    same('displayNames', names, { [FABRIKAM]: 'Fabrikam', [LITWARE]: null });
  });

  await suite.step('partners: delete one that has identitySynchronization', () => refused(partner().delete(), 400));

  await suite.step('identitySynchronization: delete', async () => {
    await policy().delete();
    await refused(policy().get(), 404);
  });
}

export async function errors(suite) {
  const partner = (tenant) => suite.client.api(`${PARTNERS}/${tenant}`);

  await suite.step('errors: 404 for a partner that is not there', () => refused(partner(NOBODY).get(), 404));

  await suite.step('errors: 400 for a tenantId that is none', () =>
    refused(suite.client.api(PARTNERS).post({ tenantId: 'fabrikam' }), 400));

  await suite.step('errors: 400 for a misspelt property', () =>
    refused(partner(FABRIKAM).patch({ b2BDirectConnectInbound: null }), 400, { named: 'b2BDirectConnectInbound' }));

  await suite.step('errors: 400 for halves that conflict', () =>
    refused(
      partner(FABRIKAM).patch({ b2bCollaborationInbound: setting(half('blocked', EVERYBODY), half('allowed', APP)) }),
      400,
    ));

  await suite.step('errors: 400 for a body that is no JSON', () =>
    refused(partner(FABRIKAM).patch('{"inboundTrust":'), 400));

  await suite.step('errors: 401 for a token that is none', () =>
    refused(suite.stranger.api(PARTNERS).get(), 401, { code: 'InvalidAuthenticationToken' }));
}
