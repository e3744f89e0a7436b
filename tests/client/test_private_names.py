"""The private attributes of the genuine client: each entered once, and a rename met in one place."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import qrtest
from qrtest.client import private_names, releases, runtime_client
from qrtest.client.private_names import PRIVATE_NAMES, PrivateName

FOLDER = Path(qrtest.__file__).parent / "client"
SOURCES = sorted(path for path in FOLDER.glob("*.py") if path.name != "private_names.py")
ENTERED = {name for entry in PRIVATE_NAMES.values() for name in entry.names}
BY_TEXT = ("getattr", "setattr", "hasattr", "delattr")


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def touched(tree: ast.AST) -> Iterator[str]:
    """Private attributes that a module reads or writes, by a dot or by a text."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in BY_TEXT:
            yield from (
                each.value
                for each in node.args
                if isinstance(each, ast.Constant) and isinstance(each.value, str)
            )


def defined(tree: ast.AST) -> set[str]:
    """Attributes that the classes of a module define themselves."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            names.add(node.attr)
    return names


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_private_attributes_of_the_client_are_entered_once(path: Path) -> None:
    """Other modules of the folder touch private attributes of their own classes alone."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    private = {name for name in touched(tree) if is_private(name)}
    assert private & ENTERED == set(), "write private_names.<CONSTANT>.of(...)"
    assert private - defined(tree) - {"_repr_pretty_"} == set(), "enter it in private_names.py"


def test_the_name_that_the_object_has_is_used() -> None:
    """Whichever release made it."""
    name = PrivateName("_new", "_old")

    class Old:
        _old = 1

    class New:
        _new = 2

    assert (name.of(Old()), name.of(New()), name.of(object(), None)) == (1, 2, None)
    with pytest.raises(AttributeError, match="_new"):
        name.of(object())
    old = Old()
    name.put_in(old, 3)
    assert vars(old) == {"_old": 3}


@pytest.mark.parametrize("transport", ["direct", "requests", "sockets"])
def test_a_renamed_attribute_is_entered_in_one_place(
    monkeypatch: pytest.MonkeyPatch, transport: Any
) -> None:
    """A client whose session has another name works once private_names says so."""
    genuine = releases.client_class()
    session = property(
        lambda client: client._session, lambda client, value: setattr(client, "_session", value)
    )
    renamed = type("RuntimeClient", (genuine,), {"_transport_session": session})
    monkeypatch.setattr(releases, "client_class", lambda: renamed)
    monkeypatch.setattr(private_names, "SESSION", PrivateName("_transport_session"))
    runtime_client._pattern.cache_clear()
    try:
        with qrtest.simulate(transport=transport) as sim:
            job = sim.job("QUEUED 5s; DONE")
            job.wait_for_final_state()
            assert job.status() == "DONE"
    finally:
        runtime_client._pattern.cache_clear()
