"""What a project says about its cassettes in one place: where they are, what to redact, what to match."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Final

from qrtest.errors import SettingError
from qrtest.redaction.allowlist import Rules, plain_name

__all__ = ["DIRECTORY", "Project"]

DIRECTORY: Final = "cassettes"
"""The folder of cassettes beside each file of tests, unless the project names another."""


@dataclass(frozen=True, kw_only=True)
class Project:
    """What holds for all cassettes of a project; returned by its hook `pytest_qrtest_configure`.

    *cassettes*: the name of the folder of cassettes beside each file of tests. *redaction*: names to
    `keep`, names that are `secret`, and `shapes` of secrets, as in [tool.qrtest.redaction] of
    pyproject.toml, to which it is added. *ignore*: names of query parameters and of JSON fields that
    do not distinguish requests.

    Raises `SettingError` or `CassetteError` for what makes no sense.

    >>> Project(ignore=["Trace-Id"]).ignore
    frozenset({'traceid'})
    """

    cassettes: str = DIRECTORY
    redaction: Mapping[str, Any] = field(default_factory=dict)
    ignore: Iterable[str] = ()

    def __post_init__(self) -> None:
        if not self.cassettes or ".." in PurePath(self.cassettes).parts:
            raise SettingError(f"cassettes={self.cassettes!r} is no name of a folder.")
        if isinstance(self.ignore, str):
            raise SettingError(f"ignore={self.ignore!r} is one name: write [{self.ignore!r}].")
        object.__setattr__(self, "ignore", frozenset(map(plain_name, self.ignore)))
        self.rules()

    def rules(self) -> Rules:
        """Return the rules that the project adds to redaction."""
        return Rules.of(self.redaction, name="redaction of pytest_qrtest_configure")
