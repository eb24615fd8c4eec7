#!/usr/bin/env python3
"""Drives an admin API with Microsoft's own SDK for Python, `msgraph-sdk`, as an administrator's script would.

    graph_sdk.py --base http://127.0.0.1:PORT/v1.0 --token TOKEN

or with GRAPH_BASE and GRAPH_TOKEN in the environment. Expects a store without partners whose own tenant is
11111111-1111-4111-8111-111111111111 and which knows 22222222-2222-4222-8222-222222222222 as Fabrikam, fabrikam.com.
Prints a line a step; ends with 0 only if every one was right. Leaves the store's documents as it found them.
"""

import argparse
import asyncio
import os
import sys
import time
import warnings

# The generated builders warn about their own parts while they are imported.
warnings.simplefilter("ignore", DeprecationWarning)

from azure.core.credentials import AccessToken
from msgraph import GraphServiceClient

from steps import (
    audit, batch, conditional_access, cross_tenant, delegation, directory, errors, guests, partners, sign_ins,
    synchronization, templates,
)
from steps.suite import Suite

DEADLINE_SECONDS = 180


class StaticCredential:
    """A token that is there already. The SDK itself sends it over plain HTTP to loopback addresses only."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def get_token(self, *_scopes: str, **_options: object) -> AccessToken:
        return AccessToken(self._token, int(time.time()) + 3600)


def client_of(base: str, token: str) -> GraphServiceClient:
    """The SDK's own client with its own middleware, and another base address."""
    client = GraphServiceClient(StaticCredential(token), scopes=["https://graph.microsoft.com/.default"])
    client.request_adapter.base_url = base.rstrip("/")
    return client


async def run(base: str, token: str) -> Suite:
    suite = Suite(client_of(base, token), client_of(base, "no.token.atall"), token)
    try:
        for subject in (
            cross_tenant, partners, synchronization, errors, templates, directory, guests, delegation,
            conditional_access, audit, sign_ins,
        ):
            await subject.run(suite)
        # A client that has asked nothing yet writes other addresses into a batch than one that has.
        await batch.run(suite, client_of(base, token))
    finally:
        await suite.clean_up()
    await suite.step("clean-up: no partner is left", lambda: partners.list_none(suite))
    return suite


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", default=os.environ.get("GRAPH_BASE"), help="address of the API with its version")
    parser.add_argument("--token", default=os.environ.get("GRAPH_TOKEN"), help="the administrator's access token")
    arguments = parser.parse_args()
    if not arguments.base or not arguments.token:
        parser.error("--base and --token (or GRAPH_BASE and GRAPH_TOKEN) must be given")
    try:
        suite = asyncio.run(asyncio.wait_for(run(arguments.base, arguments.token), DEADLINE_SECONDS))
    except TimeoutError:
        print(f"FAILED all: not done in {DEADLINE_SECONDS} s")
        return 1
    print(f"msgraph-sdk: {suite.right} ok, {suite.wrong} failed")
    return 1 if suite.wrong or not suite.right else 0


if __name__ == "__main__":
    sys.exit(main())
