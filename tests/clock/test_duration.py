"""Lengths of time as people write them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrtest.clock import duration
from qrtest.errors import DurationError


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("90s", 90),
        ("2h", 7200),
        ("1h30m", 5400),
        ("1d", 86_400),
        ("250ms", 0.25),
        ("1.5h", 5400),
        ("1h 30m", 5400),
        ("7", 7),
        (7, 7),
        (0.5, 0.5),
        (0, 0),
        (timedelta(minutes=2), 120),
    ],
)
def test_every_way_of_writing_is_read(written: duration.Duration, seconds: float) -> None:
    """Seconds, texts with units, and timedeltas."""
    assert duration.seconds(written) == seconds


@given(st.floats(0, 3_000_000_000, allow_nan=False) | st.integers(0, 3_000_000_000))
def test_text_reads_back_to_the_last_digit(length: float) -> None:
    """A length that was written as text is the same length."""
    seconds = duration.seconds(length)
    assert duration.seconds(duration.text(seconds)) == seconds


@given(st.text())
def test_any_text_is_a_length_or_an_error_that_quotes_it(text: str) -> None:
    """No text makes anything but a DurationError."""
    try:
        assert duration.seconds(text) >= 0
    except DurationError as error:
        assert repr(text) in str(error)


@pytest.mark.parametrize(
    "wrong",
    ["", "5 minuts", "-1s", "1e3", "s", "h1", "٣s", -1, float("nan"), float("inf"), True, None, []],
)
def test_what_is_no_length_is_refused(wrong: duration.Duration) -> None:
    """The message names what was given."""
    with pytest.raises(DurationError, match="is not a length of time"):
        duration.seconds(wrong)
