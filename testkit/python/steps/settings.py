"""Settings as the documentation writes them, and what of an answer counts when they are read back."""

from msgraph.generated.models.cross_tenant_access_policy_b2_b_setting import CrossTenantAccessPolicyB2BSetting
from msgraph.generated.models.cross_tenant_access_policy_target import CrossTenantAccessPolicyTarget
from msgraph.generated.models.cross_tenant_access_policy_target_configuration import (
    CrossTenantAccessPolicyTargetConfiguration,
)
from msgraph.generated.models.cross_tenant_access_policy_target_configuration_access_type import (
    CrossTenantAccessPolicyTargetConfigurationAccessType as Access,
)
from msgraph.generated.models.cross_tenant_access_policy_target_type import CrossTenantAccessPolicyTargetType as Kind
from msgraph.generated.models.cross_tenant_access_policy_tenant_restrictions import (
    CrossTenantAccessPolicyTenantRestrictions,
)

from .suite import SOME_APP, SOME_GROUP

EVERYBODY = ("AllUsers", "user")
EVERYTHING = ("AllApplications", "application")
GROUP = (SOME_GROUP, "group")
APP = (SOME_APP, "application")


def half(access: str, *targets: tuple[str, str]) -> CrossTenantAccessPolicyTargetConfiguration:
    """One half of a setting: `half("allowed", EVERYBODY)`."""
    return CrossTenantAccessPolicyTargetConfiguration(
        access_type=Access(access),
        targets=[CrossTenantAccessPolicyTarget(target=target, target_type=Kind(kind)) for target, kind in targets],
    )


def setting(
    users: CrossTenantAccessPolicyTargetConfiguration | None = None,
    apps: CrossTenantAccessPolicyTargetConfiguration | None = None,
) -> CrossTenantAccessPolicyB2BSetting:
    """A setting of users and applications. A half that is not given is not sent."""
    return CrossTenantAccessPolicyB2BSetting(users_and_groups=users, applications=apps)


def restrictions(
    users: CrossTenantAccessPolicyTargetConfiguration, apps: CrossTenantAccessPolicyTargetConfiguration
) -> CrossTenantAccessPolicyTenantRestrictions:
    """Tenant restrictions: the SDK sends their `@odata.type` with them."""
    return CrossTenantAccessPolicyTenantRestrictions(users_and_groups=users, applications=apps)


def plain_half(found: CrossTenantAccessPolicyTargetConfiguration | None) -> object:
    """A half as text that can be compared: `("allowed", [("AllUsers", "user")])`."""
    if found is None:
        return None
    access = found.access_type.value if found.access_type else None
    targets = [(each.target, each.target_type.value if each.target_type else None) for each in found.targets or []]
    return access, sorted(targets)


def plain(found: CrossTenantAccessPolicyB2BSetting | None) -> object:
    """A setting as text that can be compared."""
    return None if found is None else (plain_half(found.users_and_groups), plain_half(found.applications))


def trust(found: object) -> object:
    """Inbound trust as text that can be compared: MFA, compliant device, hybrid-joined device."""
    if found is None:
        return None
    return (
        found.is_mfa_accepted,
        found.is_compliant_device_accepted,
        found.is_hybrid_azure_a_d_joined_device_accepted,
    )


OPEN = plain(setting(half("allowed", EVERYBODY), half("allowed", EVERYTHING)))
CLOSED = plain(setting(half("blocked", EVERYBODY), half("blocked", EVERYTHING)))
