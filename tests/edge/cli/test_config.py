import string
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edge.cli import main
from edge.cli.config import MAX_BYTES, ConfigError, read_config
from edge.cli.run import command

EVERYTHING = """
source = [0, "rtsp://user:secret@10.0.0.5/rear"]   # a camera's number may be a number
publish = ["tcp://127.0.0.1:*", "ipc:///run/signwatch/signs"]
name = ["front", "rear"]
realtime = true
size = "1280x720"
fps = 30
pixel-format = "MJPG"
exposure = 12.5
open-timeout = 4
read-timeout = 5
rotate = 180
mirror = true
roi = "0,100,1280,500"
max-latency = 60
watchdog = 30
camera = ["front.toml", "rear.toml"]
road = "motorway"
key = "keys/vehicle.key_secret"
allow = "keys/allowed"
insecure = true
weights = "runs/my"
backend = "litert"
metrics = "127.0.0.1:9100"
log-json = true
console = 8090
api-keys = "keys/viewers"
record = "drives"
record-mode = "all"
record-before = 10
record-after = 8.5
record-quota = "20G"
record-file-size = "64M"
record-file-time = 60
record-quality = 80
"""
THE_SAME = [
    *("0", "rtsp://user:secret@10.0.0.5/rear", "--publish", "tcp://127.0.0.1:*"),
    *("--publish", "ipc:///run/signwatch/signs", "--name", "front", "--name", "rear", "--realtime"),
    *("--size", "1280x720", "--fps", "30", "--pixel-format", "MJPG", "--exposure", "12.5", "--open-timeout", "4"),
    *("--read-timeout", "5", "--rotate", "180", "--mirror", "--roi", "0,100,1280,500", "--max-latency", "60"),
    *("--camera", "front.toml", "--camera", "rear.toml", "--road", "motorway"),
    *("--watchdog", "30", "--key", "keys/vehicle.key_secret", "--allow", "keys/allowed", "--insecure"),
    *("--weights", "runs/my", "--backend", "litert", "--metrics", "127.0.0.1:9100", "--log-json"),
    *("--record", "drives", "--record-mode", "all", "--record-before", "10", "--record-after", "8.5"),
    *("--console", "8090", "--api-keys", "keys/viewers"),
    *("--record-quota", "20G", "--record-file-size", "64M", "--record-file-time", "60", "--record-quality", "80"),
]
OPTIONS = {max(one.opts, key=len).lstrip("-") for one in command.params if one.expose_value} - {"sources"} | {"source"}


def parsed(*arguments: str) -> dict[str, Any]:
    """What the command would be called with."""
    params = dict(command.make_context("run", list(arguments)).params)
    return params | {"log": params["log"].as_json}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "run.toml"


def refused(file: Path, text: str | bytes) -> list[str]:
    """The lines that are said of a wrong file, without the file's name."""
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    result = invoked("run", "--config", str(file))
    assert (result.exit_code, result.stdout) == (2, "")
    lines = result.stderr.splitlines()
    assert all(line.startswith(f"signwatch: {file}:") for line in lines)
    return [line.removeprefix(f"signwatch: {file}:") for line in lines]


def invoked(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_every_option_can_stand_in_a_file_and_means_the_same(file: Path) -> None:
    file.write_text(EVERYTHING, encoding="utf-8")
    assert set(tomllib.loads(EVERYTHING)) == OPTIONS, "an option of `run` is missing above"
    assert parsed("--config", str(file)) == parsed(*THE_SAME)


def test_the_command_line_wins(file: Path) -> None:
    file.write_text(EVERYTHING, encoding="utf-8")
    given = ["1", "--name", "left", "--no-realtime", "--fps", "15", "--publish", "tcp://127.0.0.1:1", "--no-log-json"]
    found = parsed(*given, "--config", str(file))
    assert (found["sources"], found["names"], found["addresses"]) == (("1",), ("left",), ("tcp://127.0.0.1:1",))
    assert (found["realtime"], found["fps"], found["log"]) == (False, 15.0, False)
    assert found["max_latency_ms"] == 60.0, "what it leaves out is the file's"


def test_one_value_may_stand_for_a_list_of_one(file: Path) -> None:
    file.write_text('source = "pattern:"\nname = "front"\n', encoding="utf-8")
    assert (parsed("--config", str(file))["sources"], parsed("--config", str(file))["names"]) == (
        ("pattern:",),
        ("front",),
    )


def test_all_that_is_wrong_is_told_at_once_each_with_its_line(file: Path) -> None:
    told = refused(
        file,
        """# front camera
source = [0, 1.5]

fsp = 30
max-latency = "60"
size = "rtsp://user:secret@10.0.0.5/"
watchdog = 0.5
rotate = 45
mirror = 1
fps = nan
name = [
  "front",
  true,
]
weights = "a\\u0000b"
roi = 1979-05-27
backend = ["litert"]
exposure = true
[run]
fps = 30
""",
    )
    assert told == [
        "2: source: takes text in quotes, not a number",
        "4: fsp: is no option of `signwatch run`; is it fps?",
        "5: max-latency: takes a number, not text",
        "6: size: rtsp://***@10.0.0.5/ is no size; write it like 1280x720",
        "7: watchdog: 0.5 is not in the range x>=1.",
        "8: rotate: '45' is not one of '0', '90', '180', '270'.",
        "9: mirror: takes true or false",
        "10: fps: takes a finite number",
        "11: name: takes text in quotes, not true or false",
        "15: weights: holds a null character",
        "16: roi: takes text in quotes, not a date or time",
        "17: backend: takes text in quotes, not a list",
        "18: exposure: takes a number, not true or false",
        "19: run: is no option of `signwatch run`",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("fps = 30\nsize = \n", "2: Invalid value"),
        ("fps = 30\nfps = 25\n", "2: Cannot overwrite a value"),
        ("fps = 30\nsize = '1280x720", '2: Expected "\'"'),
        (b"fps = 30\n# caf\xe9\n", "2: is no UTF-8 text"),
        ("\nfps = " + "9" * 5000, "2: holds a number or date that can't be"),
        ("fps = " + "9" * 400, "1: fps: takes a finite number"),
        ("\nfps = " + "[" * 9000, "2: is nested too deep"),
        ("#" * (MAX_BYTES + 1), f" is larger than {MAX_BYTES // 1024} KiB, so it is no configuration"),
    ],
)
def test_what_is_no_toml_is_told_with_its_line(file: Path, text: str | bytes, told: str) -> None:
    assert refused(file, text) == [told]


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    result = invoked("run", "--config", str(tmp_path / "no.toml"))
    assert result.exit_code == 2
    assert result.stderr == f"signwatch: {tmp_path}/no.toml: can't be read (No such file or directory)\n"


def test_a_file_of_the_run_serves_other_commands_where_they_say_so(file: Path) -> None:
    file.write_text("fsp = 3\n", encoding="utf-8")
    result = invoked("doctor", "--config", str(file))
    assert (result.exit_code, "1: fsp: is no option of `signwatch run`" in result.stderr) == (2, True)


CONTEXT = click.Context(command)
values = st.recursive(
    st.booleans()
    | st.integers()
    | st.floats()
    | st.dates()
    | st.datetimes()
    | st.text()
    | st.sampled_from(["1280x720", "MJPG", "90", "auto", "9100", "[::1]:1", "rtsp://user:secret@h/", "0,0,1,1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


PLAIN = string.ascii_letters + string.digits + " :/@.,"


def toml(value: object) -> str:
    """A value as TOML writes it."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            characters = (one if one in PLAIN else f"\\U{ord(one):08x}" for one in value)
            return f'"{"".join(characters)}"'
        case list():
            return f"[\n {', '.join(map(toml, value))}]"
        case dict():
            return f"{{{', '.join(f'{toml(key)} = {toml(inner)}' for key, inner in value.items())}}}"
        case int() | float():
            return repr(value)
        case _:
            return value.isoformat()  # type: ignore[attr-defined, no-any-return]


def assert_reads_or_tells(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    try:
        found = read_config(file, command, CONTEXT)
    except ConfigError as error:
        for line in error.message.splitlines():
            assert line.startswith(f"{file}:") and "user:secret@" not in line
    else:
        assert set(found) <= {one.name for one in command.params}


@settings(deadline=None, max_examples=300)
@given(pairs=st.dictionaries(st.sampled_from(sorted(OPTIONS)) | st.text(max_size=8), values, max_size=5))
@example(pairs={"pixel-format": "\x85"})  # ends a line to some
def test_no_values_crash_the_reader_and_every_fault_has_its_line(
    tmp_path_factory: pytest.TempPathFactory, pairs: dict[str, object]
) -> None:
    file = tmp_path_factory.mktemp("config") / "run.toml"
    lines: dict[str, int] = {}
    text = ""
    for key, value in pairs.items():
        lines[key] = text.count("\n") + 1
        text += f"{toml(key)} = {toml(value)}\n"
    file.write_bytes(text.encode())
    try:
        read_config(file, command, CONTEXT)
    except ConfigError as error:
        told = [int(line.removeprefix(f"{file}:").partition(":")[0]) for line in error.message.splitlines()]
        assert told == sorted(told) and set(told) <= set(lines.values())


@settings(deadline=None, max_examples=300)
@given(content=st.binary(max_size=400) | st.text(max_size=400).map(lambda text: text.encode("utf-8", "replace")))
def test_no_bytes_crash_the_reader(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    assert_reads_or_tells(tmp_path_factory.mktemp("config") / "run.toml", content)


@settings(deadline=None, max_examples=200)
@given(place=st.integers(0, len(EVERYTHING)), length=st.integers(0, 30), put=st.text("[]{}='\".,#\n\r\t\\ 01aTZ:-_é"))
def test_no_damage_to_a_good_file_crashes_the_reader(
    tmp_path_factory: pytest.TempPathFactory, place: int, length: int, put: str
) -> None:
    damaged = EVERYTHING[:place] + put + EVERYTHING[place + length :]
    assert_reads_or_tells(tmp_path_factory.mktemp("config") / "run.toml", damaged.encode())
