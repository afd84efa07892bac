"""Tools that write where they must not, and children that inherit the standard streams."""

import os
import subprocess
import sys

from interlock import Server

print("printed while importing")
server = Server("noisy", "1.0.0")


@server.tool(thread=False)
def say(text: str) -> str:
    """Print, in each way that Python has."""
    print(text)
    sys.stdout.write(text + "\n")
    return "said"


@server.tool(thread=False)
def write(text: str) -> str:
    """Write to descriptor 1 past Python."""
    os.write(1, text.encode() + b"\n")
    return "written"


@server.tool
def read_input() -> str:
    """Read standard input, as a careless library would."""
    return repr(sys.stdin.read())


@server.tool
def cat() -> dict[str, object]:
    """Run a child that copies its input to its output."""
    done = subprocess.run(["cat"], check=False)
    return {"status": done.returncode}


@server.tool
def child(text: str) -> dict[str, object]:
    """Run a child that writes to both its outputs."""
    code = "import os, sys; os.write(1, sys.argv[1].encode()); os.write(2, sys.argv[1].encode())"
    done = subprocess.run([sys.executable, "-c", code, text], check=False)
    return {"status": done.returncode}


@server.tool
def open_descriptors() -> list[int]:
    """The descriptors that a child of this process gets."""
    code = "import os; print([n for n in range(3, 64) if os.path.exists(f'/proc/self/fd/{n}')])"
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, close_fds=False
    )
    # the listing itself opens none: each is looked at by name
    return [int(word) for word in done.stdout.decode().strip("[]\n").split(",") if word.strip()]


@server.tool
async def complain() -> str:
    """Fill standard error."""
    for _ in range(64):
        sys.stderr.write("x" * 16383 + "\n")
    sys.stderr.flush()
    return "complained"


if __name__ == "__main__":
    server.run()
