"""Which drawings may measure a network: those of writers that it never learned from."""

from __future__ import annotations

import argparse
from pathlib import Path

from lenet.data.strokes import FOLDS, PEN_FILE, Drawing, read_drawings, writer_fold, writer_split
from lenet.errors import LeNetError
from lenet.inference.digits import DigitClassifier

FOLD = "drawings-fold-"  # data sets that leave out a fifth of the tablet's writers


def add_source(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", type=Path, help=f"a .jsonl or .jsonl.gz file, or a folder with {PEN_FILE} or others")
    parser.add_argument(
        "--network",
        nargs="+",
        default=["digits"],
        help=f"names in weights/, or paths; of {FOLDS} networks of the recipes digits-fold-1 to -{FOLDS} each reads "
        "the writers that it did not learn from",
    )
    parser.add_argument("--writers", choices=("auto", "all", "val", "test"), default="auto")


Pairs = list[tuple[DigitClassifier, list[Drawing]]]  # each network and the drawings that it is to read


def readers(options: argparse.Namespace) -> Pairs:
    """The networks and the drawings that the options name.

    Raises:
        LeNetError: a file is missing or damaged.
    """
    files = sorted(options.source.glob("*.jsonl*")) if options.source.is_dir() else [options.source]
    if not files:
        raise LeNetError(f"There is no .jsonl or .jsonl.gz file in {options.source}.")
    pairs = []
    for name in options.network:
        classifier = DigitClassifier.from_pretrained(name)
        pairs.append((classifier, [d for file in files for d in chosen(file, classifier, options.writers)]))
    return pairs


def chosen(file: Path, classifier: DigitClassifier, writers: str) -> list[Drawing]:
    """The drawings in `file` of these `writers`; "auto" is those that the network did not learn from."""
    drawings = read_drawings(file)
    everybody = {d.writer for d in drawings}
    dataset = classifier.recipe.dataset
    _, val, test = writer_split(everybody)
    if writers == "auto" and file.name == PEN_FILE and dataset.startswith(FOLD):
        wanted = writer_fold(everybody, int(dataset.removeprefix(FOLD)))
    elif writers == "auto" and file.name == PEN_FILE and dataset == "pen":
        wanted = test
    else:
        wanted = {"val": val, "test": test}.get(writers, everybody)
    return [d for d in drawings if d.writer in wanted]


def heading(pairs: Pairs, options: argparse.Namespace) -> str:
    """What was read by what, in a line; and a warning where a network knew the writers."""
    drawings = [d for _, some in pairs for d in some]
    line = (
        f"{' '.join(Path(name).name for name in options.network)}: {len(drawings):,} drawings by "
        f"{len({d.writer for d in drawings})} writers ({options.writers})"
    )
    for classifier, some in pairs:
        dataset, writers = classifier.recipe.dataset, {d.writer for d in some}
        held = writer_fold(range(1, 31), int(dataset.removeprefix(FOLD))) if dataset.startswith(FOLD) else set()
        if dataset.startswith("drawings") and options.source.name == PEN_FILE and writers - held:
            line += f"\nNote: {classifier.recipe.name} learned from writers that it reads here: only others measure it."
    return line
