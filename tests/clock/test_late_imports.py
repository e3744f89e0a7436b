"""A module that is imported while a clock is installed has its replacements from then on."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from qrtest.clock import late_imports
from qrtest.clock.late_imports import LateImports
from qrtest.patching import PATCHING, Patch

NAME = "comes_late"


@pytest.fixture
def late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LateImports]:
    """What watches for a module that has the name `wait`."""
    (tmp_path / f"{NAME}.py").write_text("wait = 'genuine'\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(late_imports, "WATCHED", frozenset({NAME}))

    def find() -> Iterator[Patch]:
        if NAME in sys.modules:
            yield sys.modules[NAME], "wait", "virtual"

    with PATCHING:
        yield LateImports(find)
    del sys.modules[NAME]
    late_imports._is_installed.cache_clear()


def test_it_is_replaced_when_it_is_imported_and_genuine_afterwards(late: LateImports) -> None:
    """And nothing watches for it any more."""
    finders = list(sys.meta_path)
    late.look()
    assert late.is_needed
    late.begin()
    module = __import__(NAME)
    assert module.wait == "virtual"
    late.end()
    assert module.wait == "genuine"
    assert sys.meta_path == finders
    assert "exec_module" not in vars(module.__spec__.loader)
    late.look()
    assert not late.is_needed


def test_what_is_replaced_already_is_not_replaced_twice(late: LateImports) -> None:
    """To end restores what was there, not a stand-in."""
    late.begin()
    module = __import__(NAME)
    late._replace()
    late.end()
    assert module.wait == "genuine"


def test_a_module_that_fails_is_imported_by_the_next_try(late: LateImports, tmp_path: Path) -> None:
    """The exception is the module's own."""
    late.begin()
    source = tmp_path / f"{NAME}.py"
    text = source.read_text(encoding="utf-8")
    source.write_text("import nothing_of_this_name", encoding="utf-8")
    with pytest.raises(ModuleNotFoundError, match="nothing_of_this_name"):
        __import__(NAME)
    source.write_text(text + "\n# another length", encoding="utf-8")
    assert __import__(NAME).wait == "virtual"
    late.end()
