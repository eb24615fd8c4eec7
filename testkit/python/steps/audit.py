"""The audit of what the steps before did."""

from datetime import UTC, datetime, timedelta

from msgraph.generated.audit_logs.directory_audits.directory_audits_request_builder import (
    DirectoryAuditsRequestBuilder,
)
from msgraph.generated.models.directory_audit import DirectoryAudit
from msgraph.generated.models.operation_result import OperationResult
from msgraph_core.tasks.page_iterator import PageIterator

from .partners import MANY, PAGE
from .suite import FABRIKAM, LITWARE, NOBODY, Suite, holds, query, refused, same

Query = DirectoryAuditsRequestBuilder.DirectoryAuditsRequestBuilderGetQueryParameters
ADDED = "activityDisplayName eq 'Add a partner to cross-tenant access setting'"


async def run(suite: Suite) -> None:
    audits = suite.client.audit_logs.directory_audits
    found: list[DirectoryAudit] = []

    async def pages() -> None:
        first = await audits.get(query(Query(filter=ADDED, orderby=["activityDateTime desc"], top=PAGE)))
        same("records on the first page", len(first.value), PAGE)
        holds(first.odata_next_link, "the first page has no `@odata.nextLink`")

        def take(each: DirectoryAudit) -> bool:
            found.append(each)
            return True

        await PageIterator(first, suite.client.request_adapter).iterate(take)
        holds(len(found) >= 2 + len(MANY), f"there are {len(found)} records")
        same("different ids", len({each.id for each in found}), len(found))
        times = [each.activity_date_time for each in found]
        same("the order", times, sorted(times, reverse=True))

    async def content() -> None:
        for each in found:
            same("category", each.category, "CrossTenantAccessSettings")
            same("operationType", each.operation_type, "Add")
            holds(each.correlation_id, "one has no `correlationId`")
            by = each.initiated_by
            holds(by and (by.user or by.app), "one is initiated by nobody")
        added = {tenant for each in found if each.result == OperationResult.Success for tenant in named_by(each)}
        holds(added >= {FABRIKAM, LITWARE, *MANY}, "one of the partners that were added has no record of success")

    async def since() -> None:
        # OData writes a time without quotes; the SDK encodes what is needed.
        start = (datetime.now(UTC) - timedelta(minutes=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
        wanted = f"activityDateTime ge {start} and category eq 'CrossTenantAccessSettings'"
        recent = (await audits.get(query(Query(filter=wanted, orderby=["activityDateTime"], top=PAGE)))).value
        same("records", len(recent), PAGE)
        times = [each.activity_date_time for each in recent]
        same("the order", times, sorted(times))

    async def get() -> None:
        one = await audits.by_directory_audit_id(found[0].id).get()
        same("id", one.id, found[0].id)
        same("activityDateTime", one.activity_date_time, found[0].activity_date_time)

    async def get_none() -> None:
        await refused(audits.by_directory_audit_id(f"Directory_{NOBODY}_0").get(), 404)

    await suite.step("directoryAudits: list with $filter, $orderby and pages", pages)
    await suite.step("directoryAudits: who did what to which partner", content)
    await suite.step("directoryAudits: list since a time", since)
    await suite.step("directoryAudits: get", get)
    await suite.step("directoryAudits: get one that is not there", get_none)


def named_by(record: DirectoryAudit) -> set[str]:
    """Tenants in the `modifiedProperties` of a record; their values are JSON text."""
    return {
        changed.new_value.strip('"')
        for target in record.target_resources or []
        for changed in target.modified_properties or []
        if changed.display_name == "tenantId" and changed.new_value
    }
