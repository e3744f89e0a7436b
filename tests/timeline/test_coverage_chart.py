"""The graph of statuses: every count is in it, and no text is printed over another at any width."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from qrtest.timeline import coverage_chart
from qrtest.timeline.coverage import Coverage
from qrtest.timeline.paper import WIDTHS
from tests.timeline.test_render import texts

numbers = st.sampled_from([0, 1, 7, 99, 1_234, 13_083, 999_999])
NOTHING = Coverage().counts
coverages = st.builds(
    Coverage,
    st.fixed_dictionaries(
        {
            group: st.fixed_dictionaries(dict.fromkeys(counts, numbers))
            for group, counts in NOTHING.items()
        }
    ),
)


@given(coverages, st.sampled_from([320, *WIDTHS, 1600]))
def test_no_text_is_printed_over_another(coverage: Coverage, width: float) -> None:
    """The boxes of all texts are apart and on the paper."""
    drawn = list(texts(coverage_chart.svg(coverage, width=width)))
    for (one, left, top, right, bottom), other in combinations(drawn, 2):
        is_apart = right <= other[1] or other[3] <= left or bottom <= other[2] or other[4] <= top
        assert is_apart, (one, other[0])
    assert all(0 <= left <= right <= width for _, left, _, right, _ in drawn)


@given(coverages)
def test_every_status_ending_and_fault_has_its_count(coverage: Coverage) -> None:
    """A transition has its count as well, in thousands where it has many digits."""
    written = [text for text, *_ in texts(coverage_chart.svg(coverage))]
    for status in ("QUEUED", "RUNNING", "DONE", "ERROR", "CANCELLED"):
        assert status in written
        assert f"{coverage.counts['statuses'][status]:,}" in written
    for group in ("endings", "faults"):
        for name, count in coverage.counts[group].items():
            assert f"{name} {count:,}" in written
    assert f"{coverage.seen} of {coverage.total} seen ({coverage.percent:.0f} %)" in written


def test_the_page_has_the_text_as_well() -> None:
    """For those who cannot see the picture."""
    page = coverage_chart.html(Coverage())
    assert page.count("<svg") == len(WIDTHS)
    assert "never seen: statuses: QUEUED" in page
