"""What a call through an MCP server over stdio costs, seen from outside: `python -m benchmarks`."""
