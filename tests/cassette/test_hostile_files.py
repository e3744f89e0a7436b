"""Hostile input: one clear error each, nothing executed, no time or memory lost, no way out."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qrtest.cassette import codec, store, yaml_json
from qrtest.cassette.fields import Place
from qrtest.errors import CassetteBusy, CassetteError
from tests import recordings
from tests.recordings import short

TAGS = [
    "!!python/object/apply:os.system ['touch {flag}']",
    "!!python/object/apply:subprocess.check_output [['touch', '{flag}']]",
    "!!python/object/new:os.system ['touch {flag}']",
    "!!python/object/apply:builtins.iter {{args: [!!python/object/apply:os.system ['touch {flag}']]}}",
    "!!python/object/new:_io.BytesIO "
    "{{state: !!python/tuple [!!python/object/apply:os.system ['touch {flag}']]}}",
    "!!python/tuple [!!python/object/apply:os.system ['touch {flag}']]",
    "!!python/name:os.system ''",
    "!!python/module:os ''",
    "!!python/object:vcr.request.Request {{}}",
    "!anything x",
    "!<tag:example.org,2026:x> x",
]


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize("place", ["{tag}", "version: 1\ninteractions: {tag}", "version: {tag}"])
def test_no_tag_is_followed(tag: str, place: str, tmp_path: Path) -> None:
    """A tag that would make an object is refused by name, wherever it stands, and nothing runs."""
    flag = tmp_path / "flag"
    text = place.format(tag=tag.format(flag=flag))
    with pytest.raises(CassetteError, match="was not followed"):
        codec.loads(text)
    assert not flag.exists()


@pytest.mark.parametrize(
    "text", ["[" * 200_000, "- " * 200_000 + "a", "{a: " * 200_000, '{"a":' * 200_000]
)
def test_deep_nesting_is_refused(text: str) -> None:
    """Depth that overflows the stack of the parser itself is refused before it is built."""
    with pytest.raises(CassetteError):
        codec.loads(text)


def test_an_alias_bomb_is_refused() -> None:
    """Aliases that would make billions of values are counted, not followed."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    with pytest.raises(CassetteError, match="aliases make more than"):
        codec.loads("\n".join(lines))


@pytest.mark.parametrize(
    ("depth", "more", "refused_at"),
    [(5, 16, None), (5, 17, 23), (6, 0, None), (6, 1, 8), (7, 0, 8), (8, 0, 8), (30, 0, 8)],
)
def test_values_are_counted_however_they_are_made(
    depth: int, more: int, refused_at: int | None
) -> None:
    """Aliases of aliases, or many of one: twenty million in all, and none beyond."""
    lines = ["- &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"- &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, depth + 1)]
    lines += [f"- *a{depth}"] * more
    if refused_at is None:
        assert len(yaml_json.parsed("\n".join(lines), "x.yaml")) == len(lines)
    else:
        with pytest.raises(CassetteError, match=f"line {refused_at}: its aliases make more than"):
            yaml_json.parsed("\n".join(lines), "x.yaml")


@pytest.mark.parametrize(
    "number",
    ["1" + ":10" * 2_000, "1" + ":10" * 2_000 + ".5", "0x" + "f" * 4_000, "0" + "7" * 4_000],
    ids=["base 60", "base 60 with a fraction", "base 16", "base 8"],
)
def test_a_number_that_would_cost_the_square_of_its_length_is_refused(number: str) -> None:
    with pytest.raises(CassetteError, match="line 1: a number has more than 3,500 characters"):
        yaml_json.parsed(f"version: {number}", "the file")


@pytest.mark.parametrize("number", ["1" + ":10" * 1_000, "0x" + "f" * 3_400])
def test_a_long_number_within_the_bound_can_be_printed(number: str) -> None:
    assert str(yaml_json.parsed(f"version: {number}", "the file")["version"]).isdecimal()


def test_an_alias_to_itself_is_refused() -> None:
    """A list that holds itself has no end."""
    with pytest.raises(CassetteError, match="line 2: the alias 'a' stands for nothing that ended"):
        codec.loads("version: 1\ninteractions: &a [*a]")


@pytest.mark.parametrize(
    "text",
    [
        "version: 1\nversion: 1\ninteractions: []",
        '{"version": 1, "version": 1, "interactions": []}',
    ],
)
def test_a_duplicate_key_is_refused(text: str) -> None:
    """A key that stands twice could mean either; it is named."""
    with pytest.raises(CassetteError, match="'version' stands twice"):
        codec.loads(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "it is empty"),
        ("\n \n", "it is empty"),
        ("\0" * 100, "it is empty"),
        ("just words", "the file should be a mapping and is a text"),
        ("version: 2\ninteractions: []", "no 'version: 1'"),
        ("interactions: []", "not a whole cassette"),
        ("version: 1", "interactions should be a list and is not there"),
        ("version: 1\ninteractions: 7", "interactions should be a list and is a number"),
        ("version: 1\n---\nversion: 1", "line 2: a second document begins"),
        ("version: 1\ninteractions: *those", "line 2: the alias 'those' stands for nothing"),
        ("version: 1\n<<: {interactions: []}", r"line 2: it has a merge key"),
        ("version: 1\n[a]: b", "line 1: a list or a mapping stands as a key"),
        ("version: !!int one", "a value is not what its tag says"),
        ("version: 1\ninteractions: [7]", r"interactions\[0\] should be a mapping and is a number"),
        ("version: 1\ninteractions: [{request: {}}]", "method should be a text and is not there"),
        ("\x01", "characters that YAML does not allow"),
        ('{"version": 1,', "line 1: it cannot be read"),
        (
            '{"version": 1, "interactions": [{"request": {"method": "\\ud800"}}]}',
            "half a character",
        ),
        (
            "version: 1\ninteractions: "
            "[{at: .nan, request: {method: G, uri: u}, response: {status: {code: 200}}}]",
            "at should be a number of seconds from 0 on",
        ),
        (
            "version: 1\ninteractions: [{request: {method: G, uri: u}, response: {status: {code: 7}}}]",
            "should be an HTTP status",
        ),
        (
            "version: 1\ninteractions: [{error: magic, request: {method: G, uri: u}, response: {}}]",
            "error should be one of dns, refused, tls, reset",
        ),
        (
            "qrtest: {format: 99, count: 0, digest: x}\nversion: 1\ninteractions: []",
            "update qrtest",
        ),
        (
            "version: 1\ninteractions: [{request: {method: G, uri: 'http://[x/'}, response: {}}]",
            "is no address",
        ),
        (
            "version: 1\ninteractions: [{request: {method: !!binary /w==, uri: u}, response: {}}]",
            "method should be text in UTF-8",
        ),
        (
            "version: 1\ninteractions: [{repeat: -1, request: {method: G, uri: u}, response: {status: {code: 200}}}]",
            "repeat should be a whole number from 0 on",
        ),
        (
            "version: 1\ninteractions: [{request: {method: G, uri: u, headers: {5: x}}, response: {}}]",
            "headers should have names that are texts",
        ),
        (
            "version: 1\ninteractions: [{request: {method: G, uri: u, headers: [[a, b, c]]}, response: {}}]",
            r"headers\[0\] should be a name and a value",
        ),
        (
            "version: 1\ninteractions: [{request: {method: G, uri: u, headers: {A: {b: c}}}, response: {}}]",
            r"headers\.A should be a text and is a mapping",
        ),
        (
            "version: 1\ninteractions: [{request: {method: G, uri: u, body: {a: b}}, response: {}}]",
            "body should be a text or binary",
        ),
        (
            "version: 1\ninteractions: [{layout: {response: compact}, request: {method: G, uri: u},"
            " response: {status: {code: 200}, body: {string: !!binary /w==}}}]",
            r"layout\.response is for text in UTF-8, and the body is none",
        ),
    ],
)
def test_a_wrong_value_is_named_by_its_place(text: str, says: str) -> None:
    """The message has the file, the place and what should be there."""
    with pytest.raises(CassetteError, match=says) as refused:
        codec.loads(text, name="bell.yaml")
    assert str(refused.value).startswith("bell.yaml: ")


KINDS = {
    "not there": None,
    "true or false": True,
    "a number": -1.5,
    "a text": "word",
    "binary": b"\xff",
    "a list": [1],
    "a mapping": {"a": 1},
    "of another kind": {1},
}
READERS = {
    "a mapping": (Place.mapping, {"a mapping"}),
    "a list": (lambda place: list(place.items()), {"a list"}),
    "a text": (Place.text, {"a text", "binary"}),
    "a whole number": (Place.count, set()),
    "a number of seconds": (Place.seconds, {"not there", "a number"}),
}


@pytest.mark.parametrize("wanted", READERS)
def test_what_stands_in_the_place_of_something_else_is_named(wanted: str) -> None:
    """What should be there, and what is."""
    read, fits = READERS[wanted]
    for kind in set(KINDS) - fits:
        with pytest.raises(CassetteError) as refused:
            read(Place("x.yaml", KINDS[kind], "top"))
        assert str(refused.value) == f"x.yaml: top should be {wanted} and is {kind}."


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("version: 1\ninteractions: [", 3),
        ("version: 1\ninteractions:\n- 'never ended", 3),
        ("version: 1\n  interactions: []", 2),
        ("version: 1\n\n\n\tinteractions: []", 4),
        ("version: 1\ninteractions:\n- !!binary 'é'", 3),
        ("%YAML 9.9\n---\nversion: 1", 1),
        ('{"version": 1,\n "interactions": [}', 2),
        ("{version: 1,\n interactions: [}", 2),
    ],
)
def test_what_cannot_be_read_is_named_by_its_line(text: str, line: int) -> None:
    """With the words of the parser."""
    with pytest.raises(CassetteError, match=f"^x.yaml: line {line}: it cannot be read: [a-zA-Z]"):
        yaml_json.parsed(text, "x.yaml")


@given(recordings.json_values)
def test_any_json_is_a_cassette_or_refused(value: object) -> None:
    """No value makes anything but a cassette or a CassetteError."""
    _try(yaml_json.json_text({"version": 1, "interactions": value}))
    _try(yaml_json.json_text({"version": 1, "interactions": [value]}))
    _try(
        yaml_json.json_text({"version": 1, "interactions": [{"request": value, "response": value}]})
    )


@given(st.data())
def test_any_value_in_any_place_is_a_cassette_or_refused(data: st.DataObject) -> None:
    """A good file with one value replaced by any other never ends in a raw error."""
    whole = yaml_json.parsed(codec.dumps(short(), as_json=True), "short")
    holder: object = whole
    while True:
        keys = list(holder) if isinstance(holder, dict) else range(len(holder))  # type: ignore[arg-type]
        key = data.draw(st.sampled_from(list(keys)))
        inner = holder[key]  # type: ignore[index]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.booleans()):
            holder[key] = data.draw(recordings.json_values)  # type: ignore[index]
            break
        holder = inner
    _try(yaml_json.json_text(whole))


@given(st.binary(max_size=300))
def test_any_bytes_are_a_cassette_or_refused(content: bytes) -> None:
    """Noise never ends in a raw error."""
    _try(content.decode("latin-1"))


def _try(text: str) -> None:
    try:
        codec.loads(text, sealed=False)
    except CassetteError as error:
        assert len(str(error)) < 1_000


# --- files -----------------------------------------------------------------------------------------


def test_a_gigabyte_of_nothing_is_refused_by_its_size(tmp_path: Path) -> None:
    """A file too large for a cassette is not read."""
    path = tmp_path / "huge.yaml"
    with path.open("wb") as file:
        file.truncate(2**30)
    with pytest.raises(CassetteError, match="1,073,741,824 bytes"):
        store.load(path)


def test_a_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    """Reading what is no regular file would wait for ever, or without end."""
    path = tmp_path / "pipe.yaml"
    os.mkfifo(path)
    with pytest.raises(CassetteError, match="not a regular file"):
        store.load(path)


def test_a_link_out_of_the_directory_is_not_followed(tmp_path: Path) -> None:
    """Neither reading nor writing follows a link out; what it leads to stays as it was."""
    outside = tmp_path / "outside.yaml"
    outside.write_text("precious")
    inside = tmp_path / "cassettes"
    inside.mkdir()
    (inside / "link.yaml").symlink_to(outside)
    with pytest.raises(CassetteError, match="link out of its directory"):
        store.load(inside / "link.yaml")
    with pytest.raises(CassetteError, match="link out of its directory"):
        store.save(inside / "link.yaml", short())
    assert outside.read_text() == "precious"


@pytest.mark.parametrize(
    "name",
    [
        "../x.yaml",
        "/etc/x.yaml",
        "a/../../x.yaml",
        "a/../x.yaml",
        "..",
        "x\0.yaml",
        "link/x.yaml",
        "",
    ],
)
def test_a_name_does_not_lead_out_of_the_directory(name: str, tmp_path: Path) -> None:
    """Names from markers and parameters stay below the directory of cassettes."""
    inside = tmp_path / "cassettes"
    inside.mkdir()
    (inside / "link").symlink_to(tmp_path)
    with pytest.raises(CassetteError, match="has to be in its directory|name ends in"):
        store.confined(inside, name)


def test_a_name_says_which_format_it_is() -> None:
    """What cannot be a cassette is refused by its name, with those that can."""
    with pytest.raises(CassetteError) as caught:
        store.confined("cassettes", "x.py")
    assert str(caught.value) == "'x.py': a cassette's name ends in .yaml, .yml, .json."


def test_a_missing_cassette_says_how_to_record_it(tmp_path: Path) -> None:
    """The message has the commands."""
    with pytest.raises(CassetteError, match="qrtest record .* -- COMMAND"):
        store.load(tmp_path / "bell.yaml")


def test_what_cannot_be_read_or_written_says_why(tmp_path: Path) -> None:
    """A directory, a name that is too long, a file where a directory should be."""
    long = tmp_path / f"{'x' * 300}.yaml"
    inside = tmp_path / "file" / "x.yaml"
    inside.parent.write_text("in the way")
    for path, says in (
        (tmp_path, "it cannot be read: Is a directory"),
        (long, "it cannot be read: File name too long"),
        (inside, "it cannot be read: Not a directory"),
    ):
        with pytest.raises(CassetteError, match=says):
            store.load(path)
    with pytest.raises(CassetteError, match="it cannot be written: File exists"):
        store.save(inside, short())
    with (
        pytest.raises(CassetteError, match="it cannot be written: File exists"),
        store.held(inside),
    ):
        pytest.fail("nobody holds what cannot be written")


def test_a_name_that_no_file_can_have_is_refused() -> None:
    """By its own name, legibly."""
    with pytest.raises(CassetteError, match=r"'a\\x00b.yaml': it is no name of a file"):
        store.load("a\0b.yaml")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """The first byte that is not UTF-8 is named."""
    path = tmp_path / "x.yaml"
    path.write_bytes(b"version: \xff")
    with pytest.raises(CassetteError, match="byte 9 is not UTF-8"):
        store.load(path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("version https://git-lfs.github.com/spec/v1\noid sha256:a\nsize 1\n", "git lfs pull"),
        (
            "interactions:\n<<<<<<< HEAD\n- a\n=======\n- b\n>>>>>>> x\n",
            "line 2: there is a mark of a merge",
        ),
        ('{"http_interactions": []}', "qrtest convert a.yaml"),
    ],
)
def test_what_is_no_cassette_yet_says_what_to_do(text: str, sentence: str) -> None:
    """A pointer, a merge, a recording of betamax: each has a sentence of its own."""
    with pytest.raises(CassetteError, match=re.escape(sentence)):
        codec.loads(text, name="a.yaml")


def test_a_place_where_nothing_can_be_made_is_not_one_where_somebody_records() -> None:
    """Some file systems refuse a lock in the way that a held one is refused."""
    path = Path("/proc/such.yaml")
    with pytest.raises(CassetteError, match="it cannot be written") as caught, store.held(path):
        pytest.fail("nobody holds what cannot be written")
    assert not isinstance(caught.value, CassetteBusy)


def test_a_link_within_the_directory_stays_a_link(tmp_path: Path) -> None:
    """What is saved is the file that it leads to; what records that holds the link, too."""
    link, file = tmp_path / "link.yaml", tmp_path / "file.yaml"
    link.symlink_to(file.name)
    with store.held(file), pytest.raises(CassetteBusy), store.held(link):
        pytest.fail("two hold one file")
    store.save(link, short())
    assert link.is_symlink()
    assert store.load(file) == store.load(link) == short()


def test_a_cassette_never_replaces_what_is_no_regular_file(tmp_path: Path) -> None:
    """A pipe stays a pipe, a folder a folder, and nothing else is left beside them."""
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "folder.yaml").mkdir()
    for name in ("pipe.yaml", "folder.yaml"):
        with pytest.raises(CassetteError, match="is not a regular file"):
            store.save_text(tmp_path / name, "version: 1\n")
        with (
            pytest.raises(CassetteError, match="is not a regular file"),
            store.held(tmp_path / name),
        ):
            pytest.fail("it was held")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder.yaml", "pipe.yaml"]
