"""Ids of jobs and sessions, and the trace of an error response."""

from __future__ import annotations

import base64
import random
import uuid
from functools import cached_property, lru_cache

__all__ = ["Names"]


class Names:
    """Ids drawn from *seed*: the same ones every time. *epoch*: when the simulation began, since 1970.

    >>> Names(seed=0, epoch=1_767_225_600).xid(now=0)
    'd5ari02gbm2b19g0000g'
    """

    def __init__(self, *, seed: int, epoch: float) -> None:
        self._seed = seed
        self._machine = _machine(seed)
        self._epoch = epoch
        self._made = 0

    @cached_property
    def _random(self) -> random.Random:
        return random.Random(f"qrtest names {self._seed}")

    def uuid(self) -> str:
        """Return the id of a session or an error response."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def xid(self, now: float) -> str:
        """Return the id of a job: seconds since 1970, machine and process, a counter; 20 characters."""
        self._made += 1
        # An xid has four bytes for the time: they begin anew in 2106, as they do in the real ones.
        return _xid(int(self._epoch + now) % 2**32, self._machine, self._made)


@lru_cache
def _machine(seed: int) -> bytes:
    return random.Random(f"qrtest service {seed}").randbytes(5)


@lru_cache
def _xid(second: int, machine: bytes, number: int) -> str:
    name = second.to_bytes(4, "big") + machine + number.to_bytes(3, "big")
    return base64.b32hexencode(name).decode().rstrip("=").lower()
