import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.redaction import without_passwords


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("rtsp://user:secret@10.0.0.5/front gives no stream", "rtsp://***@10.0.0.5/front gives no stream"),
        ("rtsp://u:my se/c?r#et@@h/x; http://a:b@h2:80/cam", "rtsp://***@h/x; http://***@h2:80/cam"),
        ("http://h/cam?token=secret is black", "http://h/cam?*** is black"),
        ("http://h/cam#secret", "http://h/cam?***"),
        ("rtsp:/user:secret@h isn't there", "rtsp:/***@h isn't there"),
        ("No such command 'rtsp//user:secret@h'.", "No such command 'rtsp//***@h'."),
        ("user:secret@h", "***@h"),
        ("tcp://127.0.0.1:5556 is in use", "tcp://127.0.0.1:5556 is in use"),
        ("ipc://@signs is in use", "ipc://@signs is in use"),
        ("drive@home.mp4 isn't there; check the name", "drive@home.mp4 isn't there; check the name"),
        ("", ""),
    ],
)
def test_of_an_address_only_the_place_is_shown(text: str, shown: str) -> None:
    assert without_passwords(text) == shown
    assert without_passwords(shown) == shown, "twice is once"


@given(st.text(min_size=1).filter(lambda text: ":/" not in text), st.text())
def test_no_password_gets_through_whatever_is_in_it(password: str, before: str) -> None:
    shown = without_passwords(f"{before} rtsp://user:<{password}>@host/x is off")
    assert f"<{password}>" not in shown.removeprefix(before)
    assert shown.endswith("@host/x is off")
