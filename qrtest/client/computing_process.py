"""Long computations run in a process of their own, which ends itself after a limit of real time.

A simulator computes in C++ and cannot be interrupted from Python, and a test that hangs says nothing. Run as
`python -m qrtest.client.computing_process`, with the request as JSON on standard input. It ends with the
process that asked, too.
"""

from __future__ import annotations

import faulthandler
import json
import os
import sys
from dataclasses import asdict, dataclass
from typing import Any, Final

from qrtest.client import supervised
from qrtest.client.local_primitives import (
    NOT_COMPUTED,
    NotComputedError,
    TooMuchWorkError,
    computed,
)
from qrtest.client.noise_model import Noise
from qrtest.client.result_format import Span
from qrtest.client.simulators import Simulator, free_memory

__all__ = ["Computation"]

WORK_IN_THIS_PROCESS: Final = 5e8
"""The operations up to which starting a process takes longer than computing."""

OWN_BYTES: Final = 4 << 30
"""What the process itself maps, beside the state that it simulates."""

OUT_OF_TIME: Final = b"Timeout ("
"""What `faulthandler` writes first when it ends a process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Computation:
    """A job to compute: its inputs and its device as JSON, and what the computation may take.

    *seconds* are of real time; *memory_bytes* None is most of what is free. *properties* are those of the
    device if its noise is wanted.
    """

    program_id: str
    params: str
    configuration: str
    properties: str | None
    seed: int
    start: float
    stop: float
    seconds: float
    memory_bytes: int | None

    def result(self) -> str:
        """Return the result. Raises `NotComputedError`, also when a limit was reached."""
        try:
            return self.compute(most_work=WORK_IN_THIS_PROCESS)
        except TooMuchWorkError:
            return self._elsewhere()

    def compute(self, *, most_work: float = float("inf")) -> str:
        """Return the result, computed here. Raises `TooMuchWorkError` for more work than that."""
        configuration = json.loads(self.configuration)
        noise = None
        if self.properties is not None:
            noise = Noise(self.properties, configuration, seed=self.seed)
        return computed(
            self.program_id,
            self.params,
            configuration,
            simulator=Simulator(self.seed, self.memory_bytes),
            span=Span(self.start, self.stop),
            noise=noise,
            most_work=most_work,
        )

    def _elsewhere(self) -> str:
        done = supervised.run(
            [sys.executable, "-m", __name__],
            json.dumps(asdict(self)).encode(),
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        try:
            answer: dict[str, Any] = json.loads(done.stdout)
        except ValueError:
            raise NotComputedError(
                NOT_COMPUTED, self._why_stopped(done.returncode, done.stderr)
            ) from None
        if "result" in answer:
            return str(answer["result"])
        raise NotComputedError(answer["code"], answer["reason"])

    def _why_stopped(self, status: int, says: bytes) -> str:
        """Return why the process ended without an answer: by its limit of time, or for want of memory."""
        if OUT_OF_TIME in says:
            return (
                f"The computation was stopped after {self.seconds:g} seconds of real time: use fewer qubits, "
                "gates or shots, loops that end, or raise compute_seconds."
            )
        return (
            f"The process that computes ended with exit status {status}, most likely for want of memory: use "
            "fewer qubits, free memory, or raise compute_megabytes."
        )


def main() -> None:
    """Compute the request on standard input and print the result, or why there is none."""
    request = Computation(**json.load(sys.stdin))
    faulthandler.dump_traceback_later(request.seconds, exit=True)
    _limit_memory(request.memory_bytes)
    try:
        answer: dict[str, Any] = {"result": request.compute()}
    except NotComputedError as error:
        answer = {"code": error.code, "reason": error.reason}
    except MemoryError:
        answer = {"code": NOT_COMPUTED, "reason": "The computation had no memory left."}
    sys.stdout.write(json.dumps(answer))


def _limit_memory(memory_bytes: int | None) -> None:
    """Limit the memory of this process where the system can; the simulator has a limit of its own."""
    try:
        import resource
    except ImportError:  # Windows
        return
    limit = (memory_bytes or free_memory()) + OWN_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


if __name__ == "__main__":
    main()
