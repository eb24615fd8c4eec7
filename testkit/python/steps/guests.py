"""Guests: invited, read, changed, deleted and brought back."""

from msgraph.generated.models.invitation import Invitation
from msgraph.generated.models.invited_user_message_info import InvitedUserMessageInfo
from msgraph.generated.models.user import User
from msgraph.generated.users.users_request_builder import UsersRequestBuilder
from msgraph_core.tasks.page_iterator import PageIterator

from .suite import Suite, holds, query, refused, same

Query = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters
ADDRESS = "amy@adatum.example"
REDIRECT = "https://payroll.contoso.com/"
MANY = [f"guest{number}@adatum.example" for number in range(7)]
PAGE = 3


async def run(suite: Suite) -> None:
    users = suite.client.users
    deleted = suite.client.directory.deleted_items
    made: dict[str, str] = {}

    async def invite(address: str) -> Invitation:
        found = await suite.client.invitations.post(
            Invitation(
                invited_user_email_address=address,
                invited_user_display_name="Amy",
                invite_redirect_url=REDIRECT,
                send_invitation_message=False,
                invited_user_message_info=InvitedUserMessageInfo(customized_message_body="Welcome"),
            )
        )
        guest = found.invited_user.id

        async def forget() -> None:
            await users.by_user_id(guest).delete()
            await deleted.by_directory_object_id(guest).delete()

        if address not in made:
            made[address] = guest
            suite.at_the_end(forget)
        return found

    async def create() -> None:
        found = await invite(ADDRESS)
        same("status", found.status, "PendingAcceptance")
        same("invitedUserType", found.invited_user_type, "Guest")
        holds("/.crossgate/redeem?" in found.invite_redeem_url, "it has no link")

    async def again() -> None:
        found = await invite(ADDRESS)
        same("the guest", found.invited_user.id, made[ADDRESS])

    async def malformed() -> None:
        await refused(suite.client.invitations.post(Invitation(invited_user_email_address="nobody")), 400)

    async def get() -> None:
        found = await users.by_user_id(made[ADDRESS]).get()
        same("mail", found.mail, ADDRESS)
        same("userType", found.user_type, "Guest")
        same("externalUserState", found.external_user_state, "PendingAcceptance")
        same("creationType", found.creation_type, "Invitation")
        holds("#EXT#@" in found.user_principal_name, "its name is no guest's")

    async def pages() -> None:
        for address in MANY:
            await invite(address)
        found: list[User] = []

        def take(each: User) -> bool:
            found.append(each)
            return True

        await PageIterator(await users.get(query(Query(top=PAGE))), suite.client.request_adapter).iterate(take)
        ids = [each.id for each in found]
        same("repeats", len(ids) - len(set(ids)), 0)
        holds(set(ids) >= set(made.values()), "one who was invited is not there")
        only = (await users.get(query(Query(filter=f"mail eq '{ADDRESS}'", select=["id", "mail"])))).value
        same("by mail", [each.id for each in only], [made[ADDRESS]])

    async def patch() -> None:
        await users.by_user_id(made[ADDRESS]).patch(User(display_name="Amy A", account_enabled=False))
        found = await users.by_user_id(made[ADDRESS]).get()
        same("displayName", found.display_name, "Amy A")
        same("accountEnabled", found.account_enabled, False)

    async def delete_and_restore() -> None:
        await users.by_user_id(made[ADDRESS]).delete()
        await refused(users.by_user_id(made[ADDRESS]).get(), 404)
        gone = (await deleted.graph_user.get()).value
        holds(made[ADDRESS] in [each.id for each in gone], "it is not among those that were deleted")
        found = await deleted.by_directory_object_id(made[ADDRESS]).restore.post()
        same("id", found.id, made[ADDRESS])
        await users.by_user_id(made[ADDRESS]).get()

    async def revoke() -> None:
        found = await users.by_user_id(made[ADDRESS]).revoke_sign_in_sessions.post()
        same("value", found.value, True)

    await suite.step("invitations: create", create)
    await suite.step("invitations: the same guest once more", again)
    await suite.step("invitations: a malformed one is refused", malformed)
    await suite.step("users: get", get)
    await suite.step("users: list by pages, with $filter and $select", pages)
    await suite.step("users: patch", patch)
    await suite.step("users: delete and restore", delete_and_restore)
    await suite.step("users: revokeSignInSessions of a guest", revoke)
