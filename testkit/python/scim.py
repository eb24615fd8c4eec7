"""Pushes users and groups with a public SCIM client, and lets a published check of SCIM servers look at the endpoint.

SCIM_BASE is where to connect to, SCIM_HOST what the service is called, SCIM_TOKEN the partner's token. A line a step.
"""

import os
import sys

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_models import Error, PatchOp, PatchOperation, SearchRequest
from scim2_tester import Status, check_server

failures = 0


def told(good, what, why=""):
    global failures
    if good:
        print(f"ok {what}")
    else:
        failures += 1
        print(f"FAILED {what}: {why}")


def connect():
    # As if a proxy before the gateway had ended TLS.
    headers = {
        "Authorization": f"Bearer {os.environ['SCIM_TOKEN']}",
        "Host": os.environ["SCIM_HOST"],
        "X-Forwarded-Proto": "https",
        "X-Forwarded-For": "192.0.2.7",
    }
    client = Client(base_url=os.environ["SCIM_BASE"], headers=headers, timeout=30, trust_env=False)
    return SyncSCIMClient(client)


def provision():
    """What a provisioning service does all day."""
    scim = connect()
    scim.discover()
    User, Group = scim.get_resource_model("User"), scim.get_resource_model("Group")
    ada = scim.create(User(user_name="ada@library.example", external_id="library-ada", active=True))
    told(ada.active is True and ada.meta.version, "a user is created", ada)
    again = scim.create(User(user_name="ADA@library.example"), raise_scim_errors=False)
    told(isinstance(again, Error) and again.scim_type == "uniqueness", "and not twice", again)
    found = scim.query(User, query_parameters=SearchRequest(filter='userName eq "ada@library.example"'))
    told(found.total_results == 1 and found.resources[0].id == ada.id, "found by name", found)
    group = scim.create(Group(display_name="Library", members=[{"value": ada.id, "type": "User"}]))
    told([member.value for member in group.members] == [ada.id], "a group with a member is created", group)
    ada = scim.query(User, ada.id)
    told([of.value for of in ada.groups] == [group.id], "the member's groups name it", ada)
    ada.display_name = "Ada Lovelace"
    replaced = scim.replace(ada)
    told(replaced.display_name == "Ada Lovelace", "a user is replaced", replaced)
    operation = PatchOperation(op=PatchOperation.Op.replace_, path="active", value=False)
    changed = scim.modify(User, ada.id, PatchOp[User](operations=[operation]))
    told(changed.active is False, "a user is deactivated", changed)
    scim.delete(Group, group.id)
    scim.delete(User, ada.id)
    gone = scim.query(User, ada.id, raise_scim_errors=False)
    told(isinstance(gone, Error) and gone.status == 404, "both are deleted", gone)


def check():
    """The published check."""
    counts = {}
    for result in check_server(connect()):
        counts[result.status.name] = counts.get(result.status.name, 0) + 1
        kind = f" {result.resource_type}" if result.resource_type else ""
        good = result.status not in (Status.ERROR, Status.CRITICAL, Status.DEVIATION)
        told(good, f"{result.title}{kind} {result.status.name}", f"{result.reason} {result.data}")
    print("ok", " ".join(f"{name} {count}" for name, count in sorted(counts.items())))


provision()
check()
sys.exit(1 if failures else 0)
