"""Every kind of thing that a server can offer, one small function each.

Tools give text, data, pictures, sounds, documents and links; they fail, take their time, log and
can be cancelled. Resources are fixed or made from a template. Prompts have arguments or not.

    interlock run examples/everything.py
"""

import asyncio
import hashlib
import io
import math
import struct
import wave
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import Enum
from itertools import pairwise
from typing import Annotated, Any, Literal

from msgspec import Meta

from interlock import (
    Annotations,
    Audio,
    Context,
    EmbeddedResource,
    Icon,
    Image,
    Message,
    ResourceContents,
    ResourceLink,
    Server,
    SyncContext,
    TextContent,
    ToolError,
    ToolResult,
)

DOT = Icon(
    src="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1'%3E"
    "%3Ccircle cx='.5' cy='.5' r='.5'/%3E%3C/svg%3E",
    mime_type="image/svg+xml",
    sizes=["any"],
)

server = Server(
    "everything",
    version="1.0.0",
    title="Everything",
    description="An example of each thing that a server can offer.",
    instructions="Every tool, resource and prompt here is an example; none changes anything.",
    website_url="https://modelcontextprotocol.io",
    icons=[DOT],
    page_size=5,  # small, so that each list has more than one page
)


# Tools: what a function returns is what the client gets


@server.tool
def echo(text: str) -> str:
    """Say the same again. A string is sent as text."""
    return text


@dataclass
class Statistics:
    """What is known about a list of numbers."""

    count: int
    mean: float
    largest: float | None = None


@server.tool(title="Describe numbers", annotations={"readOnlyHint": True})
def describe(numbers: Annotated[list[float], "at least one"]) -> Statistics:
    """Count and average numbers. A dataclass is sent as data with a schema, and as text."""
    if not numbers:
        raise ToolError("There are no numbers. Give at least one.")
    return Statistics(len(numbers), sum(numbers) / len(numbers), max(numbers))


@server.tool
def primes(limit: Annotated[int, Meta(le=1000)] = 10) -> list[int]:
    """The prime numbers below a limit. Any type can be data, not only objects."""
    return [n for n in range(2, limit) if all(n % d for d in range(2, math.isqrt(n) + 1))]


@server.tool(icons=[DOT])
def picture(red: int = 255, green: int = 0, blue: int = 0) -> Image:
    """One pixel of a colour. Bytes, paths, Pillow images and Matplotlib figures are taken."""
    return Image(png(bytes((red % 256, green % 256, blue % 256))))


@server.tool
def sound(hertz: float = 440.0) -> Audio:
    """A hundredth of a second of a tone."""
    return Audio(tone(hertz), mime_type="audio/wav")


@server.tool
def document() -> EmbeddedResource:
    """A text, embedded in the answer together with its URI."""
    return EmbeddedResource(
        resource=ResourceContents("everything://about", text=ABOUT, mime_type="text/markdown")
    )


@server.tool
def link() -> ResourceLink:
    """The URI of a text, to be read only if it is wanted."""
    return ResourceLink(
        uri="everything://about",
        name="about",
        title="About this server",
        description="What this server is for.",
        mime_type="text/markdown",
        size=len(ABOUT.encode()),
    )


@server.tool
def collage() -> ToolResult:
    """Several things at once: text for the model only, a picture, data, and a note on the side."""
    return ToolResult(
        [
            TextContent(
                text="A red pixel:", annotations=Annotations(audience=["assistant"], priority=0.5)
            ),
            Image(png(b"\xff\0\0")),
        ],
        structured={"colour": "red"},
        meta={"com.example/palette": "basic"},
    )


# Tools: arguments


class Transport(Enum):
    """How to travel."""

    TRAIN = "train"
    BICYCLE = "bicycle"


@dataclass
class Place:
    """A place by name, and where it is."""

    name: str
    latitude: Annotated[float | None, "in degrees"] = None
    longitude: Annotated[float | None, "in degrees"] = None


@dataclass
class Trip:
    """A trip through places."""

    stops: list[Place]
    start: date
    by: Transport = Transport.TRAIN
    notes: dict[str, str] = field(default_factory=dict[str, str])


@dataclass
class Itinerary:
    """A trip with what follows from it."""

    trip: Trip
    legs: list[str]
    end: date
    seats: Literal["first", "second"] | None


@server.tool
async def plan(trip: Trip, seats: Literal["first", "second"] | None = None) -> Itinerary:
    """Plan a trip. Dataclasses, enums, dates, choices and optional values are all checked."""
    names = [stop.name for stop in trip.stops]
    legs = [f"{here} to {there}" for here, there in pairwise(names)]
    return Itinerary(trip, legs, trip.start + timedelta(days=len(legs)), seats)


def query(arguments: dict[str, Any]) -> dict[str, Any]:
    """Search with a filter. The schema is written by hand: it is listed and enforced as it is."""
    return {"found": [f"{arguments['field']} is {arguments['value']!r}"]}


server.add_tool(
    query,
    input_schema={
        "type": "object",
        "properties": {
            "field": {"type": "string", "pattern": "^[a-z]+$"},
            "value": {"anyOf": [{"type": "string"}, {"type": "number"}]},
        },
        "required": ["field", "value"],
        "additionalProperties": False,
    },
    output_schema={
        "type": "object",
        "properties": {"found": {"type": "array", "items": {"type": "string"}}},
        "required": ["found"],
    },
)


# Tools: errors


@server.tool
def divide(dividend: float, divisor: float) -> float:
    """Divide. A ToolError is for the model to read: it says what to do about it."""
    if divisor == 0:
        raise ToolError("Nothing can be divided by 0. Give another divisor.")
    return dividend / divisor


@server.tool
def fail() -> str:
    """Fail. Other exceptions are logged here; the client learns no more than that it failed."""
    raise RuntimeError("the example has failed, as it should")


# Tools: while they run


@server.tool
async def count(
    to: Annotated[int, Meta(ge=1, le=100)],
    ctx: Context[None],
    milliseconds: Annotated[int, Meta(ge=0, le=1000)] = 0,
) -> str:
    """Count with a pause after each number, and report progress."""
    for number in range(1, to + 1):
        await ctx.progress(number, to, f"{number} of {to}")
        await asyncio.sleep(milliseconds / 1000)
    return f"counted to {to}"


@server.tool
async def log(
    ctx: Context[None], level: Literal["debug", "info", "warning", "error"] = "info"
) -> str:
    """Log one entry to the client, which chooses the least severe level that it wants."""
    await ctx.log(level, "an example entry", of="everything")
    return f"logged at {level}"


@server.tool
def digest(
    text: str, ctx: SyncContext[None], rounds: Annotated[int, Meta(ge=1, le=1000)] = 3
) -> str:
    """Hash a text again and again. A function without async runs in a thread, and may block."""
    data = text.encode()
    for number in range(1, rounds + 1):
        data = hashlib.sha256(data).digest()
        ctx.progress(number, rounds)
    return data.hex()


@dataclass
class Holds:
    """Calls of `hold`: those that run, and those that were cancelled."""

    running: int = 0
    cancelled: int = 0


HOLDS = Holds()


@server.tool
async def hold(ctx: Context[None]) -> str:
    """Do nothing until the client cancels the call, which interrupts it where it waits."""
    HOLDS.running += 1
    try:
        await ctx.progress(0, message="holding")
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        HOLDS.cancelled += 1
        raise
    finally:
        HOLDS.running -= 1
    return "never"


@server.tool
def holds() -> Holds:
    """How many calls of hold there are and were."""
    return HOLDS


# Resources

ABOUT = "# Everything\n\nOne example of each thing that a server can offer. ☂\n"


@server.resource(
    "everything://about",
    title="About this server",
    mime_type="text/markdown",
    annotations=Annotations(audience=["user"], priority=1.0, last_modified="2026-07-28T00:00:00Z"),
)
def about() -> str:
    """What this server is for. A string is sent as text."""
    return ABOUT


@server.resource("everything://pixel.png", mime_type="image/png", icons=[DOT])
def pixel() -> bytes:
    """A red pixel. Bytes are sent in base64."""
    return png(b"\xff\0\0")


@server.resource("everything://numbers")
def numbers() -> dict[str, float]:
    """Some numbers. Everything else is sent as JSON."""
    return {"pi": math.pi, "e": math.e}


def chapter(number: int) -> Callable[[], str]:
    """The function that reads one chapter."""
    return lambda: f"This is chapter {number}."


for _number in range(1, 10):
    server.add_resource(
        chapter(_number),
        f"everything://chapters/{_number}",
        name=f"chapter_{_number}",
        description=f"Chapter {_number} of 9.",
    )


@server.resource("everything://greetings/{name}", mime_type="text/plain")
def greeting(name: str) -> str:
    """A greeting for anybody: a template, with a parameter for its variable."""
    return f"Hello, {name}!"


@server.resource("everything://squares/{number}")
def square(number: int) -> dict[str, int]:
    """The square of a number. Variables are read as the parameter's type."""
    return {"number": number, "square": number * number}


@server.resource("everything://shelves/{shelf}{?author,limit}")
async def shelf(shelf: str, author: str = "", limit: Annotated[int, Meta(le=100)] = 2) -> list[str]:
    """Books on a shelf. A shelf that is not there is the protocol's own error."""
    if shelf not in ("poetry", "travel"):
        raise FileNotFoundError(shelf)
    by = f" by {author}" if author else ""
    return [f"{shelf} {number}{by}" for number in range(1, limit + 1)]


# Prompts


@server.prompt
def hello() -> str:
    """Say hello. A string is one message of the user."""
    return "Say hello to me."


@server.prompt(title="Summarise a text")
def summarise(
    text: Annotated[str, "what to summarise"],
    style: Annotated[Literal["short", "long"], "how much to say"] = "short",
) -> str:
    """Summarise a text. Parameters are the prompt's arguments."""
    return f"Write a {style} summary of this text:\n\n{text}"


@server.prompt
def review(code: str, lines: int = 10) -> list[Message]:
    """Review code. Several messages are a conversation that has begun."""
    return [
        Message(f"Review this code in at most {lines} lines:\n\n{code}"),
        Message("Which rules shall I check it against?", role="assistant"),
        Message("The usual ones."),
    ]


@server.prompt
def look() -> list[Message]:
    """Look at a picture. Messages hold any content."""
    return [Message("What colour is this?"), Message(Image(png(b"\0\0\xff")))]


@server.prompt
def listen() -> list[Message]:
    """Listen to a sound."""
    return [Message(Audio(tone(440.0), mime_type="audio/wav")), Message("What do you hear?")]


@server.prompt
def study() -> list[Message]:
    """Study a document that is part of the prompt."""
    return [Message(document()), Message("What is this server for?")]


# Media, made by hand so that the example needs nothing else


def png(pixel: bytes) -> bytes:
    """A PNG of one pixel, given as red, green and blue."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    image = zlib.compress(b"\0" + pixel)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", image) + chunk(b"IEND", b"")
    )


def tone(hertz: float) -> bytes:
    """A WAV of a hundredth of a second."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(8000)
        file.writeframes(
            bytes(round(127 + 100 * math.sin(math.tau * hertz * n / 8000)) for n in range(80))
        )
    return buffer.getvalue()


if __name__ == "__main__":
    server.run()
