"""Dates follow the clock: for the code under test and the client, not for test tools."""

from __future__ import annotations

import datetime
import email.utils
import logging
import os
import pickle
import time
import warnings
from collections.abc import Iterator
from datetime import date, timedelta
from datetime import datetime as imported_datetime

import pytest

from qrtest import simulate
from qrtest.clock.moment import EPOCH
from qrtest.errors import ClockError, SimulationError

NOW = vars(datetime.datetime)["now"]
UTC = datetime.UTC


def test_every_way_to_ask_for_the_date_follows_the_clock() -> None:
    """Of datetime and time, under every name."""
    with simulate(starts="2026-03-01T12:00:00Z") as sim:
        sim.clock.advance("1d")
        expected = datetime.datetime(2026, 3, 2, 12, tzinfo=UTC)
        local = expected.astimezone().replace(tzinfo=None)
        assert datetime.datetime.now(UTC) == imported_datetime.now(UTC) == expected
        assert datetime.datetime.now() == datetime.datetime.today() == local
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # from Python 3.12 on
            assert datetime.datetime.utcnow() == expected.replace(tzinfo=None)
        assert date.today() == local.date()
        assert time.time() == expected.timestamp()
        assert time.localtime() == time.localtime(expected.timestamp())
        assert time.gmtime()[:4] == (2026, 3, 2, 12)
        assert time.ctime() == time.ctime(expected.timestamp())
        assert time.asctime() == time.asctime(time.localtime(expected.timestamp()))
        assert time.strftime("%Y-%m-%d") == local.strftime("%Y-%m-%d")


def test_functions_that_are_given_a_time_are_as_ever() -> None:
    """They do not ask what time it is."""
    with simulate():
        assert time.gmtime(0)[:3] == (1970, 1, 1)
        assert time.strftime("%Y", time.gmtime(0)) == "1970"
        assert datetime.datetime.fromtimestamp(0, UTC).year == 1970


def test_a_deadline_as_a_date_is_reached() -> None:
    """A loop that people write."""
    with simulate() as sim:
        job = sim.job("QUEUED")
        end = datetime.datetime.now() + timedelta(hours=1)
        while not job.done() and datetime.datetime.now() < end:
            time.sleep(60)
        assert 3600 <= sim.clock.now() < 3700


@pytest.mark.parametrize("transport", ["direct", "requests"])
@pytest.mark.parametrize("starts", [None, "2031-07-01T00:00Z"])
def test_a_job_was_created_now(transport: str, starts: str | None) -> None:
    """Its date, and the clock of the code under test, agree to the second."""
    with simulate(transport=transport, starts=starts) as sim:  # type: ignore[arg-type]
        sim.clock.advance("3h")
        age = datetime.datetime.now(UTC) - sim.job().creation_date
        assert abs(age) < timedelta(seconds=1)


def test_a_job_was_created_now_in_real_time_too() -> None:
    """clock="real": the service's dates are those of today."""
    with simulate(clock="real") as sim:
        assert abs(datetime.datetime.now(UTC) - sim.job().creation_date) < timedelta(minutes=1)


@pytest.fixture
def berlin() -> Iterator[None]:
    """A local zone with daylight saving."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "Europe/Berlin"
    time.tzset()
    yield
    os.environ.pop("TZ")
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.usefixtures("berlin")
def test_daylight_saving_begins_while_code_sleeps() -> None:
    """An hour later, local clocks show two hours more."""
    with simulate(starts="2026-03-29T00:30Z"):
        assert datetime.datetime.now() == datetime.datetime(2026, 3, 29, 1, 30)
        time.sleep(3600)
        assert datetime.datetime.now() == datetime.datetime(2026, 3, 29, 3, 30)
        assert time.localtime().tm_isdst == 1


@pytest.mark.parametrize(
    "starts",
    ["2026-03-01T12:00Z", datetime.datetime(2026, 3, 1, 12, tzinfo=UTC), 1_772_366_400],
)
def test_the_moment_at_which_a_simulation_begins_can_be_chosen(starts: object) -> None:
    """As a text, a datetime, or a Unix time."""
    with simulate(starts=starts):  # type: ignore[arg-type]
        assert datetime.datetime.now(UTC) == datetime.datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_simulation_can_begin_now() -> None:
    """Its dates are those of the machine; it goes on by its own clock."""
    before = datetime.datetime.now(UTC)
    with simulate(starts="now") as sim:
        sim.clock.advance("3h")
        begun = datetime.datetime.now(UTC) - timedelta(hours=3)
    assert timedelta(0) <= begun - before < timedelta(days=1)


@pytest.mark.parametrize(
    "starts", ["soon", "", "2026-13-01", "9999-12-31", float("nan"), 1e30, True, [], b"x"]
)
def test_what_is_no_moment_is_refused(starts: object) -> None:
    """With what to write instead."""
    with pytest.raises(ClockError, match="2026-03-01T12:00Z"):
        simulate(starts=starts)  # type: ignore[arg-type]


def test_real_time_has_no_beginning_to_choose() -> None:
    """starts= and clock="real" exclude each other."""
    with pytest.raises(SimulationError, match="needs the virtual clock"):
        simulate(starts="2026-03-01T12:00Z", clock="real")


def test_the_class_stays_the_genuine_one() -> None:
    """Values made inside are no others: isinstance, pickle, subclasses."""

    class Mine(datetime.datetime):
        pass

    with simulate():
        now = datetime.datetime.now()
        assert type(now) is datetime.datetime
        assert type(Mine.now()) is Mine
        assert isinstance(imported_datetime(2026, 1, 1), datetime.datetime)
    assert pickle.loads(pickle.dumps(now)) == now
    assert vars(datetime.datetime)["now"] is NOW


@pytest.mark.parametrize(
    "runner", ["subunit.test_results", "testtools.testresult", "stestr.results"]
)
def test_a_runner_of_tests_keeps_real_time(runner: str) -> None:
    """stestr dates tests by subunit: with the date of the simulation a test would last minus 332 days."""
    names: dict[str, object] = {"__name__": runner}
    exec("import datetime\ndef year(): return datetime.datetime.now().year", names)
    with simulate(starts="1999-01-01T00:00Z"):
        assert names["year"]() > 2000  # type: ignore[operator]
        assert datetime.datetime.now().year < 2000


@pytest.mark.parametrize("name", ["now", "utcnow"])
@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")
def test_a_loop_that_only_reads_the_date_ends(name: str) -> None:
    """Reading it again and again, and nothing else, moves the clock, as it does for time.time."""
    with simulate():
        read = getattr(datetime.datetime, name)
        end = read() + timedelta(seconds=1)
        while read() < end:
            pass


@pytest.mark.parametrize("name", ["localtime", "gmtime"])
def test_a_loop_that_only_reads_the_calendar_ends(name: str) -> None:
    """As one over the date does."""
    with simulate():
        read = getattr(time, name)
        begin = read()
        while read() == begin:
            pass


def test_what_is_written_down_has_the_date_of_the_simulation(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The times of log records, and those of mails."""
    with simulate():
        time.sleep(3600)
        logging.getLogger("project").warning("an hour later")
        written = email.utils.formatdate()
    [record] = caplog.records
    assert record.created == pytest.approx(EPOCH + 3600)
    assert written == "Thu, 01 Jan 2026 01:00:00 -0000"


def test_a_function_that_gives_the_date_can_be_pickled() -> None:
    """It is found again by its name, as the genuine one."""
    with simulate():
        assert pickle.loads(pickle.dumps(imported_datetime.now))() == imported_datetime.now()
