"""Measures what the project claims; each prints one table, in Markdown.

python -m benchmarks drawings accuracy pen_digits_30_writers.jsonl.gz --network digits
python -m benchmarks drawings accuracy --help
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from types import ModuleType

from lenet.errors import LeNetError

# A program measures one topic; its tables are modules of benchmarks/PROGRAM/, or it is itself one.
PROGRAMS: dict[str, dict[str, str]] = {
    "drawings": {
        "accuracy": "pen drawings by brush width, and the same drawings changed",
        "calibration": "MNIST's test error, and whether the probabilities mean what they say",
        "kinds": "round zeros, a clock's digits, dashes",
        "not_digits": "letters, signs, scribbles: are they told from digits?",
        "numbers": "two to four digits side by side",
    },
    "paper": {"": "digits on photographed paper, by kind of photograph"},
    "pictures": {"": "rows, frames, layouts, colours, odd files: what people send besides one clean digit"},
    "photos": {
        "accuracy": "CIFAR-10's test split, with and without test-time augmentation",
        "folders": "your own photos, one folder a class",
        "crops": "which further crops of a photo help, and how to average them",
        "unknown": "what is none of the ten classes: is it told from photos of them?",
    },
    "explain": {
        "digits": "which way of telling the ink that counted is the most faithful",
        "photos": "which way of telling the parts of a photo that counted is the most faithful",
    },
    "training": {
        "step": "seconds an epoch: our loop, the tutorials', Keras's, bare arithmetic",
        "time": "seconds to 99% on MNIST and to 60% on CIFAR-10",
        "precision": "a recipe in float32 and in bfloat16",
    },
    "teach": {"": "classes of a person's own: accuracy against examples a class, three ways to learn, seconds"},
    "corrections": {"": "digits that were read wrong, learned by a copy: what it learns, what it forgets, seconds"},
    "latency": {
        "server": "milliseconds from a drawing to its answer on the server",
        "page": "milliseconds from the pen to the answer on screen, in Chromium",
        "bytes": "kilobytes that the page loads before it answers a drawing by itself",
        "training": "how soon a closed tab's place is free, and how often the page tells of a run",
    },
    "web": {"": "does the browser read drawings as Python does, and how fast?"},
    "memory": {
        "imports": "seconds and megabytes of `import lenet` and of the page's start",
        "run": "the peak of a training run on CIFAR-10",
        "page": "the server and the page over many training runs, in Chromium",
    },
    "load": {"": "a crowd of visitors who draw, memory after much use, and the start"},
    "classroom": {"": "30 visitors press one card at once: seconds until each has curves and a network"},
    "abuse": {"": "10,000 hostile requests: what leaks, what breaks, and what memory stays"},
    "classics": {"": "are the published claims reproduced? every classic recipe, three seeds"},
    "networks": {
        "table": "the networks in weights/ as their headers describe them: prints weights/README.md",
        "remeasure": "measure networks again and write it into their headers",
    },
}


def main(arguments: Sequence[str] | None = None) -> int:
    given = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    options = _parser(given).parse_args(given)
    try:
        return int(options.run(options) or 0)
    except LeNetError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _parser(given: Sequence[str]) -> argparse.ArgumentParser:
    """One parser for all; only the table that is asked for is imported, since imports are measured too."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    programs = parser.add_subparsers(required=True, metavar="NAME")
    for name, tables in PROGRAMS.items():
        asked = given[:1] == [name]
        if "" in tables:
            program = programs.add_parser(name, help=tables[""], formatter_class=argparse.RawDescriptionHelpFormatter)
            if asked:
                _fill(program, module_of(name, ""))
            continue
        program = programs.add_parser(name, help=", ".join(tables))
        chosen = program.add_subparsers(required=True, metavar="TABLE")
        for table, about in tables.items():
            one = chosen.add_parser(table, help=about, formatter_class=argparse.RawDescriptionHelpFormatter)
            if asked and given[1:2] == [table]:
                _fill(one, module_of(name, table))
    return parser


def module_of(program: str, table: str) -> ModuleType:
    """The module of a table: `add_arguments(parser)` and `run(options)`, which returns the exit status or None."""
    return importlib.import_module(".".join(filter(None, ("benchmarks", program, table))))


def _fill(parser: argparse.ArgumentParser, module: ModuleType) -> None:
    parser.description = module.__doc__
    module.add_arguments(parser)
    parser.set_defaults(run=module.run)


if __name__ == "__main__":
    sys.exit(main())
