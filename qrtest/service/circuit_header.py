"""The header of a circuit as it is submitted: read, and changed, without qiskit.

A circuit travels as QPY, compressed, in base64, in JSON. Its header has what is text: the name and the
metadata, which may hold anything that a program wrote there. Reading it takes a fraction of the time of
`qpy.load`.

Source of the layout: the format page of `qiskit.qpy`, versions 10 to 18.
"""

from __future__ import annotations

import base64
import io
import json
import re
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

__all__ = [
    "HEADER_BYTES",
    "LAST_WITH_REGISTERS",
    "CircuitHeader",
    "header_of",
    "headers_in",
    "may_have_parameters",
    "packed",
    "unpacked",
    "with_changed_circuits",
    "with_changed_header",
    "without_texts",
]

HEADER_BYTES: Final = 1 << 16
"""How much of a circuit is decompressed at first: the registers of thousands of qubits."""

LARGEST: Final = 2**28
FILE_HEADER: Final = struct.Struct("!6xB3xQx")
CIRCUIT_HEADER: Final = struct.Struct("!HcHIIQIQ")
REGISTER: Final = struct.Struct("!c?IH?")
VARIABLES: Final = struct.Struct("!I")
INDEX_BYTES: Final = 8
OFFSET_BYTES: Final = 8
WITH_VARIABLES: Final = 12
"""The QPY version that counts the variables of a circuit in its header."""

WITH_OFFSETS: Final = 16
"""The QPY version in which a table of offsets stands before the circuits."""

KNOWN_VERSIONS: Final = range(10, 19)
LAST_WITH_REGISTERS: Final = 17
"""The last QPY version whose registers are read here."""

LONGEST_NAME: Final = 2**16 - 1
Change = Callable[[str], str]
_PACKED: Final = re.compile(r'(?<=")eJ[A-Za-z0-9+/]{20,}={0,2}(?=")')
"""What may be a circuit in JSON: base64 of what zlib compressed."""

_PARAMETER: Final = re.compile(rb"[pev]\x00{4}")
"""How a parameter, an expression or an element of a vector begins: its type, and a size of eight bytes."""

_PHASES_WITH_PARAMETERS: Final = b"pev"
_PHASE_TYPE_AT: Final = 2


@dataclass(frozen=True, slots=True)
class CircuitHeader:
    """The *name* of a circuit, its *metadata*, a text of JSON, and the sizes of its classical *registers*.

    *registers* is None where they are written in a way that is not known here. *instructions* and *qubits*:
    how many it has. *begin*, *texts_at*, *end_of_texts*: where in the file the header begins, and where name,
    global phase and metadata stand.
    """

    name: str
    metadata: str
    registers: Mapping[str, int] | None
    instructions: int
    qubits: int
    begin: int
    texts_at: int
    end_of_texts: int


def header_of(content: bytes) -> CircuitHeader | None:
    """Return the header of *content*, a QPY file with one circuit; None if it is not as expected."""
    stream = io.BytesIO(content)
    try:
        version, programs = _read(stream, FILE_HEADER)
        is_known = content.startswith(b"QISKIT") and programs == 1 and version in KNOWN_VERSIONS
        return _of_first_circuit(stream, version) if is_known else None
    except (struct.error, ValueError, OverflowError):
        return None


def _of_first_circuit(stream: io.BytesIO, version: int) -> CircuitHeader:
    stream.read(1)  # the type of the program: a circuit
    if version >= WITH_OFFSETS:
        stream.read(OFFSET_BYTES)
    begin = stream.tell()
    name, _, phase, qubits, _, size, count, instructions = _read(stream, CIRCUIT_HEADER)
    if version >= WITH_VARIABLES:
        _read(stream, VARIABLES)
    texts_at = stream.tell()
    text = stream.read(name).decode()
    stream.read(phase)
    metadata = stream.read(size).decode()
    end = stream.tell()
    if end != texts_at + name + phase + size:
        raise ValueError("the texts are longer than what there is")
    registers = dict(_registers(stream, count)) if version <= LAST_WITH_REGISTERS else None
    return CircuitHeader(text, metadata, registers, instructions, qubits, begin, texts_at, end)


def _registers(stream: io.BytesIO, count: int) -> Iterator[tuple[str, int]]:
    for _ in range(count):
        kind, _, size, name, is_in_circuit = _read(stream, REGISTER)
        register = stream.read(name).decode()
        stream.read(size * INDEX_BYTES)
        if kind == b"c" and is_in_circuit:
            yield register, size


def _read(stream: io.BytesIO, layout: struct.Struct) -> tuple[Any, ...]:
    return layout.unpack(stream.read(layout.size))


def with_texts(content: bytes, header: CircuitHeader, name: str, metadata: str) -> bytes:
    """Return the file *content*, which has this *header*, with another *name* and other *metadata*."""
    here = slice(header.begin, header.begin + CIRCUIT_HEADER.size)
    name_size, kind, phase_size, *middle = CIRCUIT_HEADER.unpack(content[here])
    new_name = name.encode()[:LONGEST_NAME].decode(errors="ignore").encode()
    texts = metadata.encode()
    fields = (len(new_name), kind, phase_size, *middle[:2], len(texts), *middle[3:])
    phase_at = header.texts_at + name_size
    return b"".join(
        (
            content[: header.begin],
            CIRCUIT_HEADER.pack(*fields),
            content[here.stop : header.texts_at],
            new_name,
            content[phase_at : phase_at + phase_size],
            texts,
            content[header.end_of_texts :],
        )
    )


def packed(content: bytes) -> str:
    """Return *content* as it stands in JSON: compressed, in base64."""
    return base64.b64encode(zlib.compress(content)).decode()


def without_texts(content: bytes) -> bytes:
    """Return *content* without the name and the metadata of its circuit, if it is a QPY file with one."""
    header = header_of(content)
    return content if header is None else with_texts(content, header, "", "")


def unpacked(text: str, most: int = LARGEST) -> bytes:
    """Return at most *most* bytes of what *text* holds, compressed, in base64.

    Raises `ValueError` or `zlib.error` for what is none.

    >>> unpacked(packed(b"QISKIT"))
    b'QISKIT'
    """
    return zlib.decompressobj().decompress(base64.b64decode(text), most)


def may_have_parameters(content: bytes) -> bool:
    """Say whether *content*, a QPY file, may have a circuit with parameters; True where that is not known."""
    header = header_of(content)
    return (
        header is None
        or content[header.begin + _PHASE_TYPE_AT] in _PHASES_WITH_PARAMETERS
        or _PARAMETER.search(content, header.end_of_texts) is not None
    )


def headers_in(text: str) -> Iterator[CircuitHeader]:
    """Yield the headers of the circuits that stand in *text*, JSON."""
    for found in _PACKED.finditer(text):
        header = _packed_header(found[0])
        if header is not None:
            yield header


def with_changed_circuits(text: str, change: Change) -> str:
    """Return *text*, JSON, with what *change* makes of the names and metadata of the circuits in it."""
    return _PACKED.sub(lambda found: with_changed_header(found[0], change, change), text)


def with_changed_header(text: str, name: Change, metadata: Change) -> str:
    """Return *text*, a packed circuit, with what *name* and *metadata* make of its name and its metadata.

    What is no circuit, or would have no metadata that can be read, stays as it is.
    """
    header = _packed_header(text)
    if header is None:
        return text
    changed = name(header.name), metadata(header.metadata)
    if changed == (header.name, header.metadata) or not _is_json(changed[1]):
        return text
    return packed(with_texts(unpacked(text), header, *changed))


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _packed_header(text: str) -> CircuitHeader | None:
    try:
        begin = unpacked(text, HEADER_BYTES)
        found = header_of(begin)
        if found is None and len(begin) == HEADER_BYTES:
            found = header_of(unpacked(text))
    except (ValueError, zlib.error):
        return None
    return found
