"""A server in ten lines: interlock run examples/ten_lines.py"""

from datetime import date

from interlock import Server

server = Server("calendar", "1.0.0")


@server.tool
def days_between(start: date, end: date) -> int:
    """Count the days from one date to another."""
    return (end - start).days


if __name__ == "__main__":
    server.run()
