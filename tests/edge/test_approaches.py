"""What a drive made from a still promises: its truth is where it says, and no detail is invented."""

import cv2
import numpy as np
import pytest

from edge.approaches import (
    LEAVING_FRAMES,
    MOST_ENLARGED,
    START_SIDE_PX,
    Still,
    ViewOfRoad,
    drive,
    plan,
)

SIZE = (680, 400)


def still(*boxes: tuple[float, float, float, float]) -> Still:
    """A grey street with white squares for signs."""
    image = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)
    for x, y, w, h in boxes:
        image[int(y) : int(y + h), int(x) : int(x + w)] = 250
    return Still(image, np.array(boxes, np.float32).reshape(-1, 4))


def views(of: Still, seed: int = 1) -> list[ViewOfRoad]:
    return list(drive(of, plan(of, seed), seed))


@pytest.fixture(scope="module")
def towards() -> list[ViewOfRoad]:
    return views(still((430, 180, 48, 48), (80, 150, 24, 24)))


def test_the_same_seed_is_the_same_drive_and_another_one_is_not() -> None:
    of = still((300, 180, 40, 40))
    first, again, other = views(of, 3), views(of, 3), views(of, 4)
    assert len(first) == len(again)
    assert all((a.image == b.image).all() for a, b in zip(first, again, strict=True))
    assert len(first) != len(other) or (first[0].image != other[0].image).any()


def test_true_boxes_are_where_the_signs_are_seen(towards: list[ViewOfRoad]) -> None:
    checked = 0
    for view in towards[:-LEAVING_FRAMES]:
        for (x, y, w, h), visible in zip(view.boxes_xywh_px.tolist(), view.visible.tolist(), strict=True):
            if visible < 0.999 or w < 12:
                continue
            around = view.image[max(0, round(y) - 5) : round(y + h) + 5, max(0, round(x) - 5) : round(x + w) + 5, 1]
            rows, columns = np.nonzero(around > 170)
            middle = (columns.mean() + 0.5 + max(0, round(x) - 5), rows.mean() + 0.5 + max(0, round(y) - 5))
            assert middle == pytest.approx((x + w / 2, y + h / 2), abs=1.0)
            assert np.sqrt((around > 170).sum()) == pytest.approx(w, abs=2.0)
            checked += 1
    assert checked > 20


def test_the_largest_sign_comes_from_afar_and_leaves(towards: list[ViewOfRoad]) -> None:
    sides = [float(view.boxes_xywh_px[0, 2]) for view in towards]
    assert 0.98 * START_SIDE_PX[0] <= sides[0] <= 1.02 * START_SIDE_PX[1]
    assert sides == sorted(sides)
    grown = np.diff(np.log(sides))
    assert (np.diff(grown) > 0).all(), "what comes nearer grows ever faster"
    assert towards[-LEAVING_FRAMES - 1].visible[0] == pytest.approx(1)
    assert towards[-1].visible[0] == 0


def test_nothing_is_seen_larger_than_a_tenth_above_the_still(towards: list[ViewOfRoad]) -> None:
    for drive_views in (towards, views(still())):
        assert max(view.scale for view in drive_views) == pytest.approx(MOST_ENLARGED)
        assert all(view.image.shape == (SIZE[1], SIZE[0], 3) for view in drive_views)


def test_around_the_still_there_is_no_detail() -> None:
    of = still((430, 180, 100, 100))
    of.image[:, :, 0] = np.where(np.indices(SIZE[::-1]).sum(axis=0) // 40 % 2, 40, 200)
    first = views(of)[0]
    left, top = (first.boxes_xywh_px[0, :2] - of.boxes_xywh_px[0, :2] * first.scale).tolist()
    detail = np.abs(cv2.Laplacian(first.image[..., 0].astype(np.float32), cv2.CV_32F))
    inside = np.zeros(SIZE[::-1], np.bool_)
    width, height = SIZE[0] * first.scale, SIZE[1] * first.scale
    inside[round(top) - 9 : round(top + height) + 9, round(left) - 9 : round(left + width) + 9] = True
    assert 0.01 < inside.mean() < 0.2
    assert detail[inside].mean() > 3 * detail[~inside].mean()


def test_the_camera_shakes_and_two_signs_shake_alike(towards: list[ViewOfRoad]) -> None:
    down = np.array([view.boxes_xywh_px[:, 1] + view.boxes_xywh_px[:, 3] / 2 for view in towards])
    jerks = np.diff(down[:-LEAVING_FRAMES], n=2, axis=0)
    assert jerks.std(axis=0).min() > 0.3
    assert np.corrcoef(jerks.T)[0, 1] > 0.9


def test_a_street_without_signs_is_driven_along_too() -> None:
    empty = views(still())
    assert empty[0].boxes_xywh_px.shape == (0, 4)
    assert empty[0].visible.shape == (0,)
    assert [view.time_s for view in empty] == pytest.approx([number / 30 for number in range(len(empty))])
