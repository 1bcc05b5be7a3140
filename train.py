"""Train a network of the LeNet family, or measure one.

python train.py --list                    what can be trained
python train.py digits-demo               seconds, without any download
python train.py --evaluate weights/digits.safetensors
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from tqdm import tqdm

from lenet import keras_twins
from lenet.checkpoint import finish, load, load_state, save, save_state
from lenet.datasets import Dataset, answerable
from lenet.datasets import load as load_dataset
from lenet.errors import LeNetError
from lenet.metrics import accuracy, accuracy_per_class
from lenet.models import count_parameters
from lenet.recipes import RECIPES, Recipe, recipe_named
from lenet.teacher import lessons
from lenet.training import EpochEnd, Step, TrainingState, evaluate, fit, start
from lenet.ui.figures import curves

SECONDS_BETWEEN_SAVES = 60


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        if options.list:
            print_recipes()
        elif options.evaluate:
            print_evaluation(options.evaluate, options.data)
        elif options.recipe or options.resume:
            run(options)
        else:
            _parser().print_help()
    except LeNetError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130  # what a shell reports for a program that Ctrl-C ended
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", nargs="?", metavar="RECIPE", help="a name that --list shows")
    parser.add_argument("--list", action="store_true", help="show every recipe")
    parser.add_argument("--evaluate", metavar="WEIGHTS", help="measure a weights file on its test split")
    parser.add_argument("--resume", metavar="FILE", help="go on with a run saved in NAME.resume.safetensors")
    parser.add_argument("--epochs", type=int, metavar="N")
    parser.add_argument("--batch-size", type=int, metavar="N")
    parser.add_argument("--lr", type=float, metavar="X", help="peak learning rate")
    parser.add_argument("--seed", type=int, metavar="N")
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda", "mps"))
    parser.add_argument("--data", metavar="DIR", help="where data sets live (default: LENET_DATA, or the cache)")
    parser.add_argument("--out", metavar="FILE", type=Path, help="default: runs/RECIPE.safetensors")
    parser.add_argument("--dry-run", action="store_true", help="show what would be trained, and stop")
    return parser


def print_recipes() -> None:
    for recipe in RECIPES.values():
        print(f"{recipe.name:24}{recipe.about}")
        claim = f"; source: {recipe.source}" + (f", which reports {recipe.claims}" if recipe.claims else "")
        extra = "; needs requirements-keras.txt" if recipe.framework == "keras" else ""
        print(f"{'':24}{recipe.model} on {recipe.dataset}, {recipe.epochs} epochs{claim}{extra}\n")


def run(options: argparse.Namespace) -> None:
    changes = {key: getattr(options, key) for key in ("epochs", "batch_size", "lr", "seed")}
    if options.resume:
        if options.recipe or any(value is not None for value in changes.values()):
            raise LeNetError("--resume goes on with the run as it was: give no recipe and no settings beside it.")
        state = load_state(options.resume, options.device)
    else:
        recipe = recipe_named(options.recipe).with_changes(**changes)
        state = start(recipe, options.device)
    recipe, out = state.recipe, options.out or Path("runs") / f"{state.recipe.name}.safetensors"
    if out.suffix != ".safetensors":
        raise LeNetError(f"--out {out} must end in .safetensors: the curves go beside it, as a .png.")
    print(describe(state, out))
    if options.dry_run:
        return
    if recipe.framework == "keras":
        keras_twins.load_keras()  # where it is not there, say so before the data is loaded
    dataset = lessons(recipe.dataset, recipe.teacher, options.data)
    resume = out.with_name(f"{out.stem}.resume.safetensors")
    if resume.exists() and not options.resume:
        raise LeNetError(f"{resume} holds an interrupted run: go on with --resume {resume}, or delete it first.")
    save_state(resume, state)  # a place that cannot be written to is refused now, not after hours
    if not train(state, dataset, resume):
        if recipe.framework == "keras":
            resume.unlink()
            raise LeNetError("Stopped. A run in Keras cannot go on where it was: start it anew.")
        save_state(resume, state)
        raise LeNetError(f"Stopped. `python train.py --resume {resume} --out {out}` goes on from here.")
    checkpoint = finish(state, dataset)
    save(out, checkpoint)
    curves(state.history, recipe.name).savefig(out.with_suffix(".png"))
    resume.unlink(missing_ok=True)
    print(f"test accuracy {checkpoint.metrics['test_accuracy']:.2%}; wrote {out} and {out.with_suffix('.png')}")


def describe(state: TrainingState, out: Path) -> str:
    recipe: Recipe = state.recipe
    model = f"{recipe.model} in Keras" if recipe.framework == "keras" else recipe.model
    return (
        f"{recipe.name}: {recipe.about}\n"
        f"  {model}, {count_parameters(state.model):,} parameters, on {recipe.dataset}, {state.device.type}\n"
        f"  {recipe.epochs} epochs of batches of {recipe.batch_size}, {recipe.optimizer} with lr {recipe.lr:g} "
        f"({recipe.schedule}), augmentation {recipe.augmentation}, "
        f"{f'teacher {recipe.teacher}, ' if recipe.teacher else ''}seed {recipe.seed}\n"
        f"  to {out}"
    )


def train(state: TrainingState, dataset: Dataset, resume: Path) -> bool:
    """Show the run's progress, and save it every minute.  False if Ctrl-C stopped it before its end."""
    saved_at = time.monotonic()
    # Ctrl-C is heard at the next event: an exception in the middle of a step would leave half of it done.
    # Pressed again, it ends the program at once.
    stopped: list[int] = []
    events = (keras_twins.fit if state.recipe.framework == "keras" else fit)(state, dataset)

    def stop(number: int, frame: FrameType | None) -> None:
        stopped.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGINT, stop)
    with tqdm(total=state.recipe.epochs, initial=state.epoch, unit="epoch", dynamic_ncols=True) as bar:
        for event in events:
            if isinstance(event, Step):
                bar.n = round(event.epoch - 1 + event.step / event.total_steps, 2)
                bar.set_postfix_str(f"loss {event.loss:.3f}, {event.images_per_second:,.0f} images/s")
            elif isinstance(event, EpochEnd):
                bar.write(
                    f"epoch {event.epoch:3}  train loss {event.train_loss:.4f} accuracy {event.train_accuracy:.2%}"
                    f"  val loss {event.val_loss:.4f} accuracy {event.val_accuracy:.2%}  {event.seconds:.1f} s"
                )
            if time.monotonic() - saved_at > SECONDS_BETWEEN_SAVES:
                save_state(resume, state)
                saved_at = time.monotonic()
            if stopped and not state.done:
                break
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return state.done


def print_evaluation(weights: str, data: str | None) -> None:
    checkpoint = load(weights)
    dataset = load_dataset(checkpoint.recipe.dataset, data)
    classes = answerable(dataset.classes)
    logits = evaluate(checkpoint.model, dataset.test.images, checkpoint.recipe.input)[:, : len(classes)]
    print(f"{weights}: {checkpoint.recipe.model}, {count_parameters(checkpoint.model):,} parameters")
    first = accuracy(logits[:1000], dataset.test.labels[:1000])
    print(f"{checkpoint.recipe.dataset} test accuracy {accuracy(logits, dataset.test.labels):.2%} of {len(logits):,}")
    print(f"  {first:.2%} of the first 1,000")
    for name, value in zip(classes, accuracy_per_class(logits, dataset.test.labels), strict=True):
        print(f"  {name:12}{value:7.2%}")


if __name__ == "__main__":
    sys.exit(main())
