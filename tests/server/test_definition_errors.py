"""Every definition that cannot work is a `DefinitionError`, wherever it is found out."""

from collections.abc import Callable
from typing import Any

import pytest

from interlock import DefinitionError, InterlockError, Server


def _complex(number: complex) -> None:
    """Of a type that JSON does not have."""


def _anything(*values: int) -> None:
    """With arguments that have no names."""


def _fine(number: int) -> None:
    """That can be called by name."""


_FAULTS: list[Callable[[Server], Any]] = [
    lambda server: server.tool(_complex),
    lambda server: server.add_tool(_anything),
    lambda server: server.prompt(_complex),
    lambda server: server.resource("a://{number}")(_complex),
    lambda server: server.resource("a://{other}")(_fine),
    lambda server: server.resource("no uri")(_fine),
    lambda server: server.tool(name="two words")(_fine),
    lambda server: server.add_tool(_fine, input_schema={"type": "string"}),
    lambda server: server.middleware(methods={"tools/cal"}),
    lambda server: server.mount(server),
]


@pytest.mark.parametrize("define", _FAULTS)
def test_a_definition_that_cannot_work_is_a_definition_error(
    define: Callable[[Server], Any],
) -> None:
    with pytest.raises(DefinitionError) as caught:
        define(Server("faulty"))
    assert isinstance(caught.value, InterlockError)
    assert isinstance(caught.value, TypeError)


def test_two_entries_of_one_name_are_a_definition_error() -> None:
    server = Server("twice")
    server.tool(_fine)
    with pytest.raises(DefinitionError, match="'_fine' exists already"):
        server.tool(_fine)
