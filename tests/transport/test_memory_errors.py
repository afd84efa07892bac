"""An error is the same one in process as over a connection."""

import pytest

from interlock import ProtocolError, Server, ToolError
from interlock.protocol.errors import PermissionDenied, RateLimited, ResourceNotFound
from interlock.transport.memory import connect
from tests.support.aio import run

_ERRORS = (
    RateLimited("Later.", retry_after=7),
    PermissionDenied("Rule 3 says no.", data={"rule": 3}),
    ResourceNotFound("a://b"),
    ProtocolError("Something else.", code=4711),
)


@pytest.mark.parametrize("error", _ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("wire", [False, True])
def test_an_error_has_the_code_message_and_data_that_a_peer_reads(
    error: ProtocolError, wire: bool
) -> None:
    server = Server("refusing")

    @server.tool
    async def refuse() -> str:
        """Refuse."""
        raise error

    del refuse
    told = run(_told(server, wire=wire))
    data = error.data if error.retry_after is None else {"retryAfter": error.retry_after}
    assert (told.code, told.message, told.data) == (error.code, error.message, data)


async def _told(server: Server, *, wire: bool) -> ProtocolError:
    async with server.started() as peer, connect(peer, wire=wire) as client:
        with pytest.raises(ProtocolError) as caught:
            await client.request("tools/call", {"name": "refuse"})
        return caught.value


def test_a_tool_error_is_no_protocol_error() -> None:
    server = Server("failing")

    @server.tool
    async def fail() -> str:
        """Fail."""
        raise ToolError("Try again with less.")

    del fail

    async def main() -> None:
        async with server.started() as peer, connect(peer) as client:
            result = await client.request("tools/call", {"name": "fail"})
            assert result["isError"] is True
            assert result["content"][0]["text"] == "Try again with less."

    run(main())
