"""The hook by which a project says, in one place, where its cassettes are and what holds for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from qrtest.plugin.project import Project

__all__ = ["pytest_qrtest_configure"]


def pytest_qrtest_configure(config: pytest.Config) -> Project | None:
    """Return the `qrtest.Project` of the tests below this conftest.py; the nearest one is asked.

    It is asked once a test that has a cassette. Decorate it with
    `@pytest.hookimpl(optionalhook=True)`, and `-p no:qrtest` keeps working.
    """
