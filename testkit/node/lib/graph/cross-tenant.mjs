// `crossTenantAccessPolicy`, its default configuration, and the templates of a multitenant organization.
import { APP, CLOSED, EVERYBODY, EVERYTHING, GROUP, OFFICE, OPEN, half, halves, setting } from './settings.mjs';
import { has, holds, same } from './suite.mjs';

const ROOT = '/policies/crossTenantAccessPolicy';

export async function crossTenant(suite) {
  const root = () => suite.client.api(ROOT);
  const standard = () => suite.client.api(`${ROOT}/default`);
  const reset = () => suite.client.api(`${ROOT}/default/resetToSystemDefault`).post();

  await suite.step('crossTenantAccessPolicy: get', async () => {
    const { id, displayName = null, allowedCloudEndpoints } = await root().get();
    holds(id, 'it has no `id`');
    suite.atTheEnd(() => root().patch({ displayName, allowedCloudEndpoints: allowedCloudEndpoints ?? [] }));
  });

  await suite.step('crossTenantAccessPolicy: patch displayName and allowedCloudEndpoints', async () => {
    const changed = { displayName: 'Ours', allowedCloudEndpoints: ['microsoftonline.us'] };
    await root().patch(changed);
    has(await root().get(), changed);
  });

  await suite.step('crossTenantAccessPolicy: patch one member and keep the other', async () => {
    await root().patch({ allowedCloudEndpoints: [] });
    has(await root().get(), { displayName: 'Ours', allowedCloudEndpoints: [] });
  });

  await suite.step('default: get', async () => {
    const found = await standard().get();
    holds(found.id, 'it has no `id`');
    same('the type of isServiceDefault', typeof found.isServiceDefault, 'boolean');
    holds(found.b2bDirectConnectInbound, 'it has no `b2bDirectConnectInbound`');
  });

  suite.atTheEnd(reset);
  const trust = {
    isMfaAccepted: true,
    isCompliantDeviceAccepted: true,
    isHybridAzureADJoinedDeviceAccepted: false,
  };
  await suite.step('default: patch inboundTrust', async () => {
    await standard().patch({ inboundTrust: trust });
    const found = await standard().get();
    has(found.inboundTrust, trust);
    same('isServiceDefault', found.isServiceDefault, false);
  });

  await suite.step('default: patch the four B2B settings', async () => {
    const changed = {
      b2bCollaborationInbound: setting(half('allowed', EVERYBODY), half('allowed', APP)),
      b2bCollaborationOutbound: setting(half('blocked', GROUP), half('blocked', EVERYTHING)),
      b2bDirectConnectInbound: setting(half('allowed', EVERYBODY), half('allowed', OFFICE)),
      b2bDirectConnectOutbound: setting(half('allowed', GROUP), half('allowed', EVERYTHING)),
    };
    await standard().patch(changed);
    const found = await standard().get();
    has(found, changed);
    has(found.inboundTrust, trust);
  });

  await suite.step('default: patch tenantRestrictions', async () => {
    const changed = setting(half('allowed', EVERYBODY), half('allowed', APP));
    await standard().patch({ tenantRestrictions: changed });
    same('tenantRestrictions', halves((await standard().get()).tenantRestrictions), changed);
  });

  await suite.step('default: patch invitationRedemptionIdentityProviderConfiguration', async () => {
    const changed = {
      primaryIdentityProviderPrecedenceOrder: ['externalFederation', 'azureActiveDirectory', 'socialIdentityProviders'],
      fallbackIdentityProvider: 'emailOneTimePasscode',
    };
    await standard().patch({ invitationRedemptionIdentityProviderConfiguration: changed });
    has((await standard().get()).invitationRedemptionIdentityProviderConfiguration, changed);
  });

  await suite.step('default: resetToSystemDefault', async () => {
    same('the answer', await reset(), undefined);
    const found = await standard().get();
    has(found, {
      isServiceDefault: true,
      b2bCollaborationInbound: OPEN,
      b2bCollaborationOutbound: OPEN,
      b2bDirectConnectInbound: CLOSED,
      b2bDirectConnectOutbound: CLOSED,
    });
    same('inboundTrust.isMfaAccepted', found.inboundTrust.isMfaAccepted, false);
    same('tenantRestrictions', halves(found.tenantRestrictions), CLOSED);
  });
}

export async function templates(suite) {
  const BOTH = 'newPartners,existingPartners';
  const all = {
    multiTenantOrganizationPartnerConfiguration: {
      inboundTrust: { isMfaAccepted: true },
      automaticUserConsentSettings: { inboundAllowed: true },
      templateApplicationLevel: 'newPartners',
    },
    multiTenantOrganizationIdentitySynchronization: {
      userSyncInbound: { isSyncAllowed: true },
      templateApplicationLevel: 'existingPartners',
    },
  };
  for (const [name, changed] of Object.entries(all)) {
    const template = () => suite.client.api(`${ROOT}/templates/${name}`);
    const reset = () => suite.client.api(`${ROOT}/templates/${name}/resetToDefaultSettings`).post();

    await suite.step(`templates: get ${name}`, async () => {
      const found = await template().get();
      holds(found.id, 'it has no `id`');
      same('templateApplicationLevel', found.templateApplicationLevel, BOTH);
      suite.atTheEnd(reset);
    });

    await suite.step(`templates: patch ${name}`, async () => {
      await template().patch(changed);
      const found = await template().get();
      same('templateApplicationLevel', found.templateApplicationLevel, changed.templateApplicationLevel);
      for (const [member, value] of Object.entries(changed)) {
        if (typeof value === 'object') has(found[member], value);
      }
    });

    await suite.step(`templates: resetToDefaultSettings of ${name}`, async () => {
      await reset();
      const found = await template().get();
      same('templateApplicationLevel', found.templateApplicationLevel, BOTH);
      holds(!found.inboundTrust?.isMfaAccepted, 'inboundTrust is as it was patched');
      holds(!found.userSyncInbound?.isSyncAllowed, 'userSyncInbound is as it was patched');
    });
  }
}
