"""Conditional Access policies and the named locations that they name."""

from msgraph.generated.models.conditional_access_applications import ConditionalAccessApplications
from msgraph.generated.models.conditional_access_client_app import ConditionalAccessClientApp
from msgraph.generated.models.conditional_access_condition_set import ConditionalAccessConditionSet
from msgraph.generated.models.conditional_access_enumerated_external_tenants import (
    ConditionalAccessEnumeratedExternalTenants,
)
from msgraph.generated.models.conditional_access_external_tenants_membership_kind import (
    ConditionalAccessExternalTenantsMembershipKind as Membership,
)
from msgraph.generated.models.conditional_access_grant_control import ConditionalAccessGrantControl
from msgraph.generated.models.conditional_access_grant_controls import ConditionalAccessGrantControls
from msgraph.generated.models.conditional_access_guest_or_external_user_types import (
    ConditionalAccessGuestOrExternalUserTypes as Guests,
)
from msgraph.generated.models.conditional_access_guests_or_external_users import (
    ConditionalAccessGuestsOrExternalUsers,
)
from msgraph.generated.models.conditional_access_locations import ConditionalAccessLocations
from msgraph.generated.models.conditional_access_policy import ConditionalAccessPolicy
from msgraph.generated.models.conditional_access_policy_state import ConditionalAccessPolicyState as State
from msgraph.generated.models.conditional_access_users import ConditionalAccessUsers
from msgraph.generated.models.country_lookup_method_type import CountryLookupMethodType
from msgraph.generated.models.country_named_location import CountryNamedLocation
from msgraph.generated.models.i_pv4_cidr_range import IPv4CidrRange
from msgraph.generated.models.i_pv6_cidr_range import IPv6CidrRange
from msgraph.generated.models.ip_named_location import IpNamedLocation

from .suite import FABRIKAM, Suite, holds, refused, same


async def run(suite: Suite) -> None:
    made: dict[str, str] = {}
    await locations(suite, made)
    await policies(suite, made)

    async def delete_locations() -> None:
        named = suite.client.identity.conditional_access.named_locations
        for which in ("office", "countries"):
            await named.by_named_location_id(made[which]).delete()
            await refused(named.by_named_location_id(made[which]).get(), 404)

    await suite.step("namedLocations: delete", delete_locations)


async def locations(suite: Suite, made: dict[str, str]) -> None:
    named = suite.client.identity.conditional_access.named_locations

    def location(which: str):
        return named.by_named_location_id(made[which])

    async def create_addresses() -> None:
        found = await named.post(
            IpNamedLocation(
                display_name="Office",
                is_trusted=True,
                ip_ranges=[
                    IPv4CidrRange(cidr_address="198.51.100.0/24"),
                    IPv6CidrRange(cidr_address="2001:db8:100::/48"),
                ],
            )
        )
        made["office"] = found.id
        suite.at_the_end(location("office").delete)
        holds(isinstance(found, IpNamedLocation), "its `@odata.type` is not #microsoft.graph.ipNamedLocation")

    async def create_countries() -> None:
        found = await named.post(
            CountryNamedLocation(
                display_name="Here",
                countries_and_regions=["CH", "LI"],
                country_lookup_method=CountryLookupMethodType.ClientIpAddress,
                include_unknown_countries_and_regions=False,
            )
        )
        made["countries"] = found.id
        suite.at_the_end(location("countries").delete)
        holds(isinstance(found, CountryNamedLocation), "its `@odata.type` is not #microsoft.graph.countryNamedLocation")

    async def get() -> None:
        office = await location("office").get()
        same("isTrusted", office.is_trusted, True)
        holds(isinstance(office.ip_ranges[0], IPv4CidrRange), "the first range's `@odata.type` is not iPv4CidrRange")
        holds(isinstance(office.ip_ranges[1], IPv6CidrRange), "the second range's `@odata.type` is not iPv6CidrRange")
        same("ipRanges", [each.cidr_address for each in office.ip_ranges], ["198.51.100.0/24", "2001:db8:100::/48"])
        countries = await location("countries").get()
        same("countriesAndRegions", countries.countries_and_regions, ["CH", "LI"])

    async def listed() -> None:
        found = {each.id for each in (await named.get()).value}
        holds(found >= set(made.values()), "one that was created is not there")

    async def patch() -> None:
        await location("office").patch(
            IpNamedLocation(display_name="Offices", ip_ranges=[IPv4CidrRange(cidr_address="203.0.113.0/24")])
        )
        found = await location("office").get()
        same("displayName", found.display_name, "Offices")
        same("ipRanges", [each.cidr_address for each in found.ip_ranges], ["203.0.113.0/24"])
        same("isTrusted", found.is_trusted, True)

    await suite.step("namedLocations: create of addresses", create_addresses)
    await suite.step("namedLocations: create of countries", create_countries)
    await suite.step("namedLocations: get", get)
    await suite.step("namedLocations: list", listed)
    await suite.step("namedLocations: patch", patch)


async def policies(suite: Suite, made: dict[str, str]) -> None:
    every = suite.client.identity.conditional_access.policies
    policy_id: list[str] = []

    def policy():
        return every.by_conditional_access_policy_id(policy_id[0])

    async def create() -> None:
        found = await every.post(
            ConditionalAccessPolicy(
                display_name="Guests need MFA",
                state=State.EnabledForReportingButNotEnforced,
                conditions=ConditionalAccessConditionSet(
                    client_app_types=[ConditionalAccessClientApp.All],
                    applications=ConditionalAccessApplications(include_applications=["All"]),
                    locations=ConditionalAccessLocations(
                        include_locations=["All"], exclude_locations=[made["office"]]
                    ),
                    users=ConditionalAccessUsers(
                        include_guests_or_external_users=ConditionalAccessGuestsOrExternalUsers(
                            guest_or_external_user_types=Guests.B2bCollaborationGuest,
                            external_tenants=ConditionalAccessEnumeratedExternalTenants(
                                membership_kind=Membership.Enumerated, members=[FABRIKAM]
                            ),
                        )
                    ),
                ),
                grant_controls=ConditionalAccessGrantControls(
                    operator="OR", built_in_controls=[ConditionalAccessGrantControl.Mfa]
                ),
            )
        )
        policy_id.append(found.id)
        suite.at_the_end(policy().delete)
        same("displayName", found.display_name, "Guests need MFA")

    async def get() -> None:
        found = await policy().get()
        same("state", found.state, State.EnabledForReportingButNotEnforced)
        same("includeApplications", found.conditions.applications.include_applications, ["All"])
        same("excludeLocations", found.conditions.locations.exclude_locations, [made["office"]])
        guests = found.conditions.users.include_guests_or_external_users
        same("guestOrExternalUserTypes", guests.guest_or_external_user_types, [Guests.B2bCollaborationGuest])
        holds(
            isinstance(guests.external_tenants, ConditionalAccessEnumeratedExternalTenants),
            "externalTenants' `@odata.type` is not conditionalAccessEnumeratedExternalTenants",
        )
        same("members", guests.external_tenants.members, [FABRIKAM])
        same("builtInControls", found.grant_controls.built_in_controls, [ConditionalAccessGrantControl.Mfa])
        holds(found.created_date_time, "it has no `createdDateTime`")

    async def listed() -> None:
        holds(policy_id[0] in [each.id for each in (await every.get()).value], "the one that was created is not there")

    async def patch() -> None:
        await policy().patch(ConditionalAccessPolicy(display_name="Guests", state=State.Disabled))
        found = await policy().get()
        same("displayName", found.display_name, "Guests")
        same("state", found.state, State.Disabled)
        same("includeApplications", found.conditions.applications.include_applications, ["All"])

    async def delete() -> None:
        await policy().delete()
        await refused(policy().get(), 404)

    await suite.step("conditionalAccess policies: create", create)
    await suite.step("conditionalAccess policies: get", get)
    await suite.step("conditionalAccess policies: list", listed)
    await suite.step("conditionalAccess policies: patch", patch)
    await suite.step("conditionalAccess policies: delete", delete)
