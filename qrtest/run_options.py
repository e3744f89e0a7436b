"""Where the lives that break a consumer are kept, and whether new ones are: said by the plugin.

Light on purpose: the plugin imports it at start-up.
"""

from __future__ import annotations

from contextvars import ContextVar
from pathlib import Path
from typing import Final

__all__ = ["FOLDER", "IS_ON", "SAVED"]

FOLDER: Final[ContextVar[Path | None]] = ContextVar("qrtest_scenarios", default=None)
"""The folder of scenario files; None outside of pytest."""

IS_ON: Final[ContextVar[bool]] = ContextVar("qrtest_save_failures", default=False)
"""Whether what is found is written there."""

SAVED: Final[ContextVar[list[Path] | None]] = ContextVar("qrtest_saved", default=None)
"""The files that were written, if anybody wants to know."""
