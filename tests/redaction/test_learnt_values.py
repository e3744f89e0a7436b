"""Which values of answers are looked for in requests."""

from __future__ import annotations

from qrtest.redaction import learnt_values
from tests.recordings import JOB, exchange


def test_a_value_that_is_longer_than_every_request_is_not_looked_for() -> None:
    """A file that was downloaded: to write it in every encoding took seconds a hundred kilobytes."""
    placeholders = {"x" * 1000: "redacted-binary-0123456789", JOB: "redacted-id-0123456789"}
    assert list(learnt_values._of_use(placeholders, [exchange()])) == [JOB]
    assert learnt_values._of_use(placeholders, []) == placeholders
