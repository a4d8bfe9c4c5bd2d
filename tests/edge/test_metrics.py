from collections.abc import Iterator
from contextlib import closing
from urllib.request import urlopen

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from edge.errors import WireError
from edge.metrics import LiveMetrics
from tests.edge.messages import HEALTH, MESSAGE, SIGN


@pytest.fixture
def metrics() -> Iterator[LiveMetrics]:
    with closing(LiveMetrics("127.0.0.1", 0)) as metrics:
        yield metrics


def scraped(metrics: LiveMetrics) -> dict[tuple[str, ...], float]:
    """Every sample by its name and labels' values, as a Prometheus server reads them."""
    with urlopen(metrics.address, timeout=10) as answer:
        text = answer.read().decode()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_what_health_says_is_passed_on(metrics: LiveMetrics) -> None:
    front = msgspec.structs.replace(HEALTH, source="front", captured=9, published=7, dropped=2, openings=3, faults=4)
    rear = msgspec.structs.replace(front, source="rear", state="fault", openings=0, frame_age_ms=None)
    metrics.note_health([front, rear])
    found = scraped(metrics)
    assert found["signwatch_frames_captured_total", "front"] == 9
    assert found["signwatch_frames_published_total", "front"] == 7
    assert found["signwatch_frames_dropped_total", "front"] == 2
    assert found["signwatch_source_faults_total", "front"] == 4
    assert found["signwatch_reconnects_total", "front"] == 2, "the first opening is none"
    assert found["signwatch_reconnects_total", "rear"] == 0
    assert found["signwatch_source_up", "rear"] == 0
    assert ("signwatch_frame_age_seconds", "rear") not in found
    assert found["signwatch_subscribers",] == HEALTH.subscribers
    assert found["signwatch_refused_connections_total",] == HEALTH.refused
    assert found["process_resident_memory_bytes",] > 0


def test_what_is_degraded_no_more_goes_back_to_0(metrics: LiveMetrics) -> None:
    metrics.note_health([msgspec.structs.replace(HEALTH, source="front", degraded=("half-size",))])
    assert scraped(metrics)["signwatch_degraded", "front", "half-size"] == 1
    metrics.note_health([msgspec.structs.replace(HEALTH, source="front", degraded=())])
    assert scraped(metrics)["signwatch_degraded", "front", "half-size"] == 0


def test_each_frame_is_timed_and_each_confirmed_sign_counts_once(metrics: LiveMetrics) -> None:
    latency = msgspec.structs.replace(MESSAGE.latency_ms, candidates=4.0, classify=1.0, total=40.0)
    tentative = msgspec.structs.replace(SIGN, track=1, state="tentative")
    confirmed = msgspec.structs.replace(SIGN, track=1, state="confirmed")
    other = msgspec.structs.replace(SIGN, track=2, state="confirmed")
    for signs in [(tentative,), (confirmed,), (confirmed, other), (other,), ()]:
        metrics.note_frame(
            msgspec.structs.replace(MESSAGE, source="front", latency_ms=latency, signs=signs), candidates=20
        )
    found = scraped(metrics)
    assert found["signwatch_signs_confirmed_total", "front"] == 2
    assert found["signwatch_latency_seconds_count", "front", "total"] == 5
    assert found["signwatch_latency_seconds_sum", "front", "total"] == pytest.approx(0.2)
    assert found["signwatch_latency_seconds_bucket", "0.005", "front", "candidates"] == 5
    assert found["signwatch_latency_seconds_bucket", "0.002", "front", "candidates"] == 0
    assert found["signwatch_candidates_sum", "front"] == 100


def test_a_port_in_use_is_an_error_with_its_mend(metrics: LiveMetrics) -> None:
    port = int(metrics.address.rpartition(":")[2].partition("/")[0])
    with pytest.raises(WireError, match=rf"127.0.0.1:{port} \(Address already in use\); choose another"):
        LiveMetrics("127.0.0.1", port)


def test_an_address_of_nobody_is_an_error_too() -> None:
    with pytest.raises(WireError, match="can't be served on"):
        LiveMetrics("192.0.2.1", 0)


def test_the_port_is_let_go_of() -> None:
    with closing(LiveMetrics("127.0.0.1", 0)) as first:
        port = int(first.address.rpartition(":")[2].partition("/")[0])
    LiveMetrics("127.0.0.1", port).close()
