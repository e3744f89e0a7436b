"""Scripts and faults for property tests, as hypothesis draws them."""

from __future__ import annotations

from hypothesis import strategies as st

from qrtest import Script, cancelled, done, failed, faults, queued, ran_too_long, running, unknown
from qrtest.faults import Fault
from qrtest.faults.kinds import BREAKS
from qrtest.lifecycle.step import Step

LENGTHS = st.one_of(
    st.integers(0, 40),
    st.floats(0, 40, allow_nan=False),
    st.sampled_from(["0.5s", "1m", "250ms"]),
)
TEXTS = st.text(min_size=1, max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=4,
)
ENDS = st.one_of(
    st.just(done()),
    st.builds(failed),
    st.builds(failed, TEXTS, st.none() | st.integers(1000, 9999), st.none() | TEXTS),
    st.just(ran_too_long()),
    st.builds(cancelled, st.none() | TEXTS),
)


@st.composite
def scripts(draw: st.DrawFn, *, endless: bool = True) -> Script:
    """Legal scripts of up to five statuses."""
    steps: list[Step] = []
    for _ in range(draw(st.integers(0, 2))):
        steps.append(draw(st.builds(queued, LENGTHS) | st.builds(unknown, TEXTS, LENGTHS)))
    for _ in range(draw(st.integers(0, 2))):
        interim = draw(st.lists(JSON, max_size=2))
        steps.append(draw(st.builds(running, LENGTHS, interim=st.just(interim))))
    if endless and draw(st.integers(0, 9)) == 9:
        steps.append(running() if any(step.status == "RUNNING" for step in steps) else queued())
    else:
        steps.append(draw(ENDS))
    return Script(*steps)


WHEN = st.fixed_dictionaries(
    {
        "on": st.sampled_from(["any", "poll", "result", "cancel", "logs", "metrics", "tags"]),
        "after": st.integers(0, 4),
        "times": st.none() | st.integers(1, 7),
    },
    optional={"since": st.integers(0, 20), "until": st.integers(21, 60)},
)


def kinds(when: dict[str, object]) -> st.SearchStrategy[Fault]:
    """Return each kind of fault, at a moment."""
    codes = st.sampled_from([302, 400, 401, 403, 404, 409, 413, 429, 500, 502, 503, 504, 521])
    retry_after = st.none() | st.integers(0, 30)
    return st.one_of(
        st.builds(
            lambda code, after, effect: faults.status(
                code, retry_after=after, takes_effect=effect, **when
            ),
            codes,
            retry_after,
            st.booleans(),
        ),
        st.builds(lambda how: faults.drop(how=how, **when), st.sampled_from(BREAKS)),
        st.builds(lambda lasts: faults.hang(lasts, **when), st.none() | LENGTHS),
        st.builds(lambda by: faults.slow(by, **when), LENGTHS),
        st.builds(lambda keep: faults.truncate(keep=keep, **when), st.floats(0, 0.99)),
        st.builds(lambda: faults.html(**when)),
        st.builds(lambda: faults.empty(**when)),
        st.builds(
            lambda what: faults.corrupt(what, **when),
            st.sampled_from(["base64", "zlib", "npy", "type", "shape"]),
        ),
        st.builds(lambda: faults.expired_token(**when)),
        st.builds(lambda: faults.lose_response(**when)),
        st.builds(lambda: faults.ignore(**when)),
    )


FAULTS = WHEN.flatmap(kinds)
