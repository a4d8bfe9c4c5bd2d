from importlib.util import find_spec

import pytest

pytest.importorskip("tensorflow", reason="the peers are made of the Keras file")
pytest.importorskip("tf2onnx", reason="that is how it becomes ONNX")

from edge.benchmarks.classifier_peers import PEERS, open_peers
from models.catalogue import load_catalogue
from models.classifier import load_classifier
from models.stand_ins import stand_in_crops
from models.weights_record import BUILT_IN


@pytest.mark.skipif(find_spec("openvino") is None, reason="it is one of the peers")
def test_others_run_the_same_network() -> None:
    catalogue = load_catalogue()
    crops = stand_in_crops(catalogue, 11, 1)
    ours = load_classifier(catalogue, BUILT_IN, "litert").probabilities(crops)
    networks, left_out = open_peers(BUILT_IN, 1)
    assert tuple(networks) == PEERS and not left_out
    for name, network in networks.items():
        # OpenVINO computes in bfloat16 where the processor does.
        assert network.probabilities(crops) == pytest.approx(ours, abs=0.15 if name == "openvino" else 1e-3)
