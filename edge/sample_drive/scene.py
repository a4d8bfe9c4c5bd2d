"""Renders the scene at one moment: backdrop, ground, then everything else from far to near."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from edge.sample_drive.art_buildings import HouseSkin, build_house
from edge.sample_drive.art_plants import soft_shadow
from edge.sample_drive.art_vehicles import PAINT_BGR, VehicleSkin, draw_car, draw_lorry
from edge.sample_drive.backdrop import draw_backdrop, paint_backdrop
from edge.sample_drive.camera import View
from edge.sample_drive.compositing import (
    Image,
    Light,
    Texture,
    clearness,
    make_texture,
    paste,
)
from edge.sample_drive.daylight import Daylight
from edge.sample_drive.drawings import draw_sign
from edge.sample_drive.ground import Ground
from edge.sample_drive.layout import House, Layout, PlacedSign, Vehicle
from edge.sample_drive.noise import fractal_noise
from edge.sample_drive.roadside import FARTHEST_M, NEAREST_M, Pasting, Roadside

_SIGN_TEXTURE_PX = 256
_SQUARE = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])


def sign_points(sign: PlacedSign, shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn points of the sign's square (n, 2), shares of it, into road coordinates (n, 3)."""
    right = np.array([np.cos(sign.yaw_rad), 0.0, np.sin(sign.yaw_rad)])
    down = np.array([0.0, -1.0, 0.0])
    cos, sin = np.cos(sign.roll_rad), np.sin(sign.roll_rad)
    x, y = (shares - 0.5).T[..., None] * sign.width_m
    points = np.array(sign.centre_m) + x * (right * cos + down * sin) + y * (down * cos - right * sin)
    return np.asarray(points, np.float64)


def _sign_texture(rng: np.random.Generator, sign: PlacedSign) -> Texture:
    """Draw the sign as it hangs there: a little dirty, brighter towards the sky."""
    drawn = draw_sign(sign.class_id, _SIGN_TEXTURE_PX).astype(np.float32)
    dirt = 1.0 + 0.018 * fractal_noise(rng, (_SIGN_TEXTURE_PX, _SIGN_TEXTURE_PX), 1.2)
    fall = np.linspace(1.04, 0.94, _SIGN_TEXTURE_PX, dtype=np.float32)[:, None]
    bgr = drawn[..., 2::-1] * (dirt * fall * sign.gain)[..., None]
    return make_texture(np.dstack([np.clip(bgr, 0, 255), drawn[..., 3]]).astype(np.uint8))


class Scene:
    """Holds the textures of one layout and renders it for any view."""

    def __init__(self, rng: np.random.Generator, layout: Layout, daylight: Daylight, view: View) -> None:
        self._layout = layout
        self._daylight = daylight
        self._ground = Ground(rng, view.focal_px)
        self._backdrop = paint_backdrop(rng, view.size_wh, int(np.ceil(view.centre_px[1])))
        self._roadside = Roadside(rng, layout.uprights, daylight)
        self._shadow = soft_shadow()
        self._signs = [_sign_texture(rng, sign) for sign in layout.signs]
        self._houses = [
            build_house(rng, house.depth_m, house.length_m, house.eaves_m, house.rise_m) for house in layout.houses
        ]
        from_behind = [draw_car(bgr, rear=True) for bgr in PAINT_BGR]
        self._vehicles = {
            "car ahead": from_behind,
            "car parked": from_behind,
            "car oncoming": [draw_car(bgr, rear=False) for bgr in PAINT_BGR],
            "lorry": [draw_lorry()],
        }

    def render(self, view: View, seconds: float) -> Image:
        """Render the view, uint8 (h, w, 3), BGR, as light falls in: no exposure, no noise."""
        width, height = view.size_wh
        picture: Image = np.empty((height, width, 3), np.uint8)
        draw_backdrop(picture, self._backdrop, view)
        self._ground.draw(picture, view, self._daylight)
        for shadow in self._roadside.shadows(view):
            shadow.draw(picture)

        # One plane at a time, the farthest first; a sign's plane comes after its pole's.
        things = list(self._roadside.things(view))
        for house, house_skin in zip(self._layout.houses, self._houses, strict=True):
            if NEAREST_M < house.station_m - view.station_m < FARTHEST_M:
                things += self._house_faces(view, house, house_skin)
        for vehicle in self._layout.vehicles:
            station = vehicle.station_m + vehicle.speed_m_s * seconds
            if NEAREST_M < station - view.station_m < FARTHEST_M:
                skins = self._vehicles[vehicle.kind]
                skin = skins[vehicle.variant % len(skins)]
                things += self._vehicle_layers(picture, view, vehicle, station, skin)
        signs = [
            (sign, texture)
            for sign, texture in zip(self._layout.signs, self._signs, strict=True)
            if NEAREST_M < sign.centre_m[2] - view.station_m < FARTHEST_M
        ]
        order: list[tuple[float, Pasting | tuple[PlacedSign, Texture]]] = [
            *((thing.station_m, thing) for thing in things),
            *((sign.centre_m[2], (sign, texture)) for sign, texture in signs),
        ]
        for _, thing in sorted(order, key=lambda item: -item[0]):
            if isinstance(thing, Pasting):
                thing.draw(picture)
            else:
                self._draw_sign(picture, view, *thing)
        return picture

    def _light(self, view: View, station_m: float) -> Light:
        gain = float(self._daylight.at(np.array([station_m]))[0])
        return Light(gain, clearness(station_m - view.station_m))

    def _draw_sign(self, picture: Image, view: View, sign: PlacedSign, texture: Texture) -> None:
        quad = view.project(sign_points(sign, _SQUARE))
        light = self._light(view, sign.centre_m[2])
        smear = view.smear_px(quad.mean(axis=0), sign.centre_m[2] - view.station_m)
        paste(picture, texture, quad, light, smear, fine=True)

    def _house_faces(self, view: View, house: House, skin: HouseSkin) -> Iterator[Pasting]:
        side = float(np.sign(house.offset_m))
        inner, outer = house.offset_m, house.offset_m + side * house.depth_m
        left, right = min(inner, outer), max(inner, outer)
        ridge, over = (inner + outer) / 2.0, inner - side * 0.35
        near, far = house.station_m, house.station_m + house.length_m
        eaves, top = house.eaves_m, house.eaves_m + house.rise_m
        light = self._light(view, near)
        faces = (
            (skin.wall, [[inner, eaves, near], [inner, eaves, far], [inner, 0.0, far],
                         [inner, 0.0, near]]),
            (skin.gable, [[left, top, near], [right, top, near], [right, 0.0, near],
                          [left, 0.0, near]]),
            (skin.roof, [[ridge, top + 0.1, near - 0.4], [ridge, top + 0.1, far + 0.4],
                         [over, eaves - 0.2, far + 0.4], [over, eaves - 0.2, near - 0.4]]),
        )  # fmt: skip
        quads = view.project(np.array([corners for _, corners in faces]))
        for (texture, _), quad in zip(faces, quads, strict=True):
            smear = view.smear_px(quad.mean(axis=0), (near + far) / 2.0 - view.station_m)
            yield Pasting(near, texture, quad, light, smear)

    def _vehicle_layers(
        self, picture: Image, view: View, vehicle: Vehicle, near: float, skin: VehicleSkin
    ) -> Iterator[Pasting]:
        half, end = skin.width_m / 2.0, near + skin.length_m
        left, right = vehicle.offset_m - half, vehicle.offset_m + half
        wide = 0.35 * half
        ground = [[left - wide, 0.0, end + 0.6], [right + wide, 0.0, end + 0.6],
                  [right + wide, 0.0, near - 0.5], [left - wide, 0.0, near - 0.5]]  # fmt: skip
        paste(picture, self._shadow, view.project(np.array(ground)), Light())

        inner = right if vehicle.offset_m < 1.0 else left
        nose, tail = (near, end) if vehicle.kind == "car oncoming" else (end, near)
        back, sill = near + skin.cabin_setback_m, skin.body_height_m - 0.06
        high = skin.height_m

        def across(texture: Texture, top: float, bottom: float, at: float) -> Pasting:
            return layer(texture, [[left, top, at], [right, top, at], [right, bottom, at],
                                   [left, bottom, at]])  # fmt: skip

        def layer(texture: Texture, corners: list[list[float]]) -> Pasting:
            quad = view.project(np.array(corners))
            smear = (0.0, 0.0) if going_along else view.smear_px(quad.mean(axis=0), near_m)
            return Pasting(near, texture, quad, light, smear)

        light = self._light(view, near)
        near_m = near - view.station_m
        going_along = vehicle.kind == "car ahead"
        if not going_along:
            lean = skin.lean_m if inner == left else -skin.lean_m
            roof = inner + lean
            yield layer(skin.side, [[roof, high, nose], [roof, high, tail], [inner, 0.0, tail],
                                    [inner, 0.0, nose]])  # fmt: skip
        if skin.cabin is not None:
            yield across(skin.cabin, high, sill, back)
        yield across(skin.body, skin.body_height_m, 0.0, near)
