"""Consumers: some with one bug each, taken from the ways that real programs fail, and many right ones.

`BUGS` and `RIGHT` hold them by their names, each as a `Bug`: the consumer, the rule that it breaks, and how it
is called. All of them raise `GaveUp` when they have given up, which is allowed.
"""

from __future__ import annotations

from tests.gallery import applications, bugs, programs, several, waits
from tests.gallery.entries import BUGS, RIGHT, Bug, GaveUp

__all__ = ["BUGS", "RIGHT", "Bug", "GaveUp", "applications", "bugs", "programs", "several", "waits"]
