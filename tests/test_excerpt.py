"""A text that is cut says so, and keeps its beginning and its end."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from qrtest.excerpt import excerpt

MARK = re.compile(r" \[\.\.\. ([\d,]+) characters \.\.\.\] ")


@given(st.text(min_size=1), st.integers(40, 200), st.integers(1, 60))
def test_what_is_cut_is_counted_and_both_ends_stay(part: str, most: int, times: int) -> None:
    """In at most so many characters, on one line; what fits is not touched."""
    line = re.sub(r"\s*\n\s*", " ", part * times)
    shown = excerpt(part * times, most)
    assert len(shown) <= most
    assert "\n" not in shown
    if len(line) <= most:
        assert shown == line
        return
    [*_, mark] = MARK.finditer(shown)
    head, tail = shown[: mark.start()], shown[mark.end() :]
    assert line.startswith(head)
    assert line.endswith(tail)
    assert bool(head) is not part.isspace()
    assert len(head) + int(mark[1].replace(",", "")) + len(tail) == len(line)
