// Conditional Access policies and the named locations that they name.
import { FABRIKAM, has, holds, refused, same } from './suite.mjs';

export async function conditionalAccess(suite) {
  const named = () => suite.client.api('/identity/conditionalAccess/namedLocations');
  const location = (which) => suite.client.api(`/identity/conditionalAccess/namedLocations/${made[which]}`);
  const policies = () => suite.client.api('/identity/conditionalAccess/policies');
  const policy = () => suite.client.api(`/identity/conditionalAccess/policies/${made.policy}`);
  const made = {};
  const wanted = {
    office: {
      '@odata.type': '#microsoft.graph.ipNamedLocation',
      displayName: 'Office',
      isTrusted: true,
      ipRanges: [
        { '@odata.type': '#microsoft.graph.iPv4CidrRange', cidrAddress: '198.51.100.0/24' },
        { '@odata.type': '#microsoft.graph.iPv6CidrRange', cidrAddress: '2001:db8:100::/48' },
      ],
    },
    countries: {
      '@odata.type': '#microsoft.graph.countryNamedLocation',
      displayName: 'Here',
      countriesAndRegions: ['CH', 'LI'],
      countryLookupMethod: 'clientIpAddress',
      includeUnknownCountriesAndRegions: false,
    },
  };

  for (const which of ['office', 'countries']) {
    await suite.step(`namedLocations: create of ${which === 'office' ? 'addresses' : 'countries'}`, async () => {
      const found = await named().post(wanted[which]);
      holds(found.id, 'it has no `id`');
      made[which] = found.id;
      suite.atTheEnd(() => location(which).delete());
      has(found, wanted[which]);
    });
  }

  await suite.step('namedLocations: get', async () => {
    for (const which of ['office', 'countries']) has(await location(which).get(), wanted[which]);
  });

  await suite.step('namedLocations: list', async () => {
    const found = (await named().get()).value.map(({ id }) => id);
    holds(found.includes(made.office) && found.includes(made.countries), 'one that was created is not there');
  });

  await suite.step('namedLocations: patch', async () => {
    const changed = {
      '@odata.type': '#microsoft.graph.ipNamedLocation',
      displayName: 'Offices',
      ipRanges: [{ '@odata.type': '#microsoft.graph.iPv4CidrRange', cidrAddress: '203.0.113.0/24' }],
    };
    await location('office').patch(changed);
    has(await location('office').get(), { ...changed, isTrusted: true });
  });

  await suite.step('conditionalAccess policies: create', async () => {
    const found = await policies().post({
      displayName: 'Guests need MFA',
      state: 'enabledForReportingButNotEnforced',
      conditions: {
        clientAppTypes: ['all'],
        applications: { includeApplications: ['All'] },
        locations: { includeLocations: ['All'], excludeLocations: [made.office] },
        users: {
          includeGuestsOrExternalUsers: {
            guestOrExternalUserTypes: 'b2bCollaborationGuest,b2bDirectConnectUser',
            externalTenants: {
              '@odata.type': '#microsoft.graph.conditionalAccessEnumeratedExternalTenants',
              membershipKind: 'enumerated',
              members: [FABRIKAM],
            },
          },
        },
      },
      grantControls: { operator: 'OR', builtInControls: ['mfa'] },
    });
    holds(found.id, 'it has no `id`');
    made.policy = found.id;
    suite.atTheEnd(() => policy().delete());
    same('displayName', found.displayName, 'Guests need MFA');
  });

  await suite.step('conditionalAccess policies: get', async () => {
    const found = await policy().get();
    same('state', found.state, 'enabledForReportingButNotEnforced');
    same('includeApplications', found.conditions.applications.includeApplications, ['All']);
    same('excludeLocations', found.conditions.locations.excludeLocations, [made.office]);
    const guests = found.conditions.users.includeGuestsOrExternalUsers;
    same('guestOrExternalUserTypes', guests.guestOrExternalUserTypes, 'b2bCollaborationGuest,b2bDirectConnectUser');
    has(guests.externalTenants, {
      '@odata.type': '#microsoft.graph.conditionalAccessEnumeratedExternalTenants',
      members: [FABRIKAM],
    });
    has(found.grantControls, { operator: 'OR', builtInControls: ['mfa'] });
    holds(found.createdDateTime, 'it has no `createdDateTime`');
  });

  await suite.step('conditionalAccess policies: list', async () => {
    const found = (await policies().get()).value.map(({ id }) => id);
    holds(found.includes(made.policy), 'the one that was created is not there');
  });

  await suite.step('conditionalAccess policies: patch', async () => {
    await policy().patch({ displayName: 'Guests', state: 'disabled' });
    const found = await policy().get();
    has(found, { displayName: 'Guests', state: 'disabled' });
    same('includeApplications', found.conditions.applications.includeApplications, ['All']);
  });

  await suite.step('conditionalAccess policies: delete', async () => {
    await policy().delete();
    await refused(policy().get(), 404);
  });

  await suite.step('namedLocations: delete', async () => {
    for (const which of ['office', 'countries']) {
      await location(which).delete();
      await refused(location(which).get(), 404);
    }
  });
}
