"""How well are the other pictures read that people send?  One row a kind: rows on paper, frames, layouts, colours.

    python -m benchmarks pictures FILE --count 50
    python -m benchmarks pictures FILE --kinds frames layouts --seed 2
    python -m benchmarks pictures FILE --sheet sheet.png

FILE is pen_digits_30_writers.jsonl.gz, what 30 people drew on a tablet: see docs/data.md.

Every picture is composed by rule from real pen strokes: each number takes one writer's digits.  All of it comes from
the seed and the kind's name, so that two runs read the same pictures.  Seed 1 was used to choose the constants of
`lenet.preprocessing`; any other is held out.

A picture is right where `read` finds the right digits in reading order, and right and sure where each of them has the
verdict "sure" as well; where no digit is written, where it finds none.  "Wrong though sure": the answer is wrong, and
nothing in it says so.  "Blank": no digit found.
"""

from __future__ import annotations

import argparse
import io
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.held_out import Pairs, add_source, heading, readers
from benchmarks.pictures.kinds import KINDS
from benchmarks.pictures.strokes import Hand, Kind, Sample
from lenet.data.strokes import Drawing
from lenet.inference.digits import FoundDigit
from lenet.preprocessing.images import Picture


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_source(parser)
    parser.add_argument("--count", type=int, default=50, help="pictures of each kind")
    parser.add_argument("--seed", type=int, default=2, help="1 was used for tuning; others are held out")
    parser.add_argument("--kinds", nargs="+", help="groups of kinds, or words of their names; default: all")
    parser.add_argument("--sheet", type=Path, help="save samples here instead of reading any")
    parser.add_argument("--failures", type=Path, help="a folder to put pictures of what went wrong into")


def run(options: argparse.Namespace) -> int:
    pairs = readers(options)
    kinds = {
        (group, name): kind
        for group, some in KINDS.items()
        for name, kind in some.items()
        if not options.kinds or any(word == group or word in name for word in options.kinds)
    }
    if options.sheet:
        sheet(pairs, kinds, options.seed).save(options.sheet)
        return 0
    print(heading(pairs, options) + f", seed {options.seed}, {options.count} pictures of each kind\n")
    print("| group | picture | right | right and sure | wrong though sure | blank |")
    print("|---|---|---:|---:|---:|---:|")
    for (group, name), kind in kinds.items():
        shares = np.mean(measure(pairs, name, kind, options), axis=0)
        print(f"| {group} | {name} | " + " | ".join(f"{share:.0%}" for share in shares) + " |", flush=True)
    return 0


def measure(pairs: Pairs, name: str, kind: Kind, options: argparse.Namespace) -> list[tuple[bool, bool, bool, bool]]:
    """Of each picture: right, right and sure, wrong though sure, blank; the networks take turns."""
    rows = []
    for number in range(options.count):
        classifier, drawings = pairs[number % len(pairs)]
        sample = sample_of(drawings, name, kind, options.seed, number)
        reading = classifier.read_page(sample.picture)
        found = reading.digits
        right = reading.text == sample.text
        sure = bool(found or not sample.text) and all(f.prediction.verdict == "sure" for f in found)
        rows.append((right, right and sure, sure and not right, not found))
        if options.failures and not (right and sure):
            keep(options.failures, f"{name} {number}", sample, found)
    return rows


def sample_of(drawings: Sequence[Drawing], name: str, kind: Kind, seed: int, number: int) -> Sample:
    rng = np.random.default_rng([seed, zlib.crc32(name.encode()), number])
    writers = sorted({d.writer for d in drawings})
    writer = writers[int(rng.integers(len(writers)))]
    return kind(Hand([d for d in drawings if d.writer == writer]), rng)


def keep(folder: Path, name: str, sample: Sample, found: Sequence[FoundDigit]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    read = " ".join(f"{f.prediction.label or '_'}{f.prediction.verdict[0]}" for f in found)
    file = f"{name} is {sample.text} read {read}.png".replace("/", " of ")
    opened(sample.picture).save(folder / file)


def sheet(pairs: Pairs, kinds: dict[tuple[str, str], Kind], seed: int, side: int = 180) -> Image.Image:
    """A row of eight of each kind."""
    drawings = [d for _, some in pairs for d in some]
    page = Image.new("RGB", (8 * side, len(kinds) * side), (128, 128, 160))
    for row, ((_, name), kind) in enumerate(kinds.items()):
        for number in range(8):
            picture = opened(sample_of(drawings, name, kind, seed, number).picture)
            picture.thumbnail((side - 4, side - 4))
            page.paste(picture, (number * side, row * side))
    return page


def opened(picture: Picture) -> Image.Image:
    image = Image.open(io.BytesIO(picture)) if isinstance(picture, bytes) else picture
    assert isinstance(image, Image.Image)
    if image.mode == "RGBA":
        ground = Image.new("RGBA", image.size, (160, 190, 160, 255))
        return Image.alpha_composite(ground, image).convert("RGB")
    return image.convert("RGB")
