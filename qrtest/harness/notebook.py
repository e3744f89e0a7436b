"""Notebooks: `%load_ext qrtest` answers everything that the cells after it ask."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["load_ipython_extension", "unload_ipython_extension"]

_SESSIONS: Final[dict[int, Any]] = {}


def load_ipython_extension(ipython: Any) -> None:
    """Begin a simulation for the notebook *ipython*, which has it as `sim`; `%unload_ext qrtest` ends it.

    >>> class Notebook:
    ...     def push(self, names):
    ...         print(*names)
    >>> notebook = Notebook()
    >>> load_ipython_extension(notebook)
    sim
    >>> unload_ipython_extension(notebook)
    """
    from qrtest.harness.simulate import simulate

    session = _SESSIONS[id(ipython)] = simulate()
    session.__enter__()
    ipython.push({"sim": session})


def unload_ipython_extension(ipython: Any) -> None:
    """End the simulation of the notebook *ipython*.

    >>> unload_ipython_extension(object())  # without a simulation: nothing happens
    """
    session = _SESSIONS.pop(id(ipython), None)
    if session is not None:
        session.__exit__(None, None, None)
