"""The echo server on the official Python SDK, version 2."""
# pyright: basic, reportMissingImports=false
# It runs in a peer's own environment, which the type checker does not see.

from dataclasses import dataclass

from mcp.server import MCPServer

server = MCPServer("bench", version="1")


@dataclass
class Echo:
    text: str


@server.tool(structured_output=True)
async def echo(text: str) -> Echo:
    """Return the text."""
    return Echo(text=text)


if __name__ == "__main__":
    server.run()
