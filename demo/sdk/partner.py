"""Changes what a partner may do, with Microsoft's SDK for Python, as an administrator's script would.

    python partner.py --base http://127.0.0.1:8444/v1.0 --token-file FILE block|open|trust-mfa|distrust-mfa TENANT
"""

import argparse
import asyncio
import time
import warnings

warnings.simplefilter("ignore", DeprecationWarning)

from azure.core.credentials import AccessToken
from kiota_abstractions.api_error import APIError
from msgraph import GraphServiceClient
from msgraph.generated.models.cross_tenant_access_policy_b2_b_setting import CrossTenantAccessPolicyB2BSetting
from msgraph.generated.models.cross_tenant_access_policy_configuration_partner import (
    CrossTenantAccessPolicyConfigurationPartner,
)
from msgraph.generated.models.cross_tenant_access_policy_inbound_trust import CrossTenantAccessPolicyInboundTrust
from msgraph.generated.models.cross_tenant_access_policy_target import CrossTenantAccessPolicyTarget
from msgraph.generated.models.cross_tenant_access_policy_target_configuration import (
    CrossTenantAccessPolicyTargetConfiguration,
)
from msgraph.generated.models.cross_tenant_access_policy_target_configuration_access_type import (
    CrossTenantAccessPolicyTargetConfigurationAccessType as AccessType,
)
from msgraph.generated.models.cross_tenant_access_policy_target_type import (
    CrossTenantAccessPolicyTargetType as TargetType,
)


class TokenFromFile:
    """A token that is there already; in earnest this is one of the classes of `azure.identity`."""

    def __init__(self, path: str) -> None:
        with open(path, encoding="ascii") as file:
            self._token = file.read().strip()

    async def get_token(self, *_scopes: str, **_options: object) -> AccessToken:
        return AccessToken(self._token, int(time.time()) + 3600)


def everybody(access: AccessType) -> CrossTenantAccessPolicyB2BSetting:
    """Everybody, to every application."""

    def targets(name: str, kind: TargetType) -> CrossTenantAccessPolicyTargetConfiguration:
        target = CrossTenantAccessPolicyTarget(target=name, target_type=kind)
        return CrossTenantAccessPolicyTargetConfiguration(access_type=access, targets=[target])

    return CrossTenantAccessPolicyB2BSetting(
        users_and_groups=targets("AllUsers", TargetType.User),
        applications=targets("AllApplications", TargetType.Application),
    )


def change(what: str) -> CrossTenantAccessPolicyConfigurationPartner:
    if what in ("block", "open"):
        access = AccessType.Blocked if what == "block" else AccessType.Allowed
        return CrossTenantAccessPolicyConfigurationPartner(b2b_collaboration_inbound=everybody(access))
    trust = CrossTenantAccessPolicyInboundTrust(is_mfa_accepted=what == "trust-mfa")
    return CrossTenantAccessPolicyConfigurationPartner(inbound_trust=trust)


async def run(arguments: argparse.Namespace) -> None:
    graph = GraphServiceClient(TokenFromFile(arguments.token_file), scopes=["https://graph.microsoft.com/.default"])
    graph.request_adapter.base_url = arguments.base
    partners = graph.policies.cross_tenant_access_policy.partners
    settings = change(arguments.what)
    try:
        await partners.by_cross_tenant_access_policy_configuration_partner_tenant_id(arguments.tenant).patch(settings)
    except APIError as error:
        if error.response_status_code != 404:
            raise
        settings.tenant_id = arguments.tenant
        await partners.post(settings)
    print(f"{arguments.what}: in force for {arguments.tenant}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", required=True)
    parser.add_argument("--token-file", required=True)
    parser.add_argument("what", choices=["block", "open", "trust-mfa", "distrust-mfa"])
    parser.add_argument("tenant")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
