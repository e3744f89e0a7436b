"""Every exception that qrtest raises.

::

    QrtestError
    ├── DurationError        a length of time that cannot be read        (also ValueError)
    ├── ScriptError          a script that cannot be read or cannot be   (also ValueError)
    ├── IllegalTransition    a status that cannot follow another
    ├── FaultError           a fault that makes no sense                 (also ValueError)
    ├── ClockError           time moved backwards, or real time moved
    ├── ResultError          a result that cannot be encoded             (also ValueError)
    ├── SimulationError      a simulation used wrongly
    ├── UnansweredRequest    a request that nothing in the simulation answers
    ├── ServerError          a server that cannot start or be found
    ├── NetworkBlocked       a connection that would leave this machine
    ├── NeverEnds            code that would have waited for ever
    │   └── Deadlock         threads and tasks that all wait for each other
    ├── ScenarioError        a scenario file that cannot be read         (also ValueError)
    ├── UnknownScenario      a name that the catalogue does not have     (also KeyError)
    ├── BrokenPromises       a job that behaves unlike RuntimeJobV2           (also AssertionError)
    ├── MachineFailed        a step of a JobMachine that failed          (also AssertionError)
    ├── ConsumerBug          a consumer that breaks a rule               (also AssertionError)
    ├── Drifted              a service that has changed since a recording (also AssertionError)
    ├── CassetteError        a cassette that cannot be read, or is not what it was
    │   ├── SecretFound      a cassette that would hold a secret, and was not saved
    │   └── CassetteBusy     a cassette that another process or session records
    ├── SettingError         an option, marker or ini value that is wrong (also ValueError)
    ├── RecordingError       a recording begun or ended wrongly
    ├── MissingDependency    a library that an extra installs           (also ImportError)
    └── UnsupportedRelease   a qiskit-ibm-runtime that qrtest cannot work with

`NotComputedWarning`, `RecordingWarning` and `RehearsalWarning` are UserWarnings,
`RemovedFromClientWarning` is a DeprecationWarning, `ThreadsLeftRunning` a RuntimeWarning.

`Stop` stands outside the tree: it is not an error but the signal that ends code which caught
`NeverEnds` and went on waiting.
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "BrokenPromises",
    "CassetteBusy",
    "CassetteError",
    "ClockError",
    "ConsumerBug",
    "Deadlock",
    "Drifted",
    "DurationError",
    "FaultError",
    "IllegalTransition",
    "MachineFailed",
    "MissingDependency",
    "NetworkBlocked",
    "NeverEnds",
    "NotComputedWarning",
    "QrtestError",
    "RecordingError",
    "RecordingWarning",
    "RehearsalWarning",
    "RemovedFromClientWarning",
    "ResultError",
    "ScenarioError",
    "ScriptError",
    "SecretFound",
    "ServerError",
    "SettingError",
    "SimulationError",
    "Stop",
    "ThreadsLeftRunning",
    "UnansweredRequest",
    "UnknownScenario",
    "UnsupportedRelease",
]


class QrtestError(Exception):
    """Base class of all errors of qrtest."""


class DurationError(QrtestError, ValueError):
    """A length of time that cannot be read, as `"5 minuts"` or a negative number."""


class ScriptError(QrtestError, ValueError):
    """A script that cannot be read, or an order of statuses that no job can have."""


class IllegalTransition(QrtestError):
    """A status that cannot follow the one before it; nothing was changed.

    `source` and `target` are the two statuses.
    """

    def __init__(self, message: str, *, source: str, target: str) -> None:
        super().__init__(message)
        self.source = source
        self.target = target


class FaultError(QrtestError, ValueError):
    """A fault that makes no sense, as one on an operation that does not exist."""


class ClockError(QrtestError):
    """An attempt to move a clock backwards, or to move real time."""


class ResultError(QrtestError, ValueError):
    """A result that cannot be encoded as the service would encode it."""


class SimulationError(QrtestError):
    """A simulation used before it began, after it ended, or with options that exclude each other."""


class UnansweredRequest(QrtestError):
    """A request that the simulation or cassette has no answer for. Nothing left the machine."""


class ServerError(QrtestError):
    """A server that cannot start, or that does not answer."""


class NetworkBlocked(QrtestError):
    """Code tried to connect to somewhere outside the simulation. Nothing left the machine."""


class NeverEnds(QrtestError):
    """The code under test would have waited for ever, and was stopped.

    The message says by which bound, what it was doing, and shows the timeline.
    """


class Deadlock(NeverEnds):
    """All threads and tasks of a simulation wait, and none for a time. The message says where each waits."""


class ScenarioError(QrtestError, ValueError):
    """A scenario file that cannot be read, or a scenario that cannot be written to one."""


class UnknownScenario(QrtestError, KeyError):
    """A name that the catalogue of scenarios does not have."""

    __str__ = Exception.__str__  # a KeyError would show the repr of its message


class BrokenPromises(QrtestError, AssertionError):
    """A job that behaves unlike RuntimeJobV2; *names* are the promises it breaks."""

    def __init__(self, message: str, *, names: tuple[str, ...]) -> None:
        super().__init__(message)
        self.names = names


class MachineFailed(QrtestError, AssertionError):
    """A step of a JobMachine failed; *step* is its name, *error* what it raised, with its traceback."""

    def __init__(self, message: str, *, step: str, error: BaseException) -> None:
        super().__init__(message)
        self.step = step
        self.error = error


class ConsumerBug(QrtestError, AssertionError):
    """Code that waits for jobs broke a rule; the message has the shortest scenario that shows it.

    *rule* is the name of the rule, *scenario* the scenario, which can be run again; with several jobs a
    tuple of them. *error* is the exception that the code raised, with its traceback, or None. *journal* has
    the requests of the run that the message shows.
    """

    def __init__(
        self,
        message: str,
        *,
        rule: str,
        scenario: Any,
        error: BaseException | None = None,
        journal: Any = None,
    ) -> None:
        super().__init__(message)
        self.rule = rule
        self.scenario = scenario
        self.error = error
        self.journal = journal


class Drifted(QrtestError, AssertionError):
    """A service whose answers differ from a recording; the message says where."""


class CassetteError(QrtestError):
    """A cassette that cannot be read or written, or was cut or edited. Names the file and the place."""


class SecretFound(CassetteError):
    """A cassette that would hold a secret: it was not saved. The message says where, not what."""


class CassetteBusy(CassetteError):
    """Another process or session is recording the cassette. Nothing was changed."""


class SettingError(QrtestError, ValueError):
    """A setting that does not exist or contradicts another. The message names where it was set."""


class RecordingError(QrtestError):
    """A recording begun or ended wrongly: in CI, twice, or with options that exclude each other."""


class MissingDependency(QrtestError, ImportError):
    """A library that only some parts of qrtest need is not installed. The message names the extra."""


class UnsupportedRelease(QrtestError):
    """The installed qiskit-ibm-runtime is one that qrtest cannot work with."""


class NotComputedWarning(UserWarning):
    """The result of a job was to be computed and could not be; it fits what was submitted instead.

    The message says why, and what would help.
    """


class RecordingWarning(UserWarning):
    """A recording lacks something: it has no interaction, or something connected that it cannot see.

    The message names host and library. `record(..., unrecorded="error")` raises `RecordingError` instead.
    """


class RemovedFromClientWarning(DeprecationWarning):
    """Code used a member of RuntimeJobV2 that the installed release has dropped.

    It works on a double; outside of qrtest it fails. The message names the release that
    dropped it. `qrtest_surface = installed` makes it fail on doubles, too.
    """


class ThreadsLeftRunning(RuntimeWarning):
    """Threads that took part in a simulation still run after it; the message says where each is.

    `-W error::qrtest.errors.ThreadsLeftRunning` makes it an error.
    """


class RehearsalWarning(UserWarning):
    """A recording was saved, and a replay of it would not be the session that was recorded.

    It is issued when the recording ends, while the session can still be repeated. The message names each
    request that would not be answered, or would be answered otherwise.
    """


class Stop(BaseException):
    """Ends code that caught `NeverEnds` and went on waiting.

    Not an `Exception`, so that `except Exception:` in a polling loop cannot catch it. When it leaves a
    simulation, the simulation raises `reason`, the `NeverEnds` it was raised for, in its place.
    """

    def __init__(self, reason: NeverEnds) -> None:
        super().__init__(str(reason))
        self.reason = reason
