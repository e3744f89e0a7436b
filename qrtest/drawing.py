"""`timeline_of` by the name of its first home; `qrtest.timeline_of` is the documented one."""

from qrtest.timeline.sources import timeline_of

__all__ = ["timeline_of"]
