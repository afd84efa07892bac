"""The echo server on FastMCP; without its banner, which looks for updates."""
# pyright: basic, reportMissingImports=false
# It runs in a peer's own environment, which the type checker does not see.

from dataclasses import dataclass

from fastmcp import FastMCP

server = FastMCP("bench", version="1")


@dataclass
class Echo:
    text: str


@server.tool
async def echo(text: str) -> Echo:
    """Return the text."""
    return Echo(text=text)


if __name__ == "__main__":
    server.run(show_banner=False)
