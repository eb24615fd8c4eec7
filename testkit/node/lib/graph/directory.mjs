// What belongs to the directory: `authorizationPolicy`, the domain policy, roles, the organization, other tenants, sessions.
import { FABRIKAM, NOBODY, OWN_TENANT, SOMEBODY, has, holds, refused, same } from './suite.mjs';

const READ = 'microsoft.directory/crossTenantAccessPolicy/standard/read';
const CREATE = 'microsoft.directory/crossTenantAccessPolicy/partners/create';

export async function authorization(suite) {
  const policy = () => suite.client.api('/policies/authorizationPolicy');

  await suite.step('authorizationPolicy: get', async () => {
    const { id, allowInvitesFrom, guestUserRoleId } = await policy().get();
    same('id', id, 'authorizationPolicy');
    holds(allowInvitesFrom, 'it has no `allowInvitesFrom`');
    suite.atTheEnd(() => policy().patch({ allowInvitesFrom, ...(guestUserRoleId && { guestUserRoleId }) }));
  });

  await suite.step('authorizationPolicy: patch', async () => {
    const changed = {
      allowInvitesFrom: 'adminsAndGuestInviters',
      guestUserRoleId: '2af84b1e-32c8-42b7-82bc-daa82404023b',
    };
    await policy().patch(changed);
    has(await policy().get(), changed);
  });
}

/** The list of domains that may be invited, or may not: a policy of the beta version. */
export async function domains(suite) {
  const every = () => suite.client.api('/legacy/policies').version('beta');
  const one = (id) => suite.client.api(`/legacy/policies/${id}`).version('beta');
  const definition = (lists) => [
    JSON.stringify({ B2BManagementPolicy: { InvitationsAllowedAndBlockedDomainsPolicy: lists } }),
  ];
  const lists = (policy) =>
    JSON.parse(policy.definition[0]).B2BManagementPolicy.InvitationsAllowedAndBlockedDomainsPolicy;
  const isIt = (policy) => policy.definition?.some((text) => text.includes('B2BManagementPolicy'));
  let id;

  await suite.step('legacy/policies: list, and create where there is none', async () => {
    const there = (await every().get()).value.find(isIt);
    if (there) {
      id = there.id;
      suite.atTheEnd(() => one(id).patch({ definition: there.definition }));
      return;
    }
    const made = await every().post({
      type: 'B2BManagementPolicy',
      displayName: 'B2BManagementPolicy',
      isOrganizationDefault: true,
      definition: definition({ BlockedDomains: ['adatum.com'] }),
    });
    id = made.id;
    suite.atTheEnd(() => one(id).delete());
    holds((await every().get()).value.some((each) => each.id === id), 'the one that was created is not there');
  });

  await suite.step('legacy/policies: patch the domains that may be invited', async () => {
    await one(id).patch({ definition: definition({ AllowedDomains: ['fabrikam.com'] }) });
    same('AllowedDomains', lists(await one(id).get()).AllowedDomains, ['fabrikam.com']);
  });

  await suite.step('legacy/policies: 400 for allowed and blocked domains at once', async () => {
    const both = definition({ AllowedDomains: ['fabrikam.com'], BlockedDomains: ['adatum.com'] });
    await refused(one(id).patch({ definition: both }), 400);
  });
}

export async function roles(suite) {
  const definitions = () => suite.client.api('/roleManagement/directory/roleDefinitions');
  const assignments = () => suite.client.api('/roleManagement/directory/roleAssignments');
  let definitionId;
  let assignmentId;
  const definition = () => suite.client.api(`/roleManagement/directory/roleDefinitions/${definitionId}`);
  const assignment = () => suite.client.api(`/roleManagement/directory/roleAssignments/${assignmentId}`);

  await suite.step('directoryRoles: list', async () => {
    const { value } = await suite.client.api('/directoryRoles').get();
    holds(value.length, 'there is none');
    holds(value.every((each) => each.id && each.displayName), 'one has no `id` or no `displayName`');
  });

  await suite.step('roleDefinitions: list', async () => {
    const { value } = await definitions().get();
    holds(value.some((each) => each.isBuiltIn), 'there is none that is built in');
  });

  await suite.step('roleDefinitions: create', async () => {
    const found = await definitions().post({
      displayName: 'Cross-tenant access reader',
      description: 'Reads',
      isEnabled: true,
      rolePermissions: [{ allowedResourceActions: [READ] }],
    });
    holds(found.id, 'it has no `id`');
    definitionId = found.id;
    suite.atTheEnd(() => definition().delete());
    same('isBuiltIn', found.isBuiltIn, false);
  });

  await suite.step('roleDefinitions: get', async () => {
    const found = await definition().get();
    same('displayName', found.displayName, 'Cross-tenant access reader');
    same('allowedResourceActions', found.rolePermissions[0].allowedResourceActions, [READ]);
  });

  await suite.step('roleDefinitions: patch', async () => {
    await definition().patch({
      displayName: 'Cross-tenant access partner administrator',
      rolePermissions: [{ allowedResourceActions: [READ, CREATE] }],
    });
    const found = await definition().get();
    has(found, { displayName: 'Cross-tenant access partner administrator', description: 'Reads' });
    same('allowedResourceActions', found.rolePermissions[0].allowedResourceActions.toSorted(), [CREATE, READ]);
  });

  await suite.step('roleAssignments: create', async () => {
    const found = await assignments().post({
      roleDefinitionId: definitionId,
      principalId: SOMEBODY,
      directoryScopeId: '/',
    });
    holds(found.id, 'it has no `id`');
    assignmentId = found.id;
    suite.atTheEnd(() => assignment().delete());
    same('principalId', found.principalId, SOMEBODY);
  });

  await suite.step('roleAssignments: list with $filter', async () => {
    const { value } = await assignments().filter(`principalId eq '${SOMEBODY}'`).get();
    same('ids', value.map(({ id }) => id), [assignmentId]);
  });

  await suite.step('roleAssignments: get', async () => {
    has(await assignment().get(), { roleDefinitionId: definitionId, directoryScopeId: '/' });
  });

  await suite.step('roleAssignments: delete', async () => {
    await assignment().delete();
    await refused(assignment().get(), 404);
  });

  await suite.step('roleDefinitions: delete', async () => {
    await definition().delete();
    await refused(definition().get(), 404);
  });
}

export async function tenants(suite) {
  const find = (tenant) =>
    suite.client.api(`/tenantRelationships/findTenantInformationByTenantId(tenantId='${tenant}')`).get();

  await suite.step('organization: list', async () => {
    same('ids', (await suite.client.api('/organization').get()).value.map(({ id }) => id), [OWN_TENANT]);
  });

  await suite.step('findTenantInformationByTenantId: one that is known', async () => {
    has(await find(FABRIKAM), { tenantId: FABRIKAM, displayName: 'Fabrikam', defaultDomainName: 'fabrikam.com' });
  });

  await suite.step('findTenantInformationByTenantId: one that is not', () => refused(find(NOBODY), 404));

  await suite.step('users: revokeSignInSessions', async () => {
    same('value', (await suite.client.api(`/users/${SOMEBODY}/revokeSignInSessions`).post()).value, true);
  });
}
