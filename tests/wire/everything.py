"""The scenario that the official clients play with `examples/everything.py`, and what it gives."""

import functools
import json
import runpy
from base64 import b64encode
from typing import Any

from tests.support.clients import Json, Scenario
from tests.support.stdio import LATEST, ROOT

EXAMPLE = "examples/everything.py"
LEVELS = ["debug", "info", "warning", "error"]

SCENARIO = Scenario(
    lists=("tools", "resources", "templates", "prompts"),
    calls={
        "text": ("echo", {"text": "grüße, 世界 \U0001f30d\n"}),
        "data": ("describe", {"numbers": [1, 2.5, 4]}),
        "list": ("primes", {"limit": 12}),
        "image": ("picture", {}),
        "audio": ("sound", {}),
        "embedded": ("document", {}),
        "link": ("link", {}),
        "several": ("collage", {}),
        "nested": (
            "plan",
            {
                "trip": {
                    "stops": [{"name": "Oslo", "latitude": 59.9}, {"name": "Bergen"}],
                    "start": "2026-07-28",
                    "by": "bicycle",
                    "notes": {"rain": "likely"},
                },
                "seats": "second",
            },
        ),
        "defaults": ("plan", {"trip": {"stops": [], "start": "2026-01-01"}}),
        "by hand": ("query", {"field": "colour", "value": 1.5}),
        "number": ("divide", {"dividend": 1, "divisor": 4}),
        "thread": ("digest", {"text": "a", "rounds": 1}),
        "tool error": ("divide", {"dividend": 1, "divisor": 0}),
        "exception": ("fail", {}),
        "wrong type": ("echo", {"text": 3}),
        "misspelt": ("echo", {"txt": "a"}),
        "out of range": ("count", {"to": 0}),
        "not a date": ("plan", {"trip": {"stops": [], "start": "today"}}),
        "against the schema": ("query", {"field": "Colour", "value": "red"}),
        "unknown tool": ("ecco", {}),
    },
    reads=[
        "everything://about",
        "everything://pixel.png",
        "everything://numbers",
        *(f"everything://chapters/{number}" for number in range(1, 10)),
        "everything://greetings/J%C3%BCrg",
        "everything://squares/12",
        "everything://squares/twelve",
        "everything://shelves/poetry?author=Szymborska&limit=1",
        "everything://shelves/cellar",
        "everything://nothing",
    ],
    prompts={
        "plain": ("hello", {}),
        "arguments": ("summarise", {"text": "a text", "style": "long"}),
        "default": ("summarise", {"text": "a text"}),
        "conversation": ("review", {"code": "1 + 1", "lines": "3"}),
        "image": ("look", {}),
        "audio": ("listen", {}),
        "embedded": ("study", {}),
        "missing": ("summarise", {}),
        "wrong": ("review", {"code": "1 + 1", "lines": "few"}),
        "unknown": ("nothing", {}),
    },
    progress={
        "steps": ("count", {"to": 5}, 5),
        "thread": ("digest", {"text": "a", "rounds": 3}, 3),
        "none": ("echo", {"text": "no progress"}, 0),
    },
    levels=LEVELS,
    listen=True,
    cancel=True,
    concurrent=100,
)

TOOLS = [
    *("echo", "describe", "primes", "picture", "sound"),
    *("document", "link", "collage", "plan", "query"),
    *("divide", "fail", "count", "log", "digest"),
    *("hold", "holds"),
]
PROMPTS = ["hello", "summarise", "review", "look", "listen", "study"]
RESOURCES = ["about", "pixel", "numbers", *(f"chapter_{number}" for number in range(1, 10))]
TEMPLATES = ["greeting", "square", "shelf"]


def paged(names: list[str]) -> list[list[str]]:
    """Names in pages of the example's size."""
    return [names[start : start + 5] for start in range(0, len(names), 5)]


@functools.cache
def example() -> Json:
    """The names that the example defines."""
    return runpy.run_path(str(ROOT / EXAMPLE), run_name="example")


# What each part of the scenario gives


def text(words: str) -> Json:
    return {"type": "text", "text": words}


def data(value: Any, revision: str, content: list[Json] | None = None) -> Json:
    """A structured result, which old revisions have wrapped or not at all."""
    compact = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    result: Json = {"content": content or [text(compact)]}
    if revision == LATEST or (isinstance(value, dict) and revision >= "2025-06-18"):
        result["structuredContent"] = value
    elif revision >= "2025-06-18":
        result["structuredContent"] = {"result": value}
    return result


def failed(words: str) -> Json:
    return {"content": [text(words)], "isError": True}


def base64(raw: bytes) -> str:
    return b64encode(raw).decode()


def image(pixel: bytes) -> Json:
    return {"type": "image", "data": base64(example()["png"](pixel)), "mimeType": "image/png"}


def audio(revision: str) -> list[Json]:
    """The tone; a text and a resource in the revision that has no sound."""
    tone = base64(example()["tone"](440.0))
    if revision == "2024-11-05":
        resource = {"uri": "audio:content", "mimeType": "audio/wav", "blob": tone}
        note = text("Audio (audio/wav), embedded as a resource.")
        return [note, {"type": "resource", "resource": resource}]
    return [{"type": "audio", "data": tone, "mimeType": "audio/wav"}]


def about() -> Json:
    return {"uri": "everything://about", "mimeType": "text/markdown", "text": example()["ABOUT"]}


def link(revision: str) -> Json:
    """The link; a text in the revisions that have no links."""
    title, description = "About this server", "What this server is for."
    if revision < "2025-06-18":
        return text(f"{title}\neverything://about\n{description}")
    return {
        "type": "resource_link",
        "uri": "everything://about",
        "name": "about",
        "title": title,
        "description": description,
        "mimeType": "text/markdown",
        "size": len(example()["ABOUT"].encode()),
    }


def expected_calls(revision: str) -> Json:
    """The results of the scenario's calls; that of the failing tool holds an id of its own."""
    trip = {
        "stops": [
            {"name": "Oslo", "latitude": 59.9, "longitude": None},
            {"name": "Bergen", "latitude": None, "longitude": None},
        ],
        "start": "2026-07-28",
        "by": "bicycle",
        "notes": {"rain": "likely"},
    }
    nested = {"trip": trip, "legs": ["Oslo to Bergen"], "end": "2026-07-29", "seats": "second"}
    empty: Json = {"stops": [], "start": "2026-01-01", "by": "train", "notes": {}}
    defaults: Json = {"trip": empty, "legs": [], "end": "2026-01-01", "seats": None}
    several = [
        {**text("A red pixel:"), "annotations": {"audience": ["assistant"], "priority": 0.5}},
        image(b"\xff\0\0"),
    ]
    return {
        "text": {"content": [text("grüße, 世界 \U0001f30d\n")]},
        "data": data({"count": 3, "mean": 2.5, "largest": 4.0}, revision),
        "list": data([2, 3, 5, 7, 11], revision),
        "image": {"content": [image(b"\xff\0\0")]},
        "audio": {"content": audio(revision)},
        "embedded": {"content": [{"type": "resource", "resource": about()}]},
        "link": {"content": [link(revision)]},
        "several": {
            **data({"colour": "red"}, revision, several),
            "_meta": {"com.example/palette": "basic"},
        },
        "nested": data(nested, revision),
        "defaults": data(defaults, revision),
        "by hand": data({"found": ["colour is 1.5"]}, revision),
        "number": data(0.25, revision),
        "thread": {
            "content": [text("ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb")]
        },
        "tool error": failed("Nothing can be divided by 0. Give another divisor."),
        "exception": None,
        "wrong type": failed("$.text: got 3, expected a string"),
        "misspelt": failed(
            '$.text: missing, expected a string\n$.txt: unknown argument; did you mean "text"?'
        ),
        "out of range": failed("$.to: got 0, expected an integer of at least 1 and at most 100"),
        "not a date": failed(
            '$.trip.start: got the string "today", expected an ISO 8601 date (2030-01-31)'
        ),
        "against the schema": failed(
            'Invalid arguments:\n- $.field: "Colour" does not match the pattern "^[a-z]+$"'
        ),
        "unknown tool": {
            "code": -32602,
            "message": "Unknown tool: ecco. Did you mean 'echo'? List the tools to see all names.",
        },
    }


def expected_reads(revision: str) -> Json:
    """What reading the scenario's URIs gives."""

    def contents(uri: str, mime_type: str, **content: str) -> list[Json]:
        return [{"uri": f"everything://{uri}", "mimeType": mime_type, **content}]

    def as_json(uri: str, value: Any) -> list[Json]:
        compact = json.dumps(value, separators=(",", ":"))
        return contents(uri, "application/json", text=compact)

    def missing(uri: str) -> Json:
        hint = "List resources and templates to see what can be read."
        return {
            "code": -32602 if revision == LATEST else -32002,
            "message": f"Resource not found: everything://{uri}. {hint}",
            "data": {"uri": f"everything://{uri}"},
        }

    shelf = "shelves/poetry?author=Szymborska&limit=1"
    found = {
        "about": [about()],
        "pixel.png": contents("pixel.png", "image/png", blob=image(b"\xff\0\0")["data"]),
        "numbers": as_json("numbers", {"pi": 3.141592653589793, "e": 2.718281828459045}),
        **{
            (uri := f"chapters/{number}"): contents(
                uri, "text/plain", text=f"This is chapter {number}."
            )
            for number in range(1, 10)
        },
        "greetings/J%C3%BCrg": contents("greetings/J%C3%BCrg", "text/plain", text="Hello, Jürg!"),
        "squares/12": as_json("squares/12", {"number": 12, "square": 144}),
        "squares/twelve": {
            "code": -32602,
            "message": 'Invalid resource URI: $.number: got the string "twelve", expected an'
            " integer",
        },
        shelf: as_json(shelf, ["poetry 1 by Szymborska"]),
        "shelves/cellar": missing("shelves/cellar"),
        "nothing": missing("nothing"),
    }
    return {f"everything://{uri}": result for uri, result in found.items()}


def expected_prompts(revision: str) -> Json:
    """The scenario's prompts."""

    def prompt(description: str, *messages: tuple[str, Json]) -> Json:
        said = [{"role": role, "content": content} for role, content in messages]
        return {"description": description, "messages": said}

    def refused(message: str) -> Json:
        return {"code": -32602, "message": message}

    summary = "Summarise a text. Parameters are the prompt's arguments."
    return {
        "plain": prompt(
            "Say hello. A string is one message of the user.", ("user", text("Say hello to me."))
        ),
        "arguments": prompt(
            summary, ("user", text("Write a long summary of this text:\n\na text"))
        ),
        "default": prompt(summary, ("user", text("Write a short summary of this text:\n\na text"))),
        "conversation": prompt(
            "Review code. Several messages are a conversation that has begun.",
            ("user", text("Review this code in at most 3 lines:\n\n1 + 1")),
            ("assistant", text("Which rules shall I check it against?")),
            ("user", text("The usual ones.")),
        ),
        "image": prompt(
            "Look at a picture. Messages hold any content.",
            ("user", text("What colour is this?")),
            ("user", image(b"\0\0\xff")),
        ),
        "audio": prompt(
            "Listen to a sound.",
            *(("user", block) for block in audio(revision)),
            ("user", text("What do you hear?")),
        ),
        "embedded": prompt(
            "Study a document that is part of the prompt.",
            ("user", {"type": "resource", "resource": about()}),
            ("user", text("What is this server for?")),
        ),
        "missing": refused(
            "Invalid arguments for prompt summarise: $.text: missing, expected a string"
        ),
        "wrong": refused(
            'Invalid arguments for prompt review: $.lines: got the string "few", expected an'
            " integer"
        ),
        "unknown": refused("Unknown prompt: nothing. List the prompts to see all names."),
    }
