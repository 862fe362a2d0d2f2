"""Pictures of the views that the user added to a result, kept with it in the scene."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from typing import Any

from ...report.key_pictures import KeyPicture
from .result import Result

_KEY_IMAGES = "COVIDDetect.keyImages"


def key_images_of(result: Result) -> list[KeyPicture]:
    """Those of this number, numbered from 1: one for each view that was on screen."""
    from PIL import Image

    pictures = []
    for number, views in enumerate(_kept(result), 1):
        for view in views:
            with Image.open(io.BytesIO(base64.b64decode(view["jpeg"]))) as image:
                picture = image.convert("RGB")
            pictures.append(KeyPicture(view["axis"], view["position"], (), True, picture, number))
    return pictures


def count_key_images(result: Result) -> int:
    """How many there are."""
    return len(_kept(result))


def add_key_image(result: Result, views: Sequence[KeyPicture]) -> None:
    """Add what the views show as one more; after another score, which they do not show, the first."""
    entry = [
        {"axis": view.axis, "position": view.position, "jpeg": base64.b64encode(view.encoded("JPEG")).decode()}
        for view in views
    ]
    _keep(result, [*_kept(result), entry])


def remove_last_key_image(result: Result) -> None:
    """Take the last one back."""
    _keep(result, _kept(result)[:-1])


def _kept(result: Result) -> list[list[dict[str, Any]]]:
    kept = json.loads(result.node.GetAttribute(_KEY_IMAGES) or "{}")
    return kept["images"] if kept.get("of") == result.number_of else []


def _keep(result: Result, images: list[list[dict[str, Any]]]) -> None:
    result.node.SetAttribute(_KEY_IMAGES, json.dumps({"of": result.number_of, "images": images}))
