"""The one fixture through which tests call servers: natively and over a connection's bytes."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from interlock import Server
from tests.server.driving import Client, Serve


def _serving(over: Callable[[dict[str, Any]], str]) -> Iterator[Serve]:
    with ExitStack() as stack:

        def serve(server: Server, **options: Any) -> Client:
            return stack.enter_context(Client(server, over(options), **options))

        yield serve


@pytest.fixture(params=["memory", "wire"])
def serve(request: pytest.FixtureRequest) -> Iterator[Serve]:
    """Serves a server and calls it, once with no bytes in between and once with."""
    yield from _serving(lambda options: request.param)


@pytest.fixture
def serve_raw() -> Iterator[Serve]:
    """Serves a server to a client of `revision`; results are held against its schema."""
    yield from _serving(lambda options: options.pop("revision", "2026-07-28"))
