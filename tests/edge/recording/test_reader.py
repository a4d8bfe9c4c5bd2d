import io
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import lz4.frame
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mcap.data_stream import RecordBuilder
from mcap.opcode import Opcode
from mcap.records import Channel, Chunk, Message, Schema
from mcap.writer import MCAP0_MAGIC, CompressionType, Writer

from edge.errors import SourceError
from edge.messages import decode
from edge.publisher import SignPublisher
from edge.recording import reader
from edge.recording.reader import MAX_CHUNK_BYTES, MAX_RECORD_BYTES, Recorded, Recording, is_recording
from edge.recording.replay import Replay
from edge.sources.recorded import open_recorded
from tests.edge.recording.recordings import frame_message, picture, write_recording

FRAMES = 6


def read(path: Path) -> tuple[list[Recorded], str | None]:
    recording = Recording(path)
    messages = list(recording.messages())
    return messages, recording.fault and recording.fault.removeprefix(f"{path} ")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_recording(tmp_path_factory.mktemp("whole") / "a.mcap", FRAMES).read_bytes()


@pytest.fixture(scope="module")
def unchecked(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Of another writer: no checksums and no compression, so damage reaches what is inside."""
    stream = io.BytesIO()
    writer = Writer(stream, compression=CompressionType.NONE, enable_crcs=False, chunk_size=4000)
    writer.start()
    image = writer.register_schema("foxglove.CompressedImage", "jsonschema", b"{}")
    frame = writer.register_schema("signwatch.frame/1", "jsonschema", b"{}")
    channels = {
        "image/front": writer.register_channel("image/front", "json", image, {"a": "b"}),
        "frame": writer.register_channel("frame", "json", frame),
    }
    for number in range(FRAMES):
        for entry in (frame_message(number), picture(number)):
            writer.add_message(channels[entry.topic], entry.unix_ns, entry.data, entry.unix_ns, number)
    writer.finish()
    return stream.getvalue()


def test_a_whole_file_is_read_without_fault(tmp_path: Path) -> None:
    messages, fault = read(write_recording(tmp_path / "a.mcap", FRAMES))
    assert fault is None
    assert [one.topic for one in messages] == ["info", *(["frame", "image/front"] * FRAMES)]
    assert decode(messages[1].data).frame == 0


def test_what_kill_leaves_is_read_up_to_the_last_chunk(tmp_path: Path) -> None:
    messages, fault = read(write_recording(tmp_path / "a.mcap", FRAMES, end=False))
    assert len(messages) == 1 + 2 * FRAMES
    assert fault == "is cut off; 13 messages were read"


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_a_file_that_is_cut_anywhere_gives_what_is_before(tmp_path: Path, whole: bytes, share: float) -> None:
    (tmp_path / "a.mcap").write_bytes(whole[: round(share * len(whole))])
    messages, _ = read(tmp_path / "a.mcap")
    numbers = [one.sequence for one in messages if one.topic == "image/front"]
    assert numbers == list(range(len(numbers)))
    assert len(numbers) >= FRAMES * share / 2 - 2


def test_a_damaged_chunk_is_left_out_and_the_others_are_read(tmp_path: Path, whole: bytes) -> None:
    second = whole.index(b"zstd", whole.index(b"zstd") + 1)
    damaged = bytearray(whole)
    damaged[second + 100] ^= 0xFF
    (tmp_path / "a.mcap").write_bytes(damaged)
    messages, fault = read(tmp_path / "a.mcap")
    assert [one.sequence for one in messages if one.topic == "image/front"] == [0, 1, 4, 5]
    assert fault == "has 1 damaged part, left out; 9 messages were read"


def test_other_compressions_are_read(tmp_path: Path, unchecked: bytes) -> None:
    (tmp_path / "none.mcap").write_bytes(unchecked)
    assert len(read(tmp_path / "none.mcap")[0]) == 2 * FRAMES
    (tmp_path / "lz4.mcap").write_bytes(file_of(chunk("lz4", lz4.frame.compress(FEW), len(FEW))))
    assert [one.data for one in read(tmp_path / "lz4.mcap")[0]] == [b"{}"]


@pytest.mark.parametrize("content", [b"", b"\x89MCAP", b"no recording at all", b"{}\n"])
def test_what_is_no_recording_is_said(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.mcap").write_bytes(content)
    assert not is_recording(tmp_path / "a.mcap")
    with pytest.raises(SourceError, match="is no MCAP recording"):
        Recording(tmp_path / "a.mcap")


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="No such file"):
        Recording(tmp_path / "a.mcap")


# What somebody makes up to take memory or time.


def record(build: Callable[[RecordBuilder], None]) -> bytes:
    builder = RecordBuilder()
    build(builder)
    built: bytes = builder.end()
    return built


def inner(count: int = 1) -> bytes:
    return (
        record(Schema(id=1, name="s", encoding="jsonschema", data=b"{}").write)
        + record(Channel(id=1, topic="t", message_encoding="json", metadata={}, schema_id=1).write)
        + record(Message(channel_id=1, log_time=0, publish_time=0, sequence=0, data=b"{}").write) * count
    )


FEW = inner()


def chunk(compression: str, data: bytes, size: int, crc: int = 0) -> bytes:
    made = Chunk(
        compression=compression,
        data=data,
        message_start_time=0,
        message_end_time=0,
        uncompressed_crc=crc,
        uncompressed_size=size,
    )
    return record(made.write)


def file_of(*records: bytes) -> bytes:
    end = struct.pack("<BQI", Opcode.DATA_END, 4, 0)
    return MCAP0_MAGIC + b"".join(records) + end


def zstd_claiming(size: int) -> bytes:
    """A zstd frame whose header promises so many bytes and whose one raw block holds four."""
    return struct.pack("<IBQ", 0xFD2FB528, 0xE0, size) + (4 << 3 | 1).to_bytes(3, "little") + b"abcd"


ZEROS = bytes(MAX_CHUNK_BYTES - 1)
BOMBS = {
    "a record of 4 EiB": struct.pack("<BQ", Opcode.CHUNK, 2**62),
    "a record of 2**64 - 1": struct.pack("<BQ", 0x55, 2**64 - 1),
    "a chunk that claims 1 TiB": chunk("zstd", zstandard.compress(FEW), 2**40),
    "zstd that claims 1 TiB": chunk("zstd", zstd_claiming(2**40), 4),
    "zstd that unpacks to more than the chunk says": chunk("zstd", zstandard.compress(ZEROS), 100),
    "lz4 that unpacks to more than the chunk says": chunk("lz4", lz4.frame.compress(ZEROS), 100),
    "data that claims 1 EiB": struct.pack("<BQ", Opcode.CHUNK, 40) + bytes(28) + bytes(4) + struct.pack("<Q", 2**60),
    "an unknown compression": chunk("rar", FEW, len(FEW)),
    "a wrong checksum": chunk("", FEW, len(FEW), zlib.crc32(FEW) ^ 1),
    "a message too short for its head": struct.pack("<BQ", Opcode.MESSAGE, 3) + b"abc",
    "a topic of a megabyte": record(
        Channel(id=1, topic="t" * 2**20, message_encoding="json", metadata={}, schema_id=0).write
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_what_is_made_up_costs_little_and_is_said(tmp_path: Path, name: str) -> None:
    before = chunk("zstd", zstandard.compress(FEW), len(FEW), zlib.crc32(FEW))
    (tmp_path / "a.mcap").write_bytes(file_of(before, BOMBS[name]))
    tracemalloc.start()
    try:
        messages, fault = read(tmp_path / "a.mcap")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [one.data for one in messages] == [b"{}"], "what came before is good"
    assert fault is not None
    assert peak < 2 * MAX_RECORD_BYTES


def test_a_file_of_many_bombs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_CHUNK_BYTES", 2**20)
    many = inner(20_000)
    bomb = chunk("zstd", zstandard.compress(many), len(many))
    (tmp_path / "a.mcap").write_bytes(file_of(*[bomb] * 30))
    messages, fault = read(tmp_path / "a.mcap")
    assert fault is not None and "unpacks to more than 50 times its size" in fault
    assert len(messages) in (20_000, 40_000)


# Damage of any kind.

CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("set"), st.integers(8, 2**16), st.integers(0, 255)),
        st.tuples(st.just("cut"), st.integers(8, 2**16), st.just(0)),
        st.tuples(st.just("drop"), st.integers(8, 2**16), st.integers(1, 50)),
        st.tuples(st.just("repeat"), st.integers(8, 2**16), st.integers(1, 50)),
        st.tuples(st.just("ones"), st.integers(8, 2**16), st.integers(1, 8)),
    ),
    max_size=6,
)


def changed(content: bytes, changes: list[tuple[str, int, int]]) -> bytes:
    made = bytearray(content)
    for kind, place, amount in changes:
        at = min(8 + place % max(len(made) - 8, 1), len(made))
        match kind:
            case "set":
                made[at : at + 1] = bytes([amount])
            case "cut":
                del made[at:]
            case "drop":
                del made[at : at + amount]
            case "repeat":
                made[at:at] = made[at : at + amount]
            case "ones":
                made[at : at + amount] = b"\xff" * amount
    return bytes(made)


def take_all(path: Path) -> None:
    """Everything that is done with a file; whatever is in it, SourceError is all that may come of it."""
    try:
        read(path)
        for source in open_recorded(path):
            for frame in source.frames():
                assert frame.image.ndim == 3 and frame.captured_ns >= 0 and (frame.media_s or 0) >= 0
    except SourceError as error:
        assert "\n" not in str(error)


@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(changes=CHANGES, checked=st.booleans())
def test_no_damage_crashes_or_hangs_what_reads_it(
    tmp_path_factory: pytest.TempPathFactory, whole: bytes, unchecked: bytes, changes: list[tuple[str, int, int]],
    checked: bool,
) -> None:  # fmt: skip
    path = tmp_path_factory.getbasetemp() / "changed.mcap"
    path.write_bytes(changed(whole if checked else unchecked, changes))
    take_all(path)


@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(content=st.binary(max_size=400))
def test_no_bytes_crash_what_reads_them(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "random.mcap"
    path.write_bytes(MCAP0_MAGIC + content)
    take_all(path)


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(changes=CHANGES)
def test_no_damage_makes_a_replay_send_what_is_no_message(
    tmp_path_factory: pytest.TempPathFactory, unchecked: bytes, changes: list[tuple[str, int, int]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "replayed.mcap"
    path.write_bytes(changed(unchecked, changes))
    sent: list[bytes] = []
    with SignPublisher("inproc://signs", note=lambda topic, payload: sent.append(payload)) as publisher:
        done = Replay(publisher, sleep=lambda _: None).play([Recording(path)])
    assert done.messages == len(sent) <= 2 * FRAMES
    for payload in sent:
        assert decode(payload).session.startswith("replay-")
