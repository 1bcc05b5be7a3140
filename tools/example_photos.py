"""The example pictures of the Photo tab: scenes drawn by this program, not photographed.

Every picture in lenet/ui/photo/examples comes from here, so that the project ships no one else's pictures.  The
scenes show six of the ten CIFAR-10 classes; their sizes differ on purpose, one is stored lying on its
side with an EXIF orientation tag, as phones store theirs, and in one what it shows stands far to the side.

    python -m tools.example_photos [name ...]
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from tools.scenes.airplane import airplane
from tools.scenes.automobile import automobile
from tools.scenes.frog import frog
from tools.scenes.horse import horse, horse_aside
from tools.scenes.ship import ship
from tools.scenes.truck import truck

EXAMPLES = Path(__file__).parents[1] / "lenet" / "ui" / "photo" / "examples"
QUALITY = 85
UPRIGHT_IS_CLOCKWISE = 6  # EXIF orientation: viewers turn the stored picture a quarter clockwise
ORIENTATION_TAG = 0x0112

SCENES: dict[str, Callable[[], Image.Image]] = {
    "airplane": airplane,
    "automobile": automobile,
    "frog": frog,
    "horse": horse,
    "horse-aside": horse_aside,
    "ship": ship,
    "truck": truck,
}
LYING = ("truck",)


def save(name: str, picture: Image.Image) -> Path:
    path = EXAMPLES / f"{name}.jpg"
    exif = Image.Exif()
    if name in LYING:
        picture = picture.transpose(Image.Transpose.ROTATE_90)
        exif[ORIENTATION_TAG] = UPRIGHT_IS_CLOCKWISE
    picture.save(path, quality=QUALITY, optimize=True, exif=exif)
    return path


if __name__ == "__main__":
    for scene in sys.argv[1:] or SCENES:
        written = save(scene, SCENES[scene]())
        print(f"{written.name}: {written.stat().st_size / 1024:.0f} KB")
