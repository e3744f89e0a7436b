"""Four times the text is at most a little more than four times the work."""

from __future__ import annotations

import pytest

from tests.redaction import cost

SIZE = 1_000
ADVERSARIAL = cost.REPEATED[::3]


@pytest.mark.parametrize("unit", ADVERSARIAL, ids=repr)
def test_work_grows_with_the_text_and_no_faster(unit: str) -> None:
    """Counted in calls, of what almost matches a rule, over and over."""
    few, many = (cost.calls(unit * (size // len(unit))) for size in (SIZE, 4 * SIZE))
    assert many <= 5 * few + 200


def test_addresses_in_addresses_are_taken_apart_to_a_depth() -> None:
    """An address that is a parameter of an address, and so on, is replaced where it gets too deep."""
    assert cost.calls("https://a/?a=" * 400) < 20 * cost.calls("https://a/?a=" * 100)
