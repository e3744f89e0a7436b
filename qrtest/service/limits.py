"""What the service rejects of submissions because they are too many or too large."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from qrtest.code_repr import AsCode
from qrtest.service import error_responses

__all__ = ["LONGEST_TAG", "MOST_TAGS", "USUAL_LIMITS", "Limits", "Turnstile"]

WINDOW_SECONDS: Final = 60.0
MOST_TAGS: Final = 8
LONGEST_TAG: Final = 86


@dataclass(frozen=True, kw_only=True, repr=False)
class Limits(AsCode):
    """What is refused; None refuses nothing.

    *submissions_per_minute*, *body_bytes* of a submission, *tags* of a job, *tag_length* in characters. The
    bounds of tags are those of the REST description and hold unless they are lifted; rate and size depend
    on how a service is run, and are not limited unless asked for.

    >>> Limits(submissions_per_minute=2).tags
    8
    """

    submissions_per_minute: int | None = None
    body_bytes: int | None = None
    tags: int | None = MOST_TAGS
    tag_length: int | None = LONGEST_TAG

    @classmethod
    def documented(cls) -> Limits:
        """Return the limits that IBM documents: 5 submissions a minute, 50 MB, 8 tags of 86 characters.

        >>> Limits.documented()
        Limits(submissions_per_minute=5, body_bytes=50000000)
        """
        return cls(submissions_per_minute=5, body_bytes=50_000_000)

    def check_tags(self, tags: tuple[str, ...]) -> None:
        """Refuse *tags* that are too many or too long."""
        if self.tags is not None and len(tags) > self.tags:
            raise error_responses.too_many_tags(self.tags)
        if self.tag_length is not None and any(len(tag) > self.tag_length for tag in tags):
            raise error_responses.tag_too_long(self.tag_length)

    def check_body(self, body: bytes) -> None:
        """Refuse a *body* that is too large."""
        if self.body_bytes is not None and len(body) > self.body_bytes:
            raise error_responses.body_too_large(self.body_bytes)


USUAL_LIMITS: Final = Limits()
"""Those that hold where none are given."""


class Turnstile:
    """Counts the submissions of the last minute."""

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._passed: deque[float] = deque()

    def check(self, now: float) -> None:
        """Refuse a submission at the time *now* if there were too many before; count it if not."""
        if self._limit is None:
            return
        while self._passed and self._passed[0] <= now - WINDOW_SECONDS:
            self._passed.popleft()
        if len(self._passed) >= self._limit:
            raise error_responses.too_many_requests(self._limit)
        self._passed.append(now)
