import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result

from edge.cli import main
from edge.sources import PatternSource, open_source
from edge.video_writer import VideoWriter


def signwatch(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("video") / "pattern.mp4"
    with open_source("pattern:320x240@25#12") as source, VideoWriter(path, (320, 240), 25) as writer:
        assert isinstance(source, PatternSource)
        for frame in source.frames():
            writer.write(frame.image)
    return path


def write_pictures(folder: Path, names: Sequence[str]) -> Path:
    folder.mkdir(exist_ok=True)
    for name in names:
        cv2.imwrite(str(folder / name), np.full((60, 80, 3), 128, np.uint8))
    return folder


def test_every_frame_of_a_recording_is_a_line_and_a_drawn_frame(video: Path, tmp_path: Path) -> None:
    result = signwatch("process", video, "--jsonl", tmp_path / "o.jsonl", "--video", tmp_path / "o.mp4")
    assert result.exit_code == 0, result.output
    messages = lines(tmp_path / "o.jsonl")
    assert [message["frame"] for message in messages] == list(range(12))
    assert messages[0]["size"] == [320, 240]
    with open_source(str(tmp_path / "o.mp4")) as drawn:
        assert len(list(drawn.frames())) == 12


def test_pictures_are_named_in_their_messages(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "pictures", ["2.png", "10.jpg", "1.webp"])
    assert signwatch("process", folder, "--stills", "--jsonl", tmp_path / "o.jsonl").exit_code == 0
    assert [message["file"] for message in lines(tmp_path / "o.jsonl")] == ["1.webp", "2.png", "10.jpg"]


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((1, 1, 3), np.uint8),
        np.full((40, 50), 90, np.uint8),
        np.full((40, 50, 4), 90, np.uint8),
        np.full((40, 50, 3), 40_000, np.uint16),
    ],
    ids=["1x1", "grey", "RGBA", "16 bit"],
)
def test_odd_pictures_are_read(tmp_path: Path, image: np.ndarray) -> None:
    cv2.imwrite(str(tmp_path / "odd.png"), image)
    result = signwatch("process", tmp_path / "odd.png", "--stills", "--jsonl", tmp_path / "o.jsonl")
    assert result.exit_code == 0, result.output
    assert lines(tmp_path / "o.jsonl")[0]["size"] == [image.shape[1], image.shape[0]]


def test_a_bad_source_does_not_cost_the_others(video: Path, tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video at all")
    result = signwatch("process", tmp_path / "text.mp4", video, "nowhere.mp4", "--jsonl", tmp_path / "o.jsonl")
    assert result.exit_code == 1
    assert len(lines(tmp_path / "o.jsonl")) == 12
    said = result.stderr.splitlines()[-1]
    assert said.startswith("signwatch: ")
    assert "text.mp4" in said
    assert "nowhere.mp4" in said


def test_a_broken_picture_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "pictures", ["1.png", "3.png"])
    (folder / "2.png").write_bytes(b"broken")
    result = signwatch("process", folder, "--jsonl", tmp_path / "o.jsonl")
    assert result.exit_code == 1
    assert "2.png can't be read as a picture" in result.stderr
    assert len(lines(tmp_path / "o.jsonl")) == 2


def test_a_real_recording_that_is_cut_off_is_read_as_far_as_it_goes(data_folder: Path, tmp_path: Path) -> None:
    whole = (data_folder / "clips" / "highway-no-signs.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 8])
    result = signwatch("process", tmp_path / "cut.mp4", "--jsonl", tmp_path / "o.jsonl", "--video", tmp_path / "o.mp4")
    assert result.exit_code == 1
    messages = lines(tmp_path / "o.jsonl")
    assert 5 < len(messages) < 100
    assert f"{len(messages)} of 221 frames could be read" in result.stderr
    assert (tmp_path / "o.mp4").exists(), "what was read is kept"


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["process"], 2, "Missing argument"),
        (["process", "a.mp4", "b.mp4", "--video", "o.mp4"], 2, "--video and --debug-video take one SOURCE"),
        (["process", "a.mp4", "--jsonl", "nowhere/o.jsonl"], 1, "nowhere/o.jsonl: can't be written"),
        (["process", "a.mp4", "--weights", "nowhere"], 1, "nowhere/classifier.json: no record of weights"),
        (["process", "a.mp4", "--publish", "nonsense"], 1, "nonsense"),
        (["process", "97"], 1, "camera 97 never ends; `signwatch run` reads it"),
        (["run", "gopher://127.0.0.1:9/cam"], 1, "is no stream's address"),
        (["run", "nowhere.mp4"], 1, "nowhere.mp4 isn't there"),
        (["run", "pattern:", "--publish", "tcp://0.0.0.0:*"], 1, "give keys"),
        (["run", "a.mp4", "a.mp4"], 2, "two sources have the same name"),
        (["run", "a.mp4", "--name", "a", "--name", "b"], 2, "1 SOURCE and 2 --name"),
        (["run", "0", "--size", "huge"], 2, "huge is no size"),
        (["run", "0", "--roi", "1,2,3"], 2, "1,2,3 is no region"),
        (["run", "0", "--pixel-format", "MJPEG"], 2, "MJPEG is no pixel format"),
        (["run", "0", "--key", "k.key_secret"], 2, "--key and --allow belong together"),
        (["run", "0", "--key", "nowhere.key_secret", "--allow", "."], 1, "nowhere.key_secret"),
        (["train", "--out", "o"], 2, "give --data"),
        (["train", "--part", "ranker", "--out", "o"], 2, "give --frames"),
        (["train", "--part", "screen", "--out", "o", "--data", "d"], 2, "from --data and --frames"),
        (["train", "--part", "screen", "--out", "o", "--from", "w"], 2, "no --catalogue, --from, --keep"),
        (["evaluate", "classifier", "--data", "nowhere.zip"], 1, "nowhere.zip: no such file"),
        (["evaluate", "detector", "--data", "nowhere"], 1, "nowhere: no such file"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    arguments: list[str], status: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "train" in arguments:
        pytest.importorskip("tensorflow", reason="training needs TensorFlow")
    monkeypatch.chdir(tmp_path)
    result = signwatch(*arguments)
    assert result.exit_code == status, result.output
    assert said in result.stderr.splitlines()[-1]


def test_a_debug_video_shows_every_frame_and_why(video: Path, tmp_path: Path) -> None:
    debug = tmp_path / "why.mp4"
    result = signwatch("process", video, "--debug-video", debug)
    assert result.exit_code == 0, result.output
    capture = cv2.VideoCapture(str(debug))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 12
    assert capture.get(cv2.CAP_PROP_FRAME_WIDTH) > 1280, "beside the frame there is a panel"
    capture.release()
