from pathlib import Path

import pytest

from edge.remote.address import RemoteAddress, parse_address


def test_an_address_is_protocol_place_and_model() -> None:
    address = parse_address("kserve+grpc://127.0.0.1:8081/signwatch")
    assert address == RemoteAddress("kserve+grpc", "127.0.0.1", 8081, "signwatch", 0.25, "auto")
    assert str(address) == "kserve+grpc://127.0.0.1:8081/signwatch"


def test_settings_follow_the_address_and_are_not_shown() -> None:
    address = parse_address("tfserving+https://[2001:db8::1]:8501/m?timeout=80&fallback=none&ca=a.pem&cert=b.pem&key=c")
    assert (address.protocol, address.encrypted, address.place) == ("tfserving+http", True, "[2001:db8::1]:8501")
    assert (address.timeout_s, address.fallback) == (0.08, None)
    assert (address.authorities, address.identity) == (Path("a.pem"), (Path("b.pem"), Path("c")))
    assert str(address) == "tfserving+https://[2001:db8::1]:8501/m"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("http://127.0.0.1:1/m", "http:// is no protocol of a remote classifier; there are kserve"),
        ("kserve+grpc://127.0.0.1/m", "wants HOST:PORT/MODEL"),
        ("kserve+grpc://:8081/m", "wants HOST:PORT/MODEL"),
        ("kserve+grpc://127.0.0.1:99999/m", "no address .*out of range"),
        ("kserve+grpc://127.0.0.1:0/m", "wants HOST:PORT/MODEL"),
        ("kserve+grpc://user:secret@127.0.0.1:1/m", "wants HOST:PORT/MODEL"),
        ("kserve+grpc://[::1/m", "no address"),
        ("kserve+grpc://127.0.0.1:8081", "wants a model's name"),
        ("tfserving+http://127.0.0.1:8081/../admin", "wants a model's name"),
        ("kserve+grpc://127.0.0.1:8081/m?timeout=soon", "timeout=soon: takes milliseconds"),
        ("kserve+grpc://127.0.0.1:8081/m?timeout=nan", "timeout=nan"),
        ("kserve+grpc://127.0.0.1:8081/m?timeout=0", "timeout=0"),
        ("kserve+grpc://127.0.0.1:8081/m?fallback=keras", "fallback=keras: takes auto, litert, litert-int8, none"),
        ("kserve+grpc://127.0.0.1:8081/m?fallbak=none", "fallbak: no setting"),
        ("kserve+grpc://127.0.0.1:8081/m?timeout=1&timeout=2", "given twice"),
        ("kserve+grpcs://127.0.0.1:8081/m?cert=a", "cert and key belong together"),
        ("kserve+grpc://127.0.0.1:8081/m?ca=a", "encrypted connection: kserve[+]grpcs"),
    ],
)
def test_what_is_no_address_is_refused_in_words(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as refused:
        parse_address(text)
    assert "secret" not in str(refused.value)


def test_pictures_go_to_another_machine_encrypted_or_when_that_is_allowed() -> None:
    with pytest.raises(ValueError, match=r"kserve\+grpcs://, or allow it with .plaintext=yes"):
        parse_address("kserve+grpc://model-server:8081/signwatch")
    assert parse_address("kserve+grpc://model-server:8081/signwatch?plaintext=yes").host == "model-server"
    assert parse_address("kserve+grpcs://model-server:8081/signwatch").encrypted
    assert parse_address("kserve+grpc://localhost:8081/signwatch").host == "localhost"
