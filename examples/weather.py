"""A small weather server: a tool with structured output, resources, a template and a prompt."""

import asyncio
from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

from interlock import Context, Message, Server, ToolError

server = Server(
    "weather",
    version="1.0.0",
    instructions="Ask for a forecast by city. Cities are listed in weather://stations.",
)

STATIONS = {"Oslo": -3.5, "Lisbon": 17.0, "Nairobi": 24.5}


@dataclass
class Forecast:
    """A forecast for one city."""

    city: str
    days: int
    degrees: list[float]
    unit: Literal["C", "F"]


@server.tool(annotations={"readOnlyHint": True, "openWorldHint": False})
async def forecast(
    city: Annotated[str, "a city of weather://stations"],
    days: Annotated[int, Meta(ge=1, le=14)] = 3,
    unit: Literal["C", "F"] = "C",
    ctx: Context[None] | None = None,
) -> Forecast:
    """Forecast the temperature of a city for the next days."""
    start = STATIONS.get(city)
    if start is None:
        raise ToolError(f"No station in {city}. There are: {', '.join(STATIONS)}.")
    degrees: list[float] = []
    for day in range(days):
        if ctx is not None:
            await ctx.progress(day + 1, days, f"day {day + 1}")
        celsius = start + day * 0.5
        degrees.append(celsius if unit == "C" else celsius * 9 / 5 + 32)
        await asyncio.sleep(0)
    return Forecast(city, days, degrees, unit)


@server.resource("weather://stations")
def stations() -> list[str]:
    """The cities that have a station."""
    return list(STATIONS)


@server.resource("weather://{city}/now", mime_type="text/plain")
async def now(city: str) -> str:
    """The temperature of a city at this moment."""
    if city not in STATIONS:
        raise FileNotFoundError(city)
    return f"{STATIONS[city]} °C"


@server.prompt
def briefing(city: str) -> list[Message]:
    """Brief a traveller about the weather of a city."""
    return [
        Message(f"Brief me about the weather in {city}."),
        Message("I will ask for the forecast first.", role="assistant"),
    ]


if __name__ == "__main__":
    server.run()
