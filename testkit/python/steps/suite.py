"""Steps one after another, a line for each, and what must be put back at the end."""

from collections.abc import Awaitable, Callable

from kiota_abstractions.api_error import APIError
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph import GraphServiceClient
from msgraph.generated.models.o_data_errors.o_data_error import ODataError

OWN_TENANT = "11111111-1111-4111-8111-111111111111"
FABRIKAM = "22222222-2222-4222-8222-222222222222"
LITWARE = "33333333-3333-4333-8333-333333333333"
NOBODY = "99999999-9999-4999-8999-999999999999"
SOMEBODY = "44444444-4444-4444-8444-444444444444"
SOME_GROUP = "55555555-5555-4555-8555-555555555555"
SOME_APP = "66666666-6666-4666-8666-666666666666"
LONGEST = 500


class Wrong(Exception):
    """An answer is not what it must be."""


def same(what: str, found: object, wanted: object) -> None:
    """`found` must equal `wanted`."""
    if found != wanted:
        raise Wrong(f"{what} is {found!r}, not {wanted!r}")


def holds(condition: object, why_not: str) -> None:
    """`condition` must hold."""
    if not condition:
        raise Wrong(why_not)


def query(parameters: object) -> RequestConfiguration:
    """A request with query parameters."""
    return RequestConfiguration(query_parameters=parameters)


def headers(**named: str) -> RequestConfiguration:
    """A request with headers: `if_match` is written `If-Match`."""
    configuration = RequestConfiguration()
    for name, value in named.items():
        configuration.headers.add(name.replace("_", "-").title(), value)
    return configuration


async def refused(call: Awaitable[object], status: int, code: str | None = None, named: str | None = None) -> ODataError:
    """The call must be refused with this status, as an `ODataError` with a code and a message that has `named`."""
    try:
        answer = await call
    except ODataError as error:
        same("the status", error.response_status_code, status)
        holds(error.error and error.error.code, "the error has no `code`")
        holds(error.error.message, "the error has no `message`")
        if code is not None:
            same("the code", error.error.code, code)
        if named is not None:
            holds(named in error.error.message, f"the message does not name `{named}`: {error.error.message}")
        return error
    raise Wrong(f"it was not refused with {status} but answered with {type(answer).__name__}")


class Suite:
    """Runs steps against one server and counts them."""

    def __init__(self, client: GraphServiceClient, stranger: GraphServiceClient, token: str) -> None:
        self.client = client
        self.stranger = stranger
        """The same server, with a token that is none."""
        self.right = 0
        self.wrong = 0
        self._token = token
        self._undo: list[Callable[[], Awaitable[object]]] = []

    async def step(self, name: str, call: Callable[[], Awaitable[object]]) -> None:
        """Runs one step; the next one follows whatever becomes of it."""
        try:
            await call()
        except Exception as error:  # whatever it is, it is this step's result
            self.wrong += 1
            self._print(f"FAILED {name}: {self._why(error)}")
        else:
            self.right += 1
            self._print(f"ok {name}")

    def at_the_end(self, call: Callable[[], Awaitable[object]]) -> None:
        """Puts back what a step has changed, also where a later one fails."""
        self._undo.append(call)

    async def clean_up(self) -> None:
        """The last first. What is gone already is no failure."""
        while self._undo:
            try:
                await self._undo.pop()()
            except APIError as error:
                if error.response_status_code != 404:
                    self.wrong += 1
                    self._print(f"FAILED cleaning up: {self._why(error)}")
            except Exception as error:
                self.wrong += 1
                self._print(f"FAILED cleaning up: {self._why(error)}")

    def _print(self, line: str) -> None:
        print(line.replace(self._token, "(token)"), flush=True)

    @staticmethod
    def _why(error: Exception) -> str:
        if isinstance(error, ODataError) and error.error:
            reason = f"answered with {error.response_status_code} {error.error.code}: {error.error.message}"
        elif isinstance(error, Wrong):
            reason = str(error)
        else:
            reason = f"{type(error).__name__}: {error}"
        line = " ".join(reason.split())
        return line if len(line) <= LONGEST else f"{line[:LONGEST]} …"
