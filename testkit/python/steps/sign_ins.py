"""The log of sign-ins. Whoever runs this has had five guests come in and three callers come without a token."""

from datetime import UTC, datetime, timedelta

from msgraph.generated.audit_logs.sign_ins.sign_ins_request_builder import SignInsRequestBuilder
from msgraph.generated.models.sign_in import SignIn
from msgraph_core.tasks.page_iterator import PageIterator

from .suite import NOBODY, Suite, holds, query, refused, same

Query = SignInsRequestBuilder.SignInsRequestBuilderGetQueryParameters
GUESTS = "crossTenantAccessType eq 'b2bCollaboration' and status/errorCode eq 0"


async def run(suite: Suite) -> None:
    log = suite.client.audit_logs.sign_ins
    found: list[SignIn] = []

    async def pages() -> None:
        first = await log.get(query(Query(filter=GUESTS, orderby=["createdDateTime desc"], top=2)))
        same("events on the first page", len(first.value), 2)
        holds(first.odata_next_link, "the first page has no `@odata.nextLink`")

        def take(each: SignIn) -> bool:
            found.append(each)
            return True

        await PageIterator(first, suite.client.request_adapter).iterate(take)
        same("events", len(found), 5)
        same("different ids", len({each.id for each in found}), 5)
        times = [each.created_date_time for each in found]
        same("the order", times, sorted(times, reverse=True))
        same("status", {each.status.error_code for each in found}, {0})
        same("resource", {each.resource_display_name for each in found}, {"Payroll"})

    async def failed() -> None:
        none = await log.get(query(Query(filter="status/errorCode eq 50058")))
        same("events", len(none.value), 3)

    async def since() -> None:
        start = (datetime.now(UTC) - timedelta(minutes=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
        recent = await log.get(query(Query(filter=f"{GUESTS} and createdDateTime ge {start}")))
        same("events", len(recent.value), 5)

    async def get() -> None:
        one = await log.by_sign_in_id(found[0].id).get()
        same("id", one.id, found[0].id)
        same("createdDateTime", one.created_date_time, found[0].created_date_time)

    async def get_none() -> None:
        await refused(log.by_sign_in_id(NOBODY).get(), 404)

    await suite.step("signIns: list with $filter, $orderby and pages", pages)
    await suite.step("signIns: list what failed", failed)
    await suite.step("signIns: list since a time", since)
    await suite.step("signIns: get", get)
    await suite.step("signIns: get one that is not there", get_none)
