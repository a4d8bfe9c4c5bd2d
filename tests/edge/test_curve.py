import stat
from pathlib import Path

import pytest

from edge.curve import KeyPair, PublisherKeys, SubscriberKeys, make_pair, read_allowed, read_pair, read_public
from edge.errors import WireError
from edge.publisher import SignPublisher
from edge.subscriber import SignSubscriber
from tests.edge.messages import MESSAGE, numbered
from tests.waiting import PATIENCE_S, eventually


class Vehicle:
    """A publisher's keys and those of a subscriber that it lets in, one that it doesn't, and a false publisher."""

    def __init__(self, folder: Path) -> None:
        self.pairs: dict[str, KeyPair] = {}
        for name in ("publisher", "control", "stranger", "impostor"):
            self.pairs[name] = read_pair(make_pair(folder, name)[1])
        allowed = folder / "allowed"
        allowed.mkdir()
        (folder / "control.key").rename(allowed / "control.key")
        self.keys = PublisherKeys(self.pairs["publisher"], read_allowed(allowed))

    def subscriber(self, who: str, publisher: str = "publisher") -> SubscriberKeys:
        return SubscriberKeys(self.pairs[who], self.pairs[publisher].public)


@pytest.fixture(scope="module")
def vehicle(tmp_path_factory: pytest.TempPathFactory) -> Vehicle:
    return Vehicle(tmp_path_factory.mktemp("keys"))


@pytest.mark.parametrize("address", ["tcp://0.0.0.0:*", "ipc"])
def test_with_keys_the_wire_may_be_wider_and_who_is_on_the_list_listens(
    vehicle: Vehicle, address: str, tmp_path: Path
) -> None:
    bound = f"ipc://{tmp_path}/signs" if address == "ipc" else address
    with SignPublisher(bound, keys=vehicle.keys) as publisher:
        reached = publisher.address.replace("0.0.0.0", "127.0.0.1")
        with SignSubscriber(reached, keys=vehicle.subscriber("control")) as subscriber:
            assert publisher.wait_for_subscriber(PATIENCE_S)
            publisher.publish(MESSAGE)
            assert subscriber.receive(PATIENCE_S) == MESSAGE
        assert publisher.refused == 0


def test_strangers_are_refused_and_counted_and_disturb_nobody(vehicle: Vehicle) -> None:
    with (
        SignPublisher("tcp://127.0.0.1:*", keys=vehicle.keys) as publisher,
        SignSubscriber(publisher.address, keys=vehicle.subscriber("control")) as subscriber,
    ):
        assert publisher.wait_for_subscriber(PATIENCE_S)
        strangers = (
            vehicle.subscriber("stranger"),  # a key that is not on the list
            vehicle.subscriber("control", "impostor"),  # one that expects somebody else
            None,  # and none at all
        )
        for seq, keys in enumerate(strangers):
            wanted = publisher.refused + 1
            with SignSubscriber(publisher.address, keys=keys) as refused:
                eventually(lambda wanted=wanted: publisher.refused >= wanted)  # type: ignore[misc]
                publisher.publish(numbered(seq))
                assert refused.receive(0.1) is None
        assert publisher.subscriptions() == 1
        assert [subscriber.receive(PATIENCE_S) for _ in range(3)] == [numbered(seq) for seq in range(3)]


def test_a_secret_key_is_its_owners_alone(tmp_path: Path) -> None:
    public, secret = make_pair(tmp_path, "control")
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert read_pair(secret).public == read_public(public) == read_public(secret)
    assert read_pair(secret).secret.decode() not in public.read_text()


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    _, secret = make_pair(tmp_path, "control")
    before = secret.read_bytes()
    with pytest.raises(WireError, match="is there already"):
        make_pair(tmp_path, "control")
    assert secret.read_bytes() == before


@pytest.mark.parametrize("name", ["", "../control", "a b", ".hidden", "a/b"])
def test_a_name_is_no_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(WireError, match="no name for a key"):
        make_pair(tmp_path, name)


@pytest.mark.parametrize("content", [b"", b"no key", b'public-key = "short"', b"\xff\xfe" * 100])
def test_a_file_that_is_no_key_is_one_clear_line(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "control.key_secret"
    file.write_bytes(content)
    with pytest.raises(WireError, match=r"control\.key_secret"):
        read_pair(file)


def test_missing_keys_are_named(tmp_path: Path) -> None:
    public, _ = make_pair(tmp_path / "here", "control")
    with pytest.raises(WireError, match="holds no secret key"):
        read_pair(public)
    with pytest.raises(WireError, match=r"nowhere\.key"):
        read_public(tmp_path / "nowhere.key")
    with pytest.raises(WireError, match="nobody could subscribe"):
        read_allowed(tmp_path)
