"""The echo server on Interlock."""

from dataclasses import dataclass

from interlock import Server

server = Server("bench", version="1")


@dataclass
class Echo:
    text: str


@server.tool
async def echo(text: str) -> Echo:
    """Return the text."""
    return Echo(text=text)


if __name__ == "__main__":
    server.run()
