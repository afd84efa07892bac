"""Other implementations of the protocol, built in environments of their own when first asked for.

Safe in parallel test workers; the first call takes seconds and needs a package registry.
"""

from scripts.envs import BuildError
from scripts.peers import PYTHON_PEERS, node, node_modules, python

__all__ = ["PYTHON_PEERS", "BuildError", "node", "node_modules", "python"]
