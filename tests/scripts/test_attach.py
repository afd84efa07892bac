"""What `make up` says before the server starts."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from scripts.envs import ROOT


def test_the_snippet_is_ready_to_paste_and_standard_output_stays_empty() -> None:
    command = [sys.executable, "-I", "-S", str(ROOT / "scripts" / "attach.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == ""
    content: dict[str, Any] = json.loads(done.stderr[done.stderr.index("{") :])
    server = content["mcpServers"]["weather"]
    assert server["command"] == str(ROOT / ".venv" / "bin" / "interlock")
    assert server["args"][0] == "run"
    assert Path(server["args"][1]).is_absolute()
