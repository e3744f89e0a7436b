"""What keeps a function of `time` follows the clock: closures, containers, objects, classes, defaults, partials."""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from qrtest import VirtualClock
from qrtest.clock.moment import EPOCH
from qrtest.clock.patch_time import install

SLEEP = MappingProxyType({"genuine": time.sleep})

KEPT = """
import functools, sched, time, types
from collections import OrderedDict, defaultdict, deque
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import NamedTuple

nap = functools.partial(time.sleep, 3600)
agenda = sched.scheduler(time.time, time.sleep)

def by_default(sleep=time.sleep, *, again=time.sleep):
    sleep(1800)
    again(1800)

class Poller:
    pause = time.sleep
    still = staticmethod(time.sleep)
    ways = {"long": time.sleep}

    def __init__(self):
        self.wait = time.sleep

    def of_the_class(self):
        self.pause(1800)
        self.still(1800)

    def of_the_object(self, sleep=time.sleep):
        self.wait(1800)
        sleep(1800)

    @property
    def of_the_property(self, sleep=time.sleep):
        sleep(3600)

class Slots:
    __slots__ = ("wait", "unset")

    def __init__(self):
        self.wait = time.sleep

@dataclass(frozen=True, slots=True)
class Frozen:
    wait: object = time.sleep
    begun: datetime = field(default_factory=datetime.now)
    at: datetime = field(default_factory=functools.partial(datetime.now, timezone.utc))

class Pair(NamedTuple):
    wait: object = time.sleep

class Client:
    def __init__(self):
        self.poller = Poller()
        self.ways = [Poller().wait]

def retry(sleep=time.sleep):
    def decorate(function):
        @functools.wraps(function)
        def again():
            sleep(3600)
            return function()
        return again
    return decorate

@retry()
def decorated():
    pass

def closing(wait=time.sleep):
    return lambda: wait(3600)

poller, slots, frozen, pair, client = Poller(), Slots(), Frozen(), Pair(), Client()
listed, keyed, both = [time.sleep], {"long": time.sleep}, (time.sleep, time.time)
deep = {"a": [{"b": (time.sleep,)}]}
ordered, waiting = OrderedDict(wait=time.sleep), deque([time.sleep])
by_key = defaultdict(list, wait=time.sleep)
names = types.SimpleNamespace(wait=time.sleep)
closed = closing()
partly = functools.partial(by_default, time.sleep, again=time.sleep)
cached = functools.lru_cache(closing())
bound = poller.of_the_object
now = datetime.now
itself = [listed]
itself.append(itself)

def by_the_agenda():
    agenda.enter(3600, 1, lambda: None)
    agenda.run()
"""

WAYS: dict[str, Callable[[Any], object]] = {
    "partial": lambda module: module.nap(),
    "default": lambda module: module.by_default(),
    "class": lambda module: module.poller.of_the_class(),
    "object": lambda module: module.poller.of_the_object(),
    "property": lambda module: module.poller.of_the_property,
    "dict of a class": lambda module: module.Poller.ways["long"](3600),
    "slot": lambda module: module.slots.wait(3600),
    "frozen dataclass": lambda module: module.frozen.wait(3600),
    "named tuple": lambda module: module.pair.wait(3600),
    "object of an object": lambda module: module.client.poller.wait(3600),
    "list of an object": lambda module: module.client.ways[0](3600),
    "decorator": lambda module: module.decorated(),
    "closure": lambda module: module.closed(),
    "list": lambda module: module.listed[0](3600),
    "dict": lambda module: module.keyed["long"](3600),
    "tuple": lambda module: module.both[0](3600),
    "containers in containers": lambda module: module.deep["a"][0]["b"][0](3600),
    "ordered dict": lambda module: module.ordered["wait"](3600),
    "deque": lambda module: module.waiting[0](3600),
    "defaultdict": lambda module: module.by_key["wait"](3600),
    "namespace": lambda module: module.names.wait(3600),
    "arguments of a partial": lambda module: module.partly(),
    "cached function": lambda module: module.cached(),
    "bound method": lambda module: module.bound(),
    "scheduler": lambda module: module.by_the_agenda(),
}


@pytest.fixture
def keeping(tmp_path: Path) -> Iterator[Any]:
    """A module of the project that has kept `time.sleep` in every way."""
    source = tmp_path / "keeps_its_sleep.py"
    source.write_text(KEPT, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("keeps_its_sleep", source)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["keeps_its_sleep"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["keeps_its_sleep"]


def test_what_keeps_a_sleep_waits_on_the_clock(keeping: Any) -> None:
    """However a module of the project keeps it, and in each of several simulations."""
    for way, wait in WAYS.items():
        clock = VirtualClock()
        with install(clock):
            wait(keeping)
        assert clock.now() == pytest.approx(3600), way


def test_what_keeps_a_sleep_has_the_genuine_one_afterwards(keeping: Any) -> None:
    """Also the members of classes, functions' default arguments, and what holds others."""
    kept = [dict(vars(keeping.Poller)), keeping.by_default.__defaults__, keeping.nap, keeping.both]
    with install(VirtualClock()):
        pass
    assert kept == [
        dict(vars(keeping.Poller)),
        keeping.by_default.__defaults__,
        keeping.nap,
        keeping.both,
    ]
    genuine = SLEEP["genuine"]
    assert keeping.by_default.__kwdefaults__ == {"again": genuine}
    assert keeping.poller.wait is keeping.agenda.delayfunc is genuine
    assert keeping.slots.wait is keeping.frozen.wait is keeping.pair.wait is genuine
    assert keeping.closed.__closure__[0].cell_contents is keeping.listed[0] is genuine
    assert not hasattr(keeping.slots, "unset")


def test_a_list_that_lost_what_it_kept_takes_nothing_amiss(keeping: Any) -> None:
    """It is shorter in the next simulation, and at the end of this one."""
    for _ in range(2):
        with install(VirtualClock()):
            keeping.listed.clear()
    assert keeping.listed == []


def test_a_kept_now_is_a_moment_on_the_clock(keeping: Any) -> None:
    """As a name, as the default factory of a dataclass, and in a partial; the genuine one afterwards."""
    begin = datetime.fromtimestamp(EPOCH)
    with install(VirtualClock()):
        made = keeping.Frozen()
        assert keeping.now() == made.begun == begin
        assert made.at.timestamp() == EPOCH
    assert keeping.now() > begin
    assert keeping.Frozen().begun > begin
