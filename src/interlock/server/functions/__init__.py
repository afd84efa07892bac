"""Python functions as tools, prompts and resource templates.

:func:`compile_function` turns a function into its name, description and JSON Schemas, a fast
validated binder from JSON text to arguments, and an encoder of its return value. Pure: no
event loop, no transport.
"""

from interlock.server.functions.binder import Bound as Bound
from interlock.server.functions.compile import Function as Function
from interlock.server.functions.compile import Parameter as Parameter
from interlock.server.functions.compile import compile_function as compile_function
from interlock.server.functions.output import Output as Output
from interlock.server.functions.problems import ArgumentError as ArgumentError
from interlock.server.functions.problems import OutputError as OutputError
from interlock.server.functions.problems import Problem as Problem
from interlock.server.functions.problems import SignatureError as SignatureError
