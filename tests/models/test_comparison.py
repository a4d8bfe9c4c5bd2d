import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="the networks need TensorFlow")

import keras
import tensorflow as tf

from models.comparison import AS_THE_SEED, NETWORKS, SEED_RECIPE, build_seed, split_by_picture, training_time
from models.network import multiply_adds
from models.training import OURS, TrainingSet, train_network

CLASSES = 3


def test_the_seeds_network_is_the_one_it_was() -> None:
    model = build_seed(43)
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds == [
        "InputLayer", "Conv2D", "MaxPooling2D", "Conv2D", "MaxPooling2D", "Conv2D",
        "Flatten", "Dense", "Dropout", "Dense",
    ]  # fmt: skip
    # Three convolutions without padding leave 4x4x128, which the dense layer of 256 sees whole.
    convolutions = 3 * 9 * 32 + 32 + 32 * 9 * 64 + 64 + 64 * 9 * 128 + 128
    assert model.count_params() == convolutions + (4 * 4 * 128 + 1) * 256 + (256 + 1) * 43
    assert multiply_adds(model) == (
        30 * 30 * 27 * 32 + 13 * 13 * 32 * 9 * 64 + 4 * 4 * 64 * 9 * 128 + 2048 * 256 + 256 * 43
    )
    assert model.output_shape == (None, 43), "it has no background"


def test_resnet50_sees_what_ours_sees_and_gives_as_many_logits() -> None:
    (contestant,) = NETWORKS["resnet50"](None, 1, "float32")
    model = contestant.method.build(CLASSES)
    assert (model.input_shape, model.output_shape) == ((None, 32, 32, 3), (None, CLASSES + 1))
    # Of the paper's network without its last layer, which keras counts so with the means and variances.
    assert model.count_params() == 23_587_712 + 2048 * (CLASSES + 1) + CLASSES + 1
    crops = np.random.default_rng(0).integers(0, 255, (2, 48, 48, 3)).astype(np.uint8)
    learnt, _ = contestant.method.disturb(tf.constant(crops), tf.zeros(2, tf.int64), tf.constant([-1]))
    assert (learnt.numpy() == OURS.view(tf.constant(crops)).numpy()).all(), "it learns from what it is asked"
    (ours,) = NETWORKS["signwatch"](None, 1, "float32")
    assert contestant.recipe == replace(ours.recipe, learning_rate=contestant.recipe.learning_rate)


def test_the_seed_is_trained_under_both_splits_and_alike_but_for_that() -> None:
    by_picture, by_track = NETWORKS["seed"](None, 1, "mixed_bfloat16")
    assert (by_picture.split, by_track.split) == ("picture", "track")
    assert by_picture.recipe == by_track.recipe
    assert by_track.recipe.epochs == 10
    assert by_track.recipe.precision == "float32"


def test_the_seed_learns_from_each_picture_once_an_epoch_and_as_it_is() -> None:
    labels = np.repeat([0, 1, 2], [50, 5, 5])
    rows = AS_THE_SEED.draw(labels, CLASSES, SEED_RECIPE, 0)
    assert sorted(rows) == list(range(60))
    assert (rows != AS_THE_SEED.draw(labels, CLASSES, SEED_RECIPE, 1)).any()
    crops = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), np.uint8)
    views, classes = AS_THE_SEED.disturb(tf.constant(crops), tf.constant([0, 1, 2, 0]), tf.constant([1, 0, 2, -1]))
    np.testing.assert_array_equal(views.numpy(), crops.astype(np.float32))
    assert classes.numpy().tolist() == [0, 1, 2, 0]
    optimizer = AS_THE_SEED.optimizer(SEED_RECIPE, 100)
    assert type(optimizer) is keras.optimizers.Adam
    assert float(optimizer.learning_rate) == pytest.approx(1e-4)


def test_a_split_by_picture_holds_the_share_out_and_nothing_is_on_both_sides() -> None:
    teaching, judging = split_by_picture(200, 0.08, seed=1)
    assert len(judging) == 16
    assert sorted(teaching + judging) == list(range(200))
    assert (teaching, judging) == split_by_picture(200, 0.08, seed=1)
    assert judging != split_by_picture(200, 0.08, seed=2)[1]
    assert np.ptp(judging) > 100, "drawn from everywhere"


def test_training_with_another_network_goes_on_from_its_last_whole_epoch(tmp_path: Path) -> None:
    (contestant, _) = NETWORKS["seed"](2, 1, "float32")
    labels = np.repeat([0, 1, 2], 22)
    data = TrainingSet(np.repeat(labels * 100, 32 * 32 * 3).reshape(-1, 32, 32, 3).astype(np.uint8), labels)

    def train(stop_at_step: int | None) -> Any:
        def report_step(done: int, total: int) -> None:
            if done == stop_at_step:
                raise KeyboardInterrupt

        mirrors = [None] * CLASSES
        return train_network(
            data, data, mirrors, contestant.recipe, tmp_path, None, report_step, lambda result: None, contestant.method
        )

    with pytest.raises(KeyboardInterrupt):
        train(stop_at_step=4)  # three steps an epoch: at the second's first
    assert training_time(tmp_path, 2) is None, "only one epoch is done"
    model = train(stop_at_step=None)
    assert model.output_shape == (None, CLASSES)
    history = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in history] == [1, 2]
    taken = training_time(tmp_path, 2)
    assert taken is not None
    assert taken[0] == pytest.approx(sum(line["seconds"] for line in history))
    assert taken[1] == pytest.approx(sum(line["processor_seconds"] for line in history))
    assert min(taken) > 0


def test_a_history_without_times_tells_no_training_time(tmp_path: Path) -> None:
    assert training_time(tmp_path, 1) is None
    (tmp_path / "history.jsonl").write_text('{"epoch": 1, "loss": 1.0}\n')
    assert training_time(tmp_path, 1) is None
    (tmp_path / "history.jsonl").write_text('{"epoch": 1, "seco')
    assert training_time(tmp_path, 1) is None
