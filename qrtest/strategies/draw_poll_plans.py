"""The strategy for poll plans. Users find it in `qrtest.strategies`."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from qrtest.clock import duration as durations
from qrtest.clock.duration import Duration
from qrtest.strategies.draw_scripts import LONGEST, lengths
from qrtest.strategies.poll_plan import QUESTIONS, Ask, PollPlan

__all__ = ["poll_plans"]


def poll_plans(
    *,
    questions: Sequence[str] = QUESTIONS,
    longest: Duration = LONGEST,
    most: int = 10,
) -> SearchStrategy[PollPlan]:
    """Draw poll plans: up to *most* of the *questions*, each at most *longest* after the one before.

    Raises `DurationError` for what is no length of time.

    >>> from hypothesis import find
    >>> find(poll_plans(), len)
    PollPlan(Ask('status'))
    """
    asks = st.builds(
        lambda what, after: Ask(what, after=after),
        st.sampled_from(tuple(questions)),
        st.one_of(st.just(0.0), lengths(durations.seconds(longest))),
    )
    return st.lists(asks, max_size=most).map(lambda drawn: PollPlan(*drawn))
