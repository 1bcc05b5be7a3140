"""Train a network of the LeNet family, or measure one.

python train.py --list                    what can be trained
python train.py digits-demo               seconds, without any download
python train.py --evaluate weights/photos.safetensors
python train.py --export onnx weights/digits.safetensors
torchrun --nproc-per-node 2 train.py digits-demo
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import NoReturn

from tqdm import tqdm

from lenet import keras_twins, parallel
from lenet.checkpoint import save_somewhere, write_file
from lenet.datasets import Dataset, answerable, load_test
from lenet.errors import CheckpointError, DivergedError, LeNetError
from lenet.evaluation import FIRST_TEST_IMAGES, finish
from lenet.export import write_onnx
from lenet.logbook import logbook, logs
from lenet.metrics import accuracy, accuracy_per_class
from lenet.models import count_parameters
from lenet.pretrained import Checkpoint, load, save
from lenet.recipes import RECIPES, recipe_named
from lenet.resume import load_state, save_state
from lenet.teacher import lessons
from lenet.training import EpochEnd, Event, Step, TrainingState, change_lr, evaluate, fit, lr_in_words, start
from lenet.ui.figures import curves

SECONDS_BETWEEN_SAVES = 60
RESUMABLE = ".resume.safetensors"  # the ending of a run that can go on
EXPLODING = 3  # times the loss that a run began with: it will diverge, and is not worth keeping


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        if options.list:
            print_recipes()
        elif options.evaluate:
            print_evaluation(options.evaluate, options.data)
        elif options.export and options.recipe and options.recipe.endswith(".safetensors"):
            print_export(Path(options.recipe), options.out)
        elif options.recipe or options.resume:
            run(options)
        else:
            _parser().print_help()
    except LeNetError as error:
        if parallel.first_here():
            print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:  # of a folder that may not even be looked into
        if error.filename is None:
            raise
        print(f"error: {error.filename}: {error.strerror}.", file=sys.stderr)  # of each process: it may be its own
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130  # what a shell reports for a program that Ctrl-C ended
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "recipe", nargs="?", metavar="RECIPE", help="a name that --list shows; with --export also a weights file"
    )
    parser.add_argument("--list", action="store_true", help="show every recipe")
    parser.add_argument("--evaluate", metavar="WEIGHTS", help="measure a weights file on its test split")
    parser.add_argument("--resume", metavar="FILE", help="go on with a run saved in NAME.resume.safetensors")
    parser.add_argument("--epochs", type=int, metavar="N")
    parser.add_argument("--batch-size", type=int, metavar="N")
    parser.add_argument("--lr", type=float, metavar="X", help="peak learning rate; the one setting that --resume takes")
    parser.add_argument("--seed", type=int, metavar="N")
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda", "mps"))
    parser.add_argument("--data", metavar="DIR", help="where data sets live (default: LENET_DATA, or the cache)")
    parser.add_argument("--out", metavar="FILE", type=Path, help="default: runs/RECIPE.safetensors")
    parser.add_argument("--export", choices=("onnx",), help="write the network, once trained, as an ONNX file too")
    parser.add_argument("--log", metavar="tensorboard[:DIR]", help="write the curves for TensorBoard as well")
    parser.add_argument("--dry-run", action="store_true", help="show what would be trained, and stop")
    return parser


# --------------------------------------------------------------------------------------------------
# Training: begin or resume, go on to the end, keep what came of it


def run(options: argparse.Namespace) -> None:
    if options.log:
        logs(options.log, Path())  # which refuses what it does not know
    with parallel.together(options.device):
        state, out = begin(options)
        if parallel.leads():
            print(describe(state, out))
        if options.dry_run:
            return
        resume = out.with_name(f"{out.stem}{RESUMABLE}")
        dataset = prepare(state, resume, options)
        folder = logs(options.log, out.with_suffix(".tensorboard")) if options.log and parallel.leads() else None
        with logbook(folder, state, dataset) as note:
            done = train(state, dataset, resume, out, note)
    if not parallel.leads():
        return
    if done:
        with contextlib.suppress(KeyboardInterrupt):  # while it is measured: then the run is kept
            return keep_network(state, dataset, resume, out, options.export)
    keep_run(state, resume, out)


def begin(options: argparse.Namespace) -> tuple[TrainingState, Path]:
    """The run that is asked for, and the path of what comes of it."""
    changes = {key: getattr(options, key) for key in ("epochs", "batch_size", "lr", "seed")}
    if options.resume:
        if options.recipe or any(changes[key] is not None for key in ("epochs", "batch_size", "seed")):
            raise LeNetError(
                "--resume continues the run as it was: give no recipe, and no setting other than --lr, with it."
            )
        state = load_state(options.resume, options.device)
        if options.lr is not None:
            change_lr(state, options.lr)
    else:
        state = start(recipe_named(options.recipe).with_changes(**changes), options.device)
    home = Path("runs") / f"{state.recipe.name}.safetensors"
    if options.resume and options.resume.endswith(RESUMABLE):
        home = Path(options.resume.removesuffix(RESUMABLE) + ".safetensors")  # where that run was to end
    out = options.out or home
    if out.suffix != ".safetensors" or os.path.isdir(out):
        raise LeNetError(
            "--out {out} must be a file ending in .safetensors: the curves are written beside it, as a .png.", out=out
        )
    return state, out


def describe(state: TrainingState, out: Path) -> str:
    recipe = state.recipe
    model = f"{recipe.model} in Keras" if recipe.framework == "keras" else recipe.model
    return (
        f"{recipe.name}: {recipe.about}\n"
        f"  {model}, {count_parameters(state.model):,} parameters, on {recipe.dataset}, {state.device.type}"
        f"{f', {parallel.ranks()} processes' if parallel.ranks() > 1 else ''}\n"
        f"  {recipe.epochs} epochs of batches of {recipe.batch_size}, {recipe.optimizer} "
        f"with lr {lr_in_words(recipe.lr, state.lr_changes)} ({recipe.schedule}), augmentation {recipe.augmentation}, "
        f"{f'teacher {recipe.teacher}, ' if recipe.teacher else ''}seed {recipe.seed}\n"
        f"  to {out}"
    )


def prepare(state: TrainingState, resume: Path, options: argparse.Namespace) -> Dataset:
    """The run's data; what would fail is refused now, not after hours."""
    recipe = state.recipe
    if recipe.framework == "keras":
        if parallel.launched():
            raise LeNetError("Recipes in Keras train in one process: start `python train.py` without torchrun.")
        keras_twins.load_keras()
    with parallel.one_first():
        dataset = lessons(recipe.dataset, recipe.teacher, options.data, options.device)
    parallel.led(lambda: claim(resume, state, options.resume))
    return dataset


def claim(resume: Path, state: TrainingState, resumed: str | None) -> None:
    """Write the run's first state, where no other run's may be.

    Args:
        resumed: the file that it goes on from.
    """
    goes_on = resumed and os.path.exists(resume) and (os.path.samefile(resumed, resume) or is_behind(resume, state))
    if os.path.exists(resume) and not goes_on and not in_keras(resume):
        raise LeNetError(
            "{resume} holds an interrupted run: continue it with --resume {resume}, choose another --out, "
            "or delete it first.",
            resume=resume,
        )
    save_state(resume, state)


def is_behind(resume: Path, state: TrainingState) -> bool:
    """Whether the file holds the same run at an earlier step."""
    try:
        kept = load_state(resume, "cpu")
    except LeNetError:
        return False
    same = kept.recipe == state.recipe and kept.lr_changes == state.lr_changes[: len(kept.lr_changes)]
    return same and (kept.epoch, kept.step) <= (state.epoch, state.step)


def in_keras(resume: Path) -> bool:
    """Whether the file holds a run in Keras, which cannot go on and so is in nobody's way."""
    try:
        return load(resume).recipe.framework == "keras"
    except LeNetError:
        return False


def train(state: TrainingState, dataset: Dataset, resume: Path, out: Path, note: Callable[[Event], None]) -> bool:
    """Show the run's progress, and save it every minute.  False if Ctrl-C stopped it before its end."""
    leads, saved = parallel.leads(), Saved(resume, state)
    events = (keras_twins.fit if state.recipe.framework == "keras" else fit)(state, dataset)
    bar = tqdm(total=state.recipe.epochs, initial=state.epoch, unit="epoch", dynamic_ncols=True, disable=not leads)
    with heard_between_steps() as stopped, bar:
        try:
            for event in events:
                note(event)
                if leads:
                    show(event, bar)
                    saved.renew(event, bar)
                if parallel.any_of(stopped()) and not state.done:
                    break
        except DivergedError as error:
            raise DivergedError(
                "{error} The run as it was in epoch {epoch} after step {step} is in {resume}: "
                "`python train.py --resume {resume} --out {out} --lr {lr:g}` continues it.",
                error=error,
                epoch=saved.epoch + 1,
                step=saved.step,
                resume=resume,
                out=out,
                lr=state.lr / 10,
            ) from error
    return state.done


@contextlib.contextmanager
def heard_between_steps() -> Iterator[Callable[[], bool]]:
    """Yields what tells whether Ctrl-C was pressed: an exception in the middle of a step would leave half of it done.

    Pressed again, it ends the program at once.  torchrun hands it on to every process.
    """
    pressed: list[int] = []

    def press(number: int, frame: FrameType | None) -> None:
        pressed.append(number)
        signal.signal(number, before[signal.Signals(number)])

    before = {number: signal.signal(number, press) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(pressed)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Saved:
    """What of a run its file holds: how it began, and then every minute how far it is, while it learns."""

    def __init__(self, path: Path, state: TrainingState) -> None:
        self.path, self.state = path, state
        self.epoch, self.step, self.time = state.epoch, state.step, time.monotonic()
        # a loss above it is not worth keeping; 0 until there is one to go by
        self.limit = EXPLODING * state.history[0].train_loss if state.history else 0.0

    def renew(self, event: Event, bar: tqdm[NoReturn]) -> None:
        """To be called after each event."""
        if not isinstance(event, Step):
            return
        self.limit = self.limit or EXPLODING * event.loss
        if event.loss > self.limit or time.monotonic() - self.time <= SECONDS_BETWEEN_SAVES:
            return
        self.time = time.monotonic()
        try:
            save_state(self.path, self.state)
            self.epoch, self.step = self.state.epoch, self.state.step
        except CheckpointError as error:
            bar.write(f"warning: {error} The run goes on, and this is tried again.")


def show(event: Event, bar: tqdm[NoReturn]) -> None:
    if isinstance(event, Step):
        bar.n = round(event.epoch - 1 + event.step / event.total_steps, 2)
        bar.set_postfix_str(f"loss {event.loss:.3f}, {event.images_per_second:,.0f} images/s")
    elif isinstance(event, EpochEnd):
        bar.write(
            f"epoch {event.epoch:3}  train loss {event.train_loss:.4f} accuracy {event.train_accuracy:.2%}"
            f"  val loss {event.val_loss:.4f} accuracy {event.val_accuracy:.2%}  {event.seconds:.1f} s"
        )
    else:
        bar.set_postfix_str(f"validation {event.images / event.total_images:.0%}")


def keep_run(state: TrainingState, resume: Path, out: Path) -> NoReturn:
    """Of a stopped run, all that it needs to go on."""
    if state.recipe.framework == "keras":
        resume.unlink()
        raise LeNetError("Stopped. A run in Keras cannot be resumed: start a new run.")
    resume = save_somewhere(resume, lambda path: save_state(path, state))
    raise LeNetError(
        "Stopped. `python train.py --resume {resume} --out {out}` continues the run.", resume=resume, out=out
    )


def keep_network(state: TrainingState, dataset: Dataset, resume: Path, out: Path, export: str | None) -> None:
    """Of a finished run, its network, measured."""
    checkpoint = finish(state, dataset)
    written = save_somewhere(out, lambda path: write(path, checkpoint, state, export))
    with contextlib.suppress(OSError):
        resume.unlink(missing_ok=True)
    files = [str(written.with_suffix(suffix)) for suffix in (".safetensors", ".png", ".onnx")]
    wrote = " and ".join(files if export else files[:2])
    print(f"test accuracy {checkpoint.metrics['test_accuracy']:.2%}; wrote {wrote}")
    if written != out:
        raise LeNetError(
            "{out} could not be written any more, so the network is in {written} instead.", out=out, written=written
        )


def write(path: Path, checkpoint: Checkpoint, state: TrainingState, export: str | None) -> None:
    """The trained network, its curves, and if asked for the network in another form, beside each other."""
    save(path, checkpoint)
    picture = io.BytesIO()
    curves(state.history, state.recipe.name).savefig(picture, format="png")
    write_file(path.with_suffix(".png"), picture.getvalue())
    if export:
        write_onnx(path.with_suffix(".onnx"), checkpoint)


# --------------------------------------------------------------------------------------------------
# What there is already


def print_recipes() -> None:
    for recipe in RECIPES.values():
        print(f"{recipe.name:24}{recipe.about}")
        claim = f"; source: {recipe.source}" + (f", which reports {recipe.claims}" if recipe.claims else "")
        extra = "; needs requirements-keras.txt" if recipe.framework == "keras" else ""
        print(f"{'':24}{recipe.model} on {recipe.dataset}, {recipe.epochs} epochs{claim}{extra}\n")


def print_export(weights: Path, out: Path | None) -> None:
    out = out or weights.with_suffix(".onnx")
    if out.suffix != ".onnx" or os.path.isdir(out):
        raise LeNetError("--out {out} must be a file ending in .onnx.", out=out)
    write_onnx(out, load(weights))
    print(f"wrote {out}")


def print_evaluation(weights: str, data: str | None) -> None:
    checkpoint = load(weights)
    test = load_test(checkpoint.recipe.dataset, data)
    classes = answerable(checkpoint.classes)
    logits = evaluate(checkpoint.model, test.images, checkpoint.recipe.input)[:, : len(classes)]
    print(f"{weights}: {checkpoint.recipe.model}, {count_parameters(checkpoint.model):,} parameters")
    if checkpoint.lr_changes:
        print(f"  trained with lr {lr_in_words(checkpoint.recipe.lr, checkpoint.lr_changes)}")
    print(f"{checkpoint.recipe.dataset} test accuracy {accuracy(logits, test.labels):.2%} of {len(logits):,}")
    if len(logits) > FIRST_TEST_IMAGES:
        first = accuracy(logits[:FIRST_TEST_IMAGES], test.labels[:FIRST_TEST_IMAGES])
        print(f"  {first:.2%} of the first {FIRST_TEST_IMAGES:,}")
    for name, value in zip(classes, accuracy_per_class(logits, test.labels), strict=True):
        print(f"  {name:12}{value:7.2%}")


if __name__ == "__main__":
    sys.exit(main())
