"""Apps, groups of guests, who is assigned to an app, and owners."""

from uuid import UUID

from msgraph.generated.models.app_role_assignment import AppRoleAssignment
from msgraph.generated.models.group import Group
from msgraph.generated.models.invitation import Invitation
from msgraph.generated.models.reference_create import ReferenceCreate

from .suite import Suite, holds, same

OBJECTS = "https://graph.microsoft.com/v1.0/directoryObjects/"
OWNER = "0b0e0000-0000-4000-8000-00000000007a"
DEFAULT_ACCESS = UUID(int=0)


async def run(suite: Suite) -> None:
    client = suite.client
    made: dict[str, str] = {}

    async def create() -> None:
        found = await client.groups.post(
            Group(display_name="Auditors", mail_enabled=False, mail_nickname="auditors", security_enabled=True)
        )
        made["group"] = found.id
        suite.at_the_end(client.groups.by_group_id(found.id).delete)
        listed = (await client.groups.get()).value
        same("groups", [each.display_name for each in listed], ["Auditors"])

    async def members() -> None:
        invited = await client.invitations.post(
            Invitation(
                invited_user_email_address="gus@adatum.example",
                invite_redirect_url="https://payroll.contoso.com/",
            )
        )
        guest = invited.invited_user.id

        async def forget() -> None:
            await client.users.by_user_id(guest).delete()
            await client.directory.deleted_items.by_directory_object_id(guest).delete()

        suite.at_the_end(forget)
        members = client.groups.by_group_id(made["group"]).members
        await members.ref.post(ReferenceCreate(odata_id=OBJECTS + guest))
        found = (await members.get()).value
        same("members", [each.id for each in found], [guest])
        same("mail", found[0].mail, "gus@adatum.example")
        await members.by_directory_object_id(guest).ref.delete()
        same("members", (await members.get()).value, [])

    async def assigned() -> None:
        apps = (await client.service_principals.get()).value
        holds(len(apps) > 0, "there is no app")
        app = client.service_principals.by_service_principal_id(apps[0].id)
        same("appId", (await app.get()).app_id, apps[0].app_id)
        found = await app.app_role_assigned_to.post(
            AppRoleAssignment(
                principal_id=UUID(made["group"]), resource_id=UUID(apps[0].id), app_role_id=DEFAULT_ACCESS
            )
        )
        same("principalType", found.principal_type, "Group")
        same("principalDisplayName", found.principal_display_name, "Auditors")
        listed = (await app.app_role_assigned_to.get()).value
        same("assignments", [each.id for each in listed], [found.id])
        await app.app_role_assigned_to.by_app_role_assignment_id(found.id).delete()
        same("assignments", (await app.app_role_assigned_to.get()).value, [])
        await app.owners.ref.post(ReferenceCreate(odata_id=OBJECTS + OWNER))
        same("owners", [each.id for each in (await app.owners.get()).value], [OWNER])
        await app.owners.by_directory_object_id(OWNER).ref.delete()
        same("owners", (await app.owners.get()).value, [])

    await suite.step("groups: create and list", create)
    await suite.step("groups: members", members)
    await suite.step("servicePrincipals: appRoleAssignedTo and owners", assigned)
