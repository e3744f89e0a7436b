"""What goes wrong, on which operation, and when: faults as values."""

from qrtest.faults.kinds import *  # noqa: F403
