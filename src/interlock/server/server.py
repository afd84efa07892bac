"""The server: functions in, a server of every protocol revision out."""

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Literal, TypeVar, overload

from interlock.protocol.call import Middleware
from interlock.protocol.cursor import Cursors
from interlock.protocol.errors import DefinitionError
from interlock.protocol.seal import Sealer
from interlock.protocol.types.base import Annotations, Icon
from interlock.protocol.types.tools import ToolAnnotations
from interlock.server.catalogue import Catalogue, OwnEntries, Provider
from interlock.server.definitions import Described, caller_locals, listed, not_a_function
from interlock.server.entries import (
    function_tool,
    prompt_entry,
    resource_entry,
    schema_tool,
)
from interlock.server.lifespan import Lifespan, SharedLifespan
from interlock.server.middleware import Layer, checked_middleware, covered_methods
from interlock.server.mount import Mount
from interlock.server.serving import ServerPeer
from interlock.server.uris import check_is_text
from interlock.transport.bounds import SERVER_BOUNDS, Bounds
from interlock.transport.threads import ThreadPool

_MAX_TTL_SECONDS = 366 * 86400

F = TypeVar("F", bound=Callable[..., Any])
M = TypeVar("M", bound=Middleware)
Extra = Literal["forbid", "ignore"]


class Server:
    """An MCP server: tools, resources and prompts out of Python functions.

    ``name`` and ``version`` are what clients see; ``instructions`` tell a model how to use the
    server as a whole. ``lifespan`` opens what handlers need (``ctx.app``) before the first call
    and closes it after the last. ``bounds`` limits each connection.

    ``text_limit`` caps a result's text in bytes; longer text is cut at a line's end with a note,
    a longer structured result is an error that says how to narrow the request. ``page_size`` is
    how many entries a list page holds, ``list_ttl_seconds`` how long clients may keep lists.
    ``threads`` bounds the sync handlers that run at once. ``logging`` declares the logging
    capability even where no handler takes a context. ``seal_keys`` (32 bytes each, the first
    seals) make cursors good across restarts and processes.

    Functions may be added until the server runs and after. Raises
    :class:`~interlock.protocol.errors.DefinitionError` for definitions that cannot work.
    """

    def __init__(
        self,
        name: str,
        version: str = "0.0.0",
        *,
        title: str | None = None,
        description: str | None = None,
        instructions: str | None = None,
        website_url: str | None = None,
        icons: Sequence[Icon] = (),
        lifespan: Lifespan | None = None,
        bounds: Bounds = SERVER_BOUNDS,
        text_limit: int = 256 * 1024,
        page_size: int = 500,
        list_ttl_seconds: float = 60.0,
        threads: int = 32,
        logging: bool = False,
        seal_keys: Sequence[bytes] = (),
    ) -> None:
        if not name or not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance]  # not everybody has a type checker
            raise DefinitionError("a server needs a name: text that is not empty")
        if page_size < 1 or text_limit < 1 or threads < 1:
            raise DefinitionError("page_size, text_limit and threads are at least 1")
        if not 0 <= list_ttl_seconds <= _MAX_TTL_SECONDS:
            raise DefinitionError(f"list_ttl_seconds is from 0 to {_MAX_TTL_SECONDS}")
        self.name = name
        self.version = version
        self.instructions = instructions
        self.bounds = bounds
        self.text_limit = text_limit
        self.page_size = page_size
        self.list_ttl_ms = round(list_ttl_seconds * 1000)
        self.logging = logging
        self.info: dict[str, Any] = listed(
            Described(title=title, description=description, icons=icons),
            required={"name": name, "version": version},
            optional={"websiteUrl": website_url},
        )
        self.catalogue = Catalogue()
        self.layers: list[Layer] = []
        self.threads = ThreadPool(slots=threads)
        self.cursors = Cursors(_sealer(seal_keys))
        self._own = OwnEntries()
        self.catalogue.add(self._own)
        self._lifespan = SharedLifespan(lifespan, self)
        self._mounted: list[Server] = []

    @property
    def app(self) -> Any:
        """What the lifespan yielded, while the server is being served; otherwise ``None``."""
        return self._lifespan.value

    # Tools

    @overload
    def tool(self, function: F, /) -> F: ...
    @overload
    def tool(
        self,
        /,
        *,
        name: str | None = None,
        title: str | None = None,
        description: str | None = None,
        annotations: ToolAnnotations | Mapping[str, Any] | None = None,
        icons: Sequence[Icon] = (),
        meta: Mapping[str, Any] | None = None,
        thread: bool | None = None,
        strict: bool = False,
        extra: Extra = "forbid",
    ) -> Callable[[F], F]: ...
    def tool(
        self,
        function: F | None = None,
        /,
        *,
        name: str | None = None,
        title: str | None = None,
        description: str | None = None,
        annotations: ToolAnnotations | Mapping[str, Any] | None = None,
        icons: Sequence[Icon] = (),
        meta: Mapping[str, Any] | None = None,
        thread: bool | None = None,
        strict: bool = False,
        extra: Extra = "forbid",
    ) -> F | Callable[[F], F]:
        """Make a function a tool; it is returned unchanged.

        The name is the function's, the description its docstring's, the schemas those of its
        annotations. ``annotations`` are hints such as ``readOnlyHint``; a mapping may hold keys
        of its own. ``thread=False`` runs a sync function on the event loop. ``strict`` refuses
        arguments of nearly the right type (``"3"`` for an integer); ``extra="ignore"`` drops
        unknown ones instead of refusing them.
        """

        scope = caller_locals(2)

        def decorate(function: F) -> F:
            entry = function_tool(
                self,
                function,
                Described(title=title, description=description, icons=icons, meta=meta),
                name=name,
                annotations=annotations,
                thread=thread,
                strict=strict,
                extra=extra,
                text_limit=self.text_limit,
                scope=scope,
            )
            self._own.add(entry)
            return function

        if function is None:
            return decorate
        if not callable(function):
            raise not_a_function(function, "tool")
        return decorate(function)

    def add_tool(
        self,
        function: Callable[..., Any],
        *,
        name: str | None = None,
        title: str | None = None,
        description: str | None = None,
        annotations: ToolAnnotations | Mapping[str, Any] | None = None,
        icons: Sequence[Icon] = (),
        meta: Mapping[str, Any] | None = None,
        thread: bool | None = None,
        strict: bool = False,
        extra: Extra = "forbid",
        input_schema: Mapping[str, Any] | None = None,
        output_schema: Mapping[str, Any] | None = None,
    ) -> None:
        """Add a tool, see :meth:`tool`.

        With ``input_schema`` (and ``output_schema``) the schema is listed as it is and enforced;
        the function gets the arguments as keywords, or all in one where it has a single
        parameter that is no property of the schema.
        """
        described = Described(title=title, description=description, icons=icons, meta=meta)
        if input_schema is not None:
            entry = schema_tool(
                self,
                function,
                described,
                name=name,
                input_schema=input_schema,
                output_schema=output_schema,
                annotations=annotations,
                thread=thread,
                text_limit=self.text_limit,
                scope=caller_locals(2),
            )
        elif output_schema is not None:
            raise DefinitionError("output_schema goes with input_schema")
        else:
            entry = function_tool(
                self,
                function,
                described,
                name=name,
                annotations=annotations,
                thread=thread,
                strict=strict,
                extra=extra,
                text_limit=self.text_limit,
                scope=caller_locals(2),
            )
        self._own.add(entry)

    # Resources

    def resource(
        self,
        uri: str,
        *,
        name: str | None = None,
        title: str | None = None,
        description: str | None = None,
        mime_type: str | None = None,
        size: int | None = None,
        annotations: Annotations | Mapping[str, Any] | None = None,
        icons: Sequence[Icon] = (),
        meta: Mapping[str, Any] | None = None,
        thread: bool | None = None,
    ) -> Callable[[F], F]:
        """Make a function a resource, or with ``{variables}`` in the URI a template of them.

        A template follows RFC 6570; its variables are the function's parameters. What the
        function returns is sent as text (``str``), as base64 (``bytes``) or as JSON. A
        :class:`FileNotFoundError` becomes the protocol's own error for a missing resource.
        """

        check_is_text(uri)
        scope = caller_locals(2)

        def decorate(function: F) -> F:
            entry = resource_entry(
                self,
                function,
                uri,
                Described(title=title, description=description, icons=icons, meta=meta),
                name=name,
                mime_type=mime_type,
                size=size,
                annotations=annotations,
                thread=thread,
                scope=scope,
            )
            self._own.add(entry)
            return function

        return decorate

    def add_resource(
        self,
        function: Callable[..., Any],
        uri: str,
        *,
        name: str | None = None,
        title: str | None = None,
        description: str | None = None,
        mime_type: str | None = None,
        size: int | None = None,
        annotations: Annotations | Mapping[str, Any] | None = None,
        icons: Sequence[Icon] = (),
        meta: Mapping[str, Any] | None = None,
        thread: bool | None = None,
    ) -> None:
        """Add a resource or template, see :meth:`resource`."""
        check_is_text(uri)
        entry = resource_entry(
            self,
            function,
            uri,
            Described(title=title, description=description, icons=icons, meta=meta),
            name=name,
            mime_type=mime_type,
            size=size,
            annotations=annotations,
            thread=thread,
            scope=caller_locals(2),
        )
        self._own.add(entry)

    # Prompts

    @overload
    def prompt(self, function: F, /) -> F: ...
    @overload
    def prompt(
        self,
        /,
        *,
        name: str | None = None,
        title: str | None = None,
        description: str | None = None,
        icons: Sequence[Icon] = (),
        meta: Mapping[str, Any] | None = None,
        thread: bool | None = None,
    ) -> Callable[[F], F]: ...
    def prompt(
        self,
        function: F | None = None,
        /,
        *,
        name: str | None = None,
        title: str | None = None,
        description: str | None = None,
        icons: Sequence[Icon] = (),
        meta: Mapping[str, Any] | None = None,
        thread: bool | None = None,
    ) -> F | Callable[[F], F]:
        """Make a function a prompt: it returns text, a :class:`Message`, or a list of them.

        Arguments are strings on the wire; other types are read from their JSON text.
        """

        scope = caller_locals(2)

        def decorate(function: F) -> F:
            described = Described(title=title, description=description, icons=icons, meta=meta)
            self._own.add(
                prompt_entry(self, function, described, name=name, thread=thread, scope=scope)
            )
            return function

        if function is None:
            return decorate
        if not callable(function):
            raise not_a_function(function, "prompt")
        return decorate(function)

    def add_prompt(
        self,
        function: Callable[..., Any],
        *,
        name: str | None = None,
        title: str | None = None,
        description: str | None = None,
        icons: Sequence[Icon] = (),
        meta: Mapping[str, Any] | None = None,
        thread: bool | None = None,
    ) -> None:
        """Add a prompt, see :meth:`prompt`."""
        described = Described(title=title, description=description, icons=icons, meta=meta)
        scope = caller_locals(2)
        self._own.add(
            prompt_entry(self, function, described, name=name, thread=thread, scope=scope)
        )

    # Composition

    @overload
    def middleware(self, function: M, /) -> M: ...
    @overload
    def middleware(self, /, *, methods: Iterable[str] | None = None) -> Callable[[M], M]: ...
    def middleware(
        self, function: M | None = None, /, *, methods: Iterable[str] | None = None
    ) -> M | Callable[[M], M]:
        """Wrap every call, or those of some methods: ``async (call, next) -> outcome``.

        The first one added is the outermost. Methods are named as in the protocol
        (``"tools/call"``); a misspelt one is an error. A
        :class:`~interlock.protocol.errors.ToolError` that it raises around ``tools/call`` is a
        tool's failure, which the model reads; around other methods it is an error with its text.
        """
        covered = covered_methods(methods)

        def decorate(function: M) -> M:
            self.layers.append(Layer(checked_middleware(function), covered))
            return function

        return decorate if function is None else decorate(function)

    def mount(self, server: "Server", prefix: str | None = None) -> None:
        """Serve another server's entries here, its middleware around them.

        With ``prefix`` its tools and prompts are named ``prefix_name``; URIs stay as they are.
        Two entries of one name are an error. The mounted server's lifespan runs with this one's.
        """
        if not isinstance(server, Server):  # pyright: ignore[reportUnnecessaryIsInstance]  # not everybody has a type checker
            raise DefinitionError(
                f"a Server is mounted, not {type(server).__name__}; other sources of entries go"
                " through add_provider"
            )
        if server.holds(self):
            raise DefinitionError(
                "a server cannot be mounted in itself" + ("" if server is self else ", nor around")
            )
        self.catalogue.add(Mount(server, prefix))
        self._mounted.append(server)

    def holds(self, server: "Server") -> bool:
        """Whether ``server`` is this one or is mounted in it, at any depth."""
        return server is self or any(mounted.holds(server) for mounted in self._mounted)

    def add_provider(self, provider: Provider) -> None:
        """Serve what a provider offers."""
        self.catalogue.add(provider)

    # Serving

    @asynccontextmanager
    async def started(self) -> AsyncGenerator[ServerPeer]:
        """Run the lifespans and give the peer that transports call.

        Any number of transports may hold it at once; the lifespan runs once for all.
        """
        peer = ServerPeer(self)  # first: it refuses collisions, before anything is opened
        async with AsyncExitStack() as stack:
            for server in self._mounted:
                await stack.enter_async_context(server.started())
            await stack.enter_async_context(self._lifespan.held())
            yield peer

    def run(self, transport: Literal["stdio"] = "stdio") -> None:
        """Serve until the client goes away. Blocks.

        ``"stdio"`` takes this process's standard input and output for the protocol; what
        handlers print goes to standard error.
        """
        if transport != "stdio":
            raise DefinitionError(f"unknown transport {transport!r}; there is 'stdio'")
        from interlock.transport.stdio.serve import run

        run(self.started, bounds=self.bounds)

    def __repr__(self) -> str:
        return f"Server({self.name!r}, {self.version!r})"


def _sealer(keys: Sequence[bytes]) -> Sealer | None:
    try:
        return Sealer(keys) if keys else None
    except (TypeError, ValueError) as error:
        raise DefinitionError(f"seal_keys: {error}") from error
