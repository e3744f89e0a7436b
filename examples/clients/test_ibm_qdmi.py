"""ibm-qdmi, a client in C++, called through its C interface, against the simulated service on a port."""

import ctypes

import pytest
from ibm.qdmi import IBM_QDMI_LIBRARY_PATH

import qrtest

BASE_URL, TOKEN, AUTH_URL, BACKEND, CRN = 0, 1, 3, 999_999_995, 999_999_996
QASM3, SHOTS, HISTOGRAM_KEYS, HISTOGRAM_VALUES = 1, 2, 1, 2
DONE, CANCELED = 4, 5
PROGRAM = (
    b'OPENQASM 3.0; include "stdgates.inc"; bit[2] c; bit d;\n'
    b"x $0; c[0] = measure $0; c[1] = measure $1; d = measure $0;\n\0"
)

library = ctypes.CDLL(str(IBM_QDMI_LIBRARY_PATH))


def call(name, *arguments):
    """Call a function of the library; a status that is no success fails the test."""
    status = getattr(library, f"IBM_QDMI_device_{name}")(*arguments)
    assert status == 0, f"{name}: {status}"


@pytest.fixture
def session():
    """A session of the library on a server of qrtest's."""
    with qrtest.serve(clock="60x") as server:
        server.rule("QUEUED 5s; RUNNING 2s; DONE", result="computed")
        settings = {
            BASE_URL: f"{server.url}/api",
            AUTH_URL: f"{server.url}/identity/token",
            TOKEN: server.about["api_key"],
            BACKEND: "ibm_torino",
            CRN: server.about["instances"][0],
        }
        call("initialize")
        made = ctypes.c_void_p()
        call("session_alloc", ctypes.byref(made))
        for number, value in settings.items():
            text = value.encode()
            call("session_set_parameter", made, number, ctypes.c_size_t(len(text) + 1), text)
        call("session_init", made)
        yield made
        library.IBM_QDMI_device_session_free(made)
        library.IBM_QDMI_device_finalize()


@pytest.fixture
def job(session):
    """A submitted job of 16 shots."""
    made = ctypes.c_void_p()
    call("session_create_device_job", session, ctypes.byref(made))
    sizes = (ctypes.c_size_t * 1)(len(PROGRAM))
    programs = (ctypes.c_char_p * 1)(PROGRAM)
    call("job_set_programs", made, QASM3, ctypes.c_size_t(1), sizes, programs)
    shots = ctypes.c_size_t(16)
    call(
        "job_set_parameter", made, SHOTS, ctypes.c_size_t(ctypes.sizeof(shots)), ctypes.byref(shots)
    )
    call("job_submit", made)
    yield made
    library.IBM_QDMI_device_job_free(made)


def status_of(job):
    found = ctypes.c_int()
    call("job_check", job, ctypes.byref(found))
    return found.value


def read(job, kind, data):
    """Let the library write a result of the first program into *data*."""
    size = ctypes.c_size_t(ctypes.sizeof(data))
    call("job_get_results", job, ctypes.c_size_t(0), kind, size, data, ctypes.byref(size))


def test_a_program_with_physical_qubits_has_a_histogram(job):
    call("job_wait", job, ctypes.c_size_t(60))
    assert status_of(job) == DONE
    keys, values = ctypes.create_string_buffer(256), (ctypes.c_size_t * 8)()
    read(job, HISTOGRAM_KEYS, keys)
    read(job, HISTOGRAM_VALUES, values)
    assert (keys.value, values[0]) == (b"101", 16)


def test_a_job_is_cancelled(job):
    call("job_cancel", job)
    assert status_of(job) == CANCELED
