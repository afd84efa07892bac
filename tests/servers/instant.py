"""A little of everything, answered at once: answers come in the order of the requests."""

from typing import Any

from interlock import Message, Server, ToolError

server = Server("instant", "1.0.0")


@server.tool
async def echo(value: Any = None) -> str:
    """Describe the value."""
    return ascii(value)[:200]


@server.tool(thread=False)
def add(a: int, b: int = 0) -> dict[str, int]:
    """Add two numbers."""
    return {"sum": a + b}


@server.tool
async def pick(names: list[str], place: int | None = None, loud: bool = False) -> str:
    """Take one of the names."""
    if place is None or not 0 <= place < len(names):
        raise ToolError("there is no such place")
    return names[place].upper() if loud else names[place]


@server.resource("instant://fixed")
async def fixed() -> str:
    """Always the same."""
    return "fixed"


@server.resource("instant://{kind}/item{?page}")
async def item(kind: str, page: str = "1") -> str:
    """One of many."""
    return f"{kind} {page}"


@server.prompt
async def greet(name: str, mood: str = "glad") -> list[Message]:
    """Greet somebody."""
    return [Message(f"Be {mood} to see {name}.")]


if __name__ == "__main__":
    server.run()
