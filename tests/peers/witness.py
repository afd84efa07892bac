"""A witness between a client and a server: it records what passes and how the server ends.

``python -I -S witness.py FOLDER COMMAND...`` runs the command, passes standard input and output on
and writes ``FOLDER/PID.json`` when it has ended. The client that starts it sees the server; a test
sees the record. It uses the standard library alone and imports little, so it costs no time.

A signal is passed on and recorded: a server that ends by itself at the end of its input has none.
What the server writes to standard error is recorded and not passed on.
"""

import json
import os
import signal
import subprocess
import sys
import threading

_CHUNK = 1 << 16


def main(folder: str, command: list[str]) -> int:
    """Run the command; its exit status."""
    server = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert server.stdin is not None
    assert server.stdout is not None
    assert server.stderr is not None
    signals: list[int] = []

    def pass_on(number: int, _: object) -> None:
        signals.append(number)
        server.send_signal(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, pass_on)
    sent, received, errors = bytearray(), bytearray(), bytearray()
    input_ended = threading.Event()
    to_server = server.stdin

    def give() -> None:
        _pump(0, to_server.fileno(), sent)
        input_ended.set()
        to_server.close()

    threading.Thread(target=give, daemon=True).start()
    taken = [
        threading.Thread(target=_pump, args=(server.stdout.fileno(), 1, received)),
        threading.Thread(target=_pump, args=(server.stderr.fileno(), None, errors)),
    ]
    for thread in taken:
        thread.start()
    status = server.wait()
    for thread in taken:
        thread.join()
    record = {
        "status": status,
        "signals": signals,
        "input_ended": input_ended.is_set(),
        "sent": sent.decode(),
        "received": received.decode(),
        "stderr": errors.decode(),
    }
    place = f"{folder}/{os.getpid()}.json"
    with open(place + ".new", "w", encoding="utf-8") as file:
        json.dump(record, file)
    os.rename(place + ".new", place)
    return status


def _pump(source: int, target: int | None, record: bytearray) -> None:
    while data := os.read(source, _CHUNK):
        record += data
        view = memoryview(data)
        while target is not None and view:
            try:
                view = view[os.write(target, view) :]
            except OSError:  # nobody reads any more
                target = None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
