"""An import of qiskit that lasts: a process crashes when the thread that imported qiskit has ended.

Seen with qiskit 2.6.2: import it in a thread, let the thread end, and make a circuit in another. A server
makes results in threads that end with it, so the next server of the same process would crash.
"""

from __future__ import annotations

import sys
import threading

__all__ = ["import_qiskit"]


def import_qiskit() -> None:
    """Import qiskit, once, in the main thread or in one that never ends."""
    if "qiskit" in sys.modules:
        return
    if threading.current_thread() is threading.main_thread():
        import qiskit  # noqa: F401

        return
    done = threading.Event()
    threading.Thread(target=_hold, args=(done,), name="qrtest qiskit", daemon=True).start()
    done.wait()


def _hold(done: threading.Event) -> None:
    try:
        import qiskit  # noqa: F401
    finally:
        done.set()
    threading.Event().wait()
