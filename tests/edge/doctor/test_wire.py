from pathlib import Path

from edge.curve import make_pair
from edge.doctor.wire import check_addresses, check_secret
from edge.publisher import SignPublisher


def test_each_address_is_bound_and_let_go_of() -> None:
    with SignPublisher("tcp://127.0.0.1:*") as taken:
        free, used, wide, none = check_addresses(
            ["tcp://127.0.0.1:*", taken.address, "tcp://0.0.0.0:*", "nonsense"], insecure=False, keys=None
        )
    assert (free.state, used.state, wide.state, none.state) == ("ok", "broken", "broken", "broken")
    assert used.found == f"{taken.address} is in use"
    assert used.mend == "end the program that holds it, or choose another port"
    assert "give keys" in (wide.mend or "")
    assert check_addresses([taken.address], insecure=False, keys=None)[0].state == "ok"


def test_a_secret_that_others_can_read_is_told(tmp_path: Path) -> None:
    _, secret = make_pair(tmp_path, "vehicle")
    assert check_secret(secret).state == "ok"
    secret.chmod(0o644)
    finding = check_secret(secret)
    assert (finding.state, finding.mend) == ("warning", f"chmod 600 {secret}")
