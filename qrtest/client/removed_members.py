"""The documented surface of RuntimeJobV2 (releases 0.26 to 0.29.1), where the installed release dropped it.

`Documented` is a subclass of the installed class. It takes the thirteen arguments of the documentation
and supplies the members that the installed release has dropped, each with a warning that names that
release. With the surface "installed" none of this is there, as in production.
"""

from __future__ import annotations

import inspect
import logging
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import ExitStack
from functools import partial
from queue import SimpleQueue
from typing import Any, Final, Self

from qiskit_ibm_runtime import RuntimeJobV2 as InstalledRuntimeJobV2
from qiskit_ibm_runtime.exceptions import RuntimeInvalidStateError

from qrtest.client import private_names, releases, runtime_client
from qrtest.clock.clocks import held
from qrtest.clock.patch_threads import outside_of_time
from qrtest.errors import RemovedFromClientWarning, SimulationError, Stop
from qrtest.http.messages import Request
from qrtest.run_options import is_documented_surface
from qrtest.service.instances import CRN
from qrtest.transport.dispatcher import Dispatcher, Streaming
from qrtest.transport.stream_client import Streamer, messages

__all__ = ["Documented"]

LOGGER: Final = logging.getLogger("qiskit_ibm_runtime.base_runtime_job")
"""The logger to which release 0.29.1 reports errors of a stream."""

PAIR: Final = 2
LONGEST_END_SECONDS: Final = 5.0
"""The real time for which the end of a simulation waits for running callbacks."""

NO_PROXY: Final = {"http_proxy_host": "nobody", "proxy_type": "http", "http_no_proxy": ["*"]}
"""Keeps websocket-client from using the environment's proxies; http_no_proxy needs a proxy to apply."""

POISON: Final = object()


class Dropped:
    """A member that later releases dropped: the genuine one if there is one, else ours with a warning."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self.__doc__ = function.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, job: Any, owner: type) -> Any:
        since = releases.dropped(self._name)
        if since is None:
            return getattr(super(Documented, owner if job is None else job), self._name)
        if not is_documented_surface():
            whose = (
                f"type object {owner.__name__!r}" if job is None else f"{owner.__name__!r} object"
            )
            raise AttributeError(
                f"{whose} has no attribute {self._name!r}", name=self._name, obj=job
            )
        return self._function if job is None else self._supplied(job, since)

    def _supplied(self, job: Any, since: str) -> Any:
        def supplied(*arguments: Any, **options: Any) -> Any:
            warn(f"{self._name}()", since, stacklevel=3)
            return self._function(job, *arguments, **options)

        supplied.__name__ = self._name
        supplied.__doc__ = self.__doc__
        return supplied


class DroppedProperty(Dropped):
    """A property that later releases dropped."""

    def _supplied(self, job: Any, since: str) -> Any:
        warn(self._name, since, stacklevel=4)
        return self._function(job)


def warn(what: str, since: str, *, stacklevel: int) -> None:
    """Warn the caller that a release has dropped *what*."""
    warnings.warn(
        f"{what} was removed from RuntimeJobV2 in qiskit-ibm-runtime {since}, and "
        f"{releases.version_text()} is installed: code that uses it fails outside of qrtest. To see it "
        "fail here, too, set qrtest_surface = installed.",
        RemovedFromClientWarning,
        stacklevel=stacklevel,
    )


def documented_arguments(
    backend: Any,
    api_client: Any,
    client_params: Any,
    job_id: str,
    program_id: str,
    service: Any,
    creation_date: str | None = None,
    user_callback: Callable[[str, Any], object] | None = None,
    result_decoder: Any = None,
    image: str | None = "",
    session_id: str | None = None,
    tags: list[str] | None = None,
    version: int | None = None,
    *,
    private: bool = False,
) -> dict[str, Any]:
    """Return the thirteen documented arguments, and the one added later, by their names."""
    return dict(locals())


class Documented(InstalledRuntimeJobV2):  # type: ignore[misc]
    """The installed RuntimeJobV2 with the documented constructor and the dropped members."""

    __signature__ = inspect.signature(documented_arguments)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        if not is_documented_surface():
            super().__init__(*arguments, **options)
            return
        given = documented_arguments(*arguments, **options)
        callback, decoders = given.pop("user_callback"), given["result_decoder"]
        given["api_client"] = runtime_client.client_of(given["api_client"])
        given["client_params"] = given["client_params"] or runtime_client.parameters(CRN)
        self._documented_interim_decoder = releases.interim_decoder(given["program_id"])
        if isinstance(decoders, Sequence) and decoders:
            self._documented_interim_decoder = decoders[0]
            if releases.chains_decoders() and len(decoders) == PAIR:
                given["result_decoder"] = decoders[1]
        elif decoders:
            self._documented_interim_decoder = decoders
        super().__init__(**releases.job_arguments(InstalledRuntimeJobV2, given))
        self._begin_documented()
        if callback is not None:
            self._take_callback(callback)

    def _begin_documented(self) -> None:
        self._documented_interim_results: Any = None
        self._has_final_interim_results = False
        if releases.streams():
            self._stream_over_the_dispatcher()

    @classmethod
    def with_arguments(cls, **arguments: Any) -> Self:
        """Return a job, with those of *arguments* that its constructor takes."""
        if is_documented_surface():
            return cls(**arguments)
        return cls(**releases.job_arguments(InstalledRuntimeJobV2, arguments))

    @classmethod
    def of(cls, job: InstalledRuntimeJobV2) -> Self:
        """Return *job*, which genuine code has made, with the documented surface."""
        same = cls.__new__(cls)
        for name, value in vars(job).items():
            setattr(same, name, value)
        same._documented_interim_decoder = releases.interim_decoder(job.primitive_id)
        same._begin_documented()
        return same

    def cancel(self) -> None:
        """Cancel the job, and end its stream."""
        super().cancel()
        if not releases.streams() and self._streams():
            private_names.STREAM.of(self).disconnect()

    @DroppedProperty
    def program_id(self) -> Any:
        """Return the program; later releases call it primitive_id."""
        return self.primitive_id

    @Dropped
    def interim_results(self, decoder: Any = None) -> Any:
        """Return the interim results so far; after the end of the job, those fetched first after it."""
        if not self._has_final_interim_results:
            raw = (
                runtime_client.session_of(private_names.JOB_CLIENT.of(self))
                .get(f"/jobs/{self.job_id()}/interim_results")
                .text
            )
            decoding = decoder or self._documented_interim_decoder
            self._documented_interim_results = decoding.decode(raw)
            self._has_final_interim_results = self.status() in self.JOB_FINAL_STATES
        return self._documented_interim_results

    @Dropped
    def stream_results(self, callback: Callable[[str, Any], object], decoder: Any = None) -> None:
        """Call *callback* with the job's id and each result, interim and final, in another thread.

        Raises RuntimeInvalidStateError if the job has ended, or streams already.
        """
        self._stream(callback, decoder)

    @Dropped
    def cancel_result_streaming(self) -> None:
        """End the stream, if there is one, after what has arrived by now."""
        if self._streams():
            private_names.STREAM.of(self).disconnect()

    # --- streaming ---

    def _take_callback(self, callback: Callable[[str, Any], object]) -> None:
        since = releases.dropped("stream_results")
        if since is None:
            self.stream_results(callback)
        else:
            warn("user_callback", since, stacklevel=4)
            self._stream(callback, None)

    def _streams(self) -> bool:
        future = private_names.STREAM_FUTURE.of(self, None)
        return future is not None and not future.done()

    def _stream(self, callback: Callable[[str, Any], object], decoder: Any) -> None:
        if private_names.JOB_STATUS.of(self) in self.JOB_FINAL_STATES:
            raise RuntimeInvalidStateError("Job already finished.")
        if self._streams():
            raise RuntimeInvalidStateError("A callback function is already streaming results.")
        dispatcher = runtime_client.dispatcher_of(private_names.JOB_CLIENT.of(self))
        arrived: SimpleQueue[Any] = SimpleQueue()
        streamer = Streamer(self._connection(dispatcher), dispatcher.clock, arrived.put)
        done: Future[None] = Future()
        private_names.STREAM.put_in(self, streamer)
        private_names.STREAM_FUTURE.put_in(self, done)
        decoding = decoder or self._documented_interim_decoder
        receives_really = dispatcher.websockets is not None
        holding = ExitStack()
        if receives_really:
            holding.enter_context(held(dispatcher.clock))
        done.add_done_callback(lambda _: holding.close())
        receiver = _thread(self._receive, arrived, streamer, done, is_real=receives_really)
        caller = _thread(self._call_back, arrived, callback, decoding)
        dispatcher.on_close(partial(_end, streamer, receiver, caller))

    def _receive(self, arrived: SimpleQueue[Any], streamer: Streamer, done: Future[None]) -> None:
        try:
            streamer.job_results()
        except (Exception, Stop):
            self._log("streaming results from the server for")
        finally:
            done.set_result(None)
            arrived.put(POISON)

    def _call_back(self, arrived: SimpleQueue[Any], callback: Any, decoder: Any) -> None:
        while (message := arrived.get()) is not POISON:
            try:
                callback(self.job_id(), decoder.decode(message))
            except (Exception, Stop):
                self._log("streaming results for")

    def _log(self, doing: str) -> None:
        LOGGER.warning(
            "An error occurred while %s job %s:\n%s", doing, self.job_id(), traceback.format_exc()
        )

    def _connection(self, dispatcher: Streaming) -> Callable[[threading.Event], Iterator[str]]:
        """Return a function that opens a connection to this job's stream, by a websocket if there is one."""
        session = runtime_client.session_of(private_names.JOB_CLIENT.of(self))
        headers, path = session.auth.get_headers(), f"/stream/jobs/{self.job_id()}"
        if isinstance(dispatcher, Dispatcher) and dispatcher.port is None:
            url = session.base_url.replace("https", "wss") + path
            request = Request.to("GET", url, headers={**headers, "Upgrade": "websocket"})
            return partial(messages, dispatcher, request)
        from qrtest.transport.tls import trusting
        from qrtest.transport.websocket import received

        url = f"{dispatcher.websockets}{path}"
        tls = trusting(dispatcher.authority) if url.startswith("wss:") else None
        return partial(received, url, headers, tls=tls)

    # --- releases that stream by code of their own ---

    def _stream_over_the_dispatcher(self) -> None:
        """Receive from the dispatcher, by the genuine websocket client if there are websockets."""
        try:
            dispatcher = runtime_client.dispatcher_of(private_names.JOB_CLIENT.of(self))
        except SimulationError:
            return
        dispatcher.on_close(self._end_genuine_stream)
        if dispatcher.websockets is None:
            arrived = private_names.STREAM_QUEUE.of(self).put_nowait
            streamer = Streamer(self._connection(dispatcher), dispatcher.clock, arrived)
            private_names.STREAM.put_in(self, streamer)
        else:
            stream = private_names.STREAM.of(self)
            tls = {"ca_certs": dispatcher.authority} if dispatcher.authority else {}
            private_names.STREAM_URL.put_in(stream, dispatcher.websockets)
            private_names.STREAM_PROXY.put_in(stream, {**NO_PROXY, "sslopt": tls})

    def _end_genuine_stream(self) -> None:
        if self._streams():
            private_names.STREAM.of(self).disconnect(releases.stream_cancelled())
            wait([private_names.STREAM_FUTURE.of(self)], LONGEST_END_SECONDS)


def _thread(
    target: Callable[..., None], *arguments: Any, is_real: bool = False
) -> threading.Thread:
    """Start a thread; one that *is_real* waits for a socket, in real time."""
    thread = threading.Thread(target=target, args=arguments, name="runtime_job", daemon=True)
    if is_real:
        outside_of_time(thread)
    else:
        thread.start()
    return thread


def _end(streamer: Streamer, *threads: threading.Thread) -> None:
    """End a stream and let the callbacks come that are due by now."""
    streamer.disconnect()
    for thread in threads:
        if thread is not threading.current_thread():
            thread.join(LONGEST_END_SECONDS)
