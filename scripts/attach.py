"""Says how a host attaches to the server that `make up` starts.

Stands alone and imports little, so that it costs a few milliseconds before the server starts.
"""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def snippet() -> str:
    """The `mcpServers` entry for the example server, with absolute paths of this checkout."""
    weather = {
        "command": str(ROOT / ".venv" / "bin" / "interlock"),
        "args": ["run", str(ROOT / "examples" / "weather.py")],
    }
    return json.dumps({"mcpServers": {"weather": weather}}, indent=2, ensure_ascii=False)


def main() -> None:
    """Print to standard error: standard output belongs to the protocol."""
    print(
        "interlock: serving examples/weather.py over stdio; end of input stops it.\n"
        "To attach a host, put this into its MCP configuration (it starts the server itself):\n"
        f"{snippet()}",
        file=sys.stderr,
        flush=True,
    )


if __name__ == "__main__":
    main()
