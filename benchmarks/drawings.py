"""How well are real pen drawings read?  One row a brush width, our preprocessing beside the classic.

    python benchmarks/drawings.py ../shared/data/pen_digits_30_writers.jsonl.gz
    python benchmarks/drawings.py FOLDER --network digits --writers all

Each drawing is rendered black on white, 400 pixels square, and sent through the public API.  Where
the network learned from some of the file's writers, only the others are read unless --writers says
otherwise; choices are made on `val`, `test` is read to report.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from lenet.classifier import UNSURE_BELOW, Classifier, Prediction
from lenet.errors import LeNetError
from lenet.strokes import PEN_FILE, Drawing, read_drawings, render, writer_split

WIDTHS = (6, 14, 28, 44)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path, help=f"a .jsonl or .jsonl.gz file, or a folder with {PEN_FILE} or others")
    parser.add_argument("--network", default="digits", help="a name in weights/, or a path")
    parser.add_argument("--writers", choices=("auto", "all", "val", "test"), default="auto")
    options = parser.parse_args()
    try:
        classifier = Classifier.from_pretrained(options.network)
        files = sorted(options.source.glob("*.jsonl*")) if options.source.is_dir() else [options.source]
        if not files:
            raise LeNetError(f"There is no .jsonl or .jsonl.gz file in {options.source}.")
        drawings = [d for file in files for d in chosen(file, classifier, options.writers)]
    except LeNetError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    people = len({d.writer for d in drawings})
    print(f"{options.network}: {len(drawings):,} drawings by {people} writers ({options.writers})\n")
    print("| brush width of 400 | ours | classic | ours, unsure | ours, wrong though sure |")
    print("|---:|---:|---:|---:|---:|")
    rows = [[*measure(classifier, drawings, width)] for width in WIDTHS]
    for width, row in zip(WIDTHS, rows, strict=True):
        print(f"| {width} | " + " | ".join(f"{value:.2%}" for value in row) + " |")
    print("| mean | " + " | ".join(f"{sum(column) / len(rows):.2%}" for column in zip(*rows, strict=True)) + " |")
    print(f"\nunsure: a confidence below {UNSURE_BELOW}, or blank")
    return 0


def chosen(file: Path, classifier: Classifier, writers: str) -> list[Drawing]:
    drawings = read_drawings(file)
    if writers == "auto":
        writers = "test" if file.name == PEN_FILE and "pen" in classifier.recipe.dataset else "all"
    if writers == "all":
        return drawings
    _, val, test = writer_split(d.writer for d in drawings)
    return [d for d in drawings if d.writer in {"val": val, "test": test}[writers]]


def measure(classifier: Classifier, drawings: Sequence[Drawing], width: int) -> tuple[float, float, float, float]:
    """Fractions: right by our road, right by the classic one, unsure, and sure but wrong."""
    right = classic = unsure = misled = 0
    for start in range(0, len(drawings), 500):
        some = drawings[start : start + 500]
        pictures = [render(d.strokes, width) for d in some]
        for d, prediction in zip(some, classifier.predict_batch(pictures), strict=True):
            right += _is(prediction, d)
            unsure += prediction.verdict != "sure"
            misled += prediction.verdict == "sure" and not _is(prediction, d)
        classic += sum(_is(p, d) for p, d in zip(classifier.predict_batch(pictures, "classic"), some, strict=True))
    count = len(drawings)
    return right / count, classic / count, unsure / count, misled / count


def _is(prediction: Prediction, drawing: Drawing) -> bool:
    return prediction.label == str(drawing.label)


if __name__ == "__main__":
    sys.exit(main())
