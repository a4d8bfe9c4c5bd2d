"""What the service answers, as its JSON has it. The OpenAPI document is made from these."""

from typing import Annotated, Literal

import msgspec

from edge.message_types import Milliseconds, Pixels, Score

Mode = Literal["crop", "scene"]

NO_SIGN = "No sign"
"""In place of a class's name."""


class Reading(msgspec.Struct, frozen=True):
    """One class that a picture could be of."""

    class_index: Annotated[int, msgspec.Meta(ge=0, examples=[14])]
    """Class in the catalogue of the weights in use; with those of the package, the class in GTSRB, 0 to 42."""
    class_name: Annotated[str, msgspec.Meta(examples=["Stop"])]
    """Its name in the catalogue."""
    code: Annotated[str, msgspec.Meta(examples=["206"])]
    """The country's own number for it; with the weights of the package, the one in the German StVO."""
    category: Annotated[str, msgspec.Meta(examples=["priority"])]
    """Family, such as `prohibitory` or `danger`."""
    value: int | float | None
    """The number on the sign where it has one, in `unit`."""
    unit: str | None
    """Unit of `value`, such as `km/h`."""
    confidence: Score
    """How sure the reading is, 0 to 1."""


class FoundSign(Reading, frozen=True, kw_only=True):
    """A sign and where it is."""

    box: tuple[float, float, float, float]
    """x, y, width, height in px of the picture as sent, upright; x to the right and y down."""
    top: list[Reading]
    """The likeliest classes, this one first."""


class Prediction(msgspec.Struct, frozen=True, kw_only=True):
    """What a picture shows. The first fields are those of its surest sign."""

    class_index: int | None
    """Class of the sign; null where there is none."""
    class_name: str
    """Its name; `No sign` where there is none."""
    code: str | None
    """The country's own number for it; null where there is none."""
    category: str | None
    """Its family; null where there is no sign."""
    confidence: Score
    """How sure that is, 0 to 1: that it is this sign, or that there is none. Of a scene without signs 0, since a sign
    may have been overlooked."""
    top: list[Reading]
    """The likeliest classes, best first, also where none is likely enough; empty for a scene without signs."""
    is_sign: bool
    """Whether there is a sign at all."""
    mode: Mode
    """How the picture was taken: as one sign that fills it, or as a scene that was searched."""
    size: tuple[Pixels, Pixels]
    """Width and height of the picture in px, upright."""
    signs: list[FoundSign]
    """Every sign in it, surest first."""
    backend: Annotated[str, msgspec.Meta(examples=["litert-int8"])]
    """What ran the network."""
    ms: Milliseconds
    """From the decoded picture to the answer, in milliseconds."""
    degraded: tuple[str, ...] = ()
    """What is not as it should be, a word each: `local-network` where the server that should run the network doesn't
    answer, and the service's own does."""


class Problem(msgspec.Struct, frozen=True):
    """Why there is no answer."""

    detail: Annotated[str, msgspec.Meta(examples=["this is no picture that can be read; send PNG, JPEG or WebP"])]
    """One line for people."""


class BatchItem(msgspec.Struct, frozen=True, kw_only=True):
    """One picture of several."""

    name: str
    """The file's name as sent."""
    status: Annotated[int, msgspec.Meta(examples=[200])]
    """HTTP status that it would have had by itself."""
    prediction: Prediction | None
    """What it shows; null where it can't be used."""
    detail: str | None
    """Why it can't be used; else null."""


class Batch(msgspec.Struct, frozen=True):
    """Several pictures, in the order in which they were sent."""

    predictions: list[BatchItem]
    """One for each."""


class SignOfCatalogue(msgspec.Struct, frozen=True):
    """A sign that can be told."""

    class_index: int
    """As in `Reading`."""
    class_name: str
    """As in `Reading`."""
    code: str
    """As in `Reading`."""
    category: str
    """As in `Reading`."""
    shape: str
    """Of its plate, such as `circle`."""
    value: int | float | None
    """As in `Reading`."""
    unit: str | None
    """As in `Reading`."""
    rules: list[str]
    """What a driver has to go by from it on."""
    drawing: str | None
    """Path of a drawing of it; null for catalogues other than the package's."""


class Signs(msgspec.Struct, frozen=True):
    """The catalogue of the weights in use."""

    digest: str
    """Changes with any class."""
    signs: list[SignOfCatalogue]
    """By class index."""


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What this service is and does, for its page."""

    version: str
    """Of Signwatch."""
    backend: str | None
    """What runs the network; null for the console of a live run."""
    predicts: bool
    """Whether pictures are answered."""
    scenes: bool
    """Whether whole pictures are searched."""
    live: bool
    """Whether there is a live view."""
    keys: bool
    """Whether a key is needed."""
    max_bytes: int
    """Of a request."""
    max_pictures: int
    """In one request."""


class Health(msgspec.Struct, frozen=True):
    """Whether it is well."""

    status: Literal["ok", "stopping", "waiting"]
    """`ok`, or why not."""


encode = msgspec.json.Encoder().encode
