"""The `lenet` command, and what `python train.py` does: parse, run, print.

lenet train --list                    what can be trained
lenet train digits-demo               seconds, without any download
lenet evaluate photos                 a name that is shipped, or a file
lenet export onnx digits
lenet export web digits               one file of HTML that works offline
lenet import LeNet.pth                a network that a tutorial trained
lenet app                             the page
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from lenet import http_settings
from lenet.checkpoint import save_somewhere, write_file
from lenet.data.datasets import DATASETS, Dataset, answer_classes, load_test
from lenet.data.download import Progress, following
from lenet.errors import DivergedError, LeNetError
from lenet.inference import imported as imports
from lenet.inference.evaluation import FIRST_TEST_IMAGES
from lenet.inference.onnx import write_onnx
from lenet.inference.pretrained import Checkpoint, load, save
from lenet.models import MODELS
from lenet.models.network import count_parameters
from lenet.paths import expanded
from lenet.run import RESUMABLE, NotSaved, Run
from lenet.signals import told_to_end
from lenet.training import distributed
from lenet.training.loop import EpochEnd, Event, Step, evaluate, lr_in_words
from lenet.training.metrics import accuracy, accuracy_per_class
from lenet.training.recipes import RECIPES, recipe_named
from lenet.training.stored import weights_file
from lenet.training.tensorboard import logs, tensorboard_writer
from lenet.training.verdict import verdict

if TYPE_CHECKING:
    from tqdm import tqdm


def main(arguments: Sequence[str] | None = None) -> int:
    """The `lenet` command; returns the exit status."""
    options = _parser().parse_args(arguments)
    return _told(options.act, options)


def train_main(description: str, arguments: Sequence[str] | None = None) -> int:
    """`python train.py`: trains, and measures or exports by an option."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    _add_training(parser, "python train.py")
    parser.add_argument("--evaluate", metavar="WEIGHTS", help="measure a weights file on its test split")
    parser.set_defaults(act=None)
    options = parser.parse_args(arguments)
    if options.evaluate:
        return _told(lambda given: print_evaluation(given.evaluate, given.data), options)
    if options.export and options.recipe and options.recipe.endswith(".safetensors") and not options.list:
        return _told(lambda given: print_export(given.export, Path(given.recipe), given.out), options)
    if not (options.list or options.recipe or options.resume):
        parser.print_help()
        return 0
    return _told(train, options)


def _told(act: Callable[[argparse.Namespace], None], options: argparse.Namespace) -> int:
    """Do it; what goes wrong is one sentence on stderr.  Returns the exit status."""
    http_settings.mend()
    try:
        for name in PATHS & vars(options).keys():
            given = getattr(options, name)
            setattr(options, name, given and type(given)(expanded(given)))
        act(options)
    except LeNetError as error:
        if distributed.is_local_main():
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
    parser = argparse.ArgumentParser(
        prog="lenet", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    training = commands.add_parser("train", help="train a network, or resume a run")
    _add_training(training, "lenet train")
    training.set_defaults(act=train)

    evaluation = commands.add_parser("evaluate", help="measure a network on its test split")
    evaluation.add_argument("weights", metavar="WEIGHTS", help="a file, or the name of a network that is shipped")
    evaluation.add_argument("--data", metavar="DIR", help=DATA_HELP)
    evaluation.set_defaults(act=lambda options: print_evaluation(weights_file(options.weights), options.data))

    export = commands.add_parser("export", help="write a network in another form")
    export.add_argument("kind", choices=EXPORTS, help="onnx: for other programs; web: one file of HTML, to take home")
    export.add_argument("weights", metavar="WEIGHTS", help="a file, or the name of a network that is shipped")
    export.add_argument("--out", metavar="FILE", type=Path, help="default: the same name in this folder")
    export.set_defaults(act=_export)

    taking = commands.add_parser("import", help="make a file of this project of a plain state dict of PyTorch")
    taking.add_argument("weights", metavar="FILE", help="a .pth or .pt: torch.save(model.state_dict(), FILE)")
    taking.add_argument("--model", metavar="NAME", help="which network it is, where several have the same layers")
    taking.add_argument("--dataset", metavar="NAME", help="what it learned from")
    taking.add_argument(
        "--input",
        metavar="KIND",
        help="what its training did to pixels in [0, 1]: unit (nothing), signed (mean and deviation 0.5), "
        "statistics (the data set's own), or a mean and a deviation a channel, with commas",
    )
    taking.add_argument(
        "--scaling", metavar="KIND", help="pad or resize: how pictures of 28 pixels became 32, where they did"
    )
    taking.add_argument("--out", metavar="FILE", type=Path, help="default: the same name in this folder")
    taking.set_defaults(act=take_in)

    app = commands.add_parser("app", help="open the page, on http://127.0.0.1:7860")
    app.set_defaults(act=lambda options: open_page())
    return parser


PATHS = {"weights", "recipe", "evaluate", "resume", "out", "data"}  # options that may hold one, with ~ and $NAME too
EXPORTS = {"onnx": ".onnx", "web": ".html"}  # the forms that a network can be written in
DATA_HELP = "where data sets live (default: LENET_DATA, or the cache)"


def _add_training(parser: argparse.ArgumentParser, program: str) -> None:
    """The options of training; `program` is what the sentences call it."""
    parser.add_argument(
        "recipe", nargs="?", metavar="RECIPE", help="a name that --list shows; with --export also a weights file"
    )
    parser.add_argument("--list", action="store_true", help="show every recipe")
    parser.add_argument("--resume", metavar="FILE", help="go on with a run saved in NAME.resume.safetensors")
    parser.add_argument("--epochs", type=int, metavar="N")
    parser.add_argument("--batch-size", type=int, metavar="N")
    parser.add_argument("--lr", type=float, metavar="X", help="peak learning rate; the one setting that --resume takes")
    parser.add_argument("--seed", type=int, metavar="N")
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda", "mps"))
    parser.add_argument("--data", metavar="DIR", help=DATA_HELP)
    parser.add_argument("--out", metavar="FILE", type=Path, help="default: runs/RECIPE.safetensors")
    parser.add_argument(
        "--export", choices=EXPORTS, help="write the network, once trained, as an ONNX file or a web page too"
    )
    parser.add_argument("--log", metavar="tensorboard[:DIR]", help="write the curves for TensorBoard as well")
    parser.add_argument("--dry-run", action="store_true", help="show what would be trained, and stop")
    parser.set_defaults(program=program)


def _export(options: argparse.Namespace) -> None:
    weights = weights_file(options.weights)
    print_export(options.kind, weights, options.out or Path(weights.stem + EXPORTS[options.kind]))


def take_in(options: argparse.Namespace) -> None:
    """Import a plain state dict; what the options leave open is asked, where somebody can answer."""
    weights = Path(options.weights)
    found = imports.recognised(weights.name, imports.read_tensors(weights))
    data = imports.data_sets(found)
    model = options.model or _asked("--model", "Which network is it", {n: MODELS[n].about for n in found.models})
    imports.check_model(found, model)
    dataset = options.dataset or _asked("--dataset", "What did it learn from", {n: DATASETS[n].about for n in data})
    imports.check_dataset(found, dataset)
    kind = options.input or _asked("--input", "What did its training do to pixels in [0, 1]", imports.INPUTS)
    scaling = options.scaling or _scaling(model, dataset)
    checkpoint = imports.imported(found, model, dataset, imports.input_format(kind, model, dataset, scaling))
    out = options.out or Path(weights.stem + ".safetensors")
    if out.suffix != ".safetensors" or out.is_dir() or (out.exists() and out.samefile(weights)):
        raise LeNetError("--out {out} must be another file, ending in .safetensors.", out=out)
    save(out, checkpoint)
    print(f"wrote {out}: {model}, {count_parameters(checkpoint.model):,} parameters, on {dataset}")
    print(f"`lenet evaluate {out}` measures it; the page takes it in the Zoo tab.")


def _scaling(model: str, dataset: str) -> str:
    if MODELS[model].size <= 28 or DATASETS[dataset].channels == 3:
        return "pad"
    ways = {"pad": "with a black border of 2 pixels", "resize": "Resize(32)"}
    return _asked("--scaling", "How did pictures of 28 pixels become 32", ways)


def _asked(option: str, question: str, choices: Mapping[str, str]) -> str:
    """The choice of who sits at the terminal; the only one where there is no other."""
    if len(choices) == 1:
        return next(iter(choices))
    if sys.stdin.isatty():
        print(f"{question}?", *(f"  {name:16}{about}" for name, about in choices.items()), sep="\n")
        with contextlib.suppress(EOFError):  # Ctrl-D
            return input(f"{option} ").strip()
    raise LeNetError("{question}? Say it with {option}: {names}.", question=question, option=option, names=[*choices])


def open_page() -> None:
    """Serve the page until Ctrl-C."""
    from lenet.ui import environment, surroundings

    environment.check()
    with surroundings.nothing_collected():
        from lenet.ui.page import build, launch_options, serve
        from lenet.ui.train.saved import home

        demo = build(saved=home())
        options = launch_options(demo)
    serve(demo, options)


# --------------------------------------------------------------------------------------------------
# Training: begin or resume, go on to the end, keep what came of it


def train(options: argparse.Namespace) -> None:
    if options.list:
        return print_recipes()
    if not (options.recipe or options.resume):
        raise LeNetError("Name a recipe: `{program} --list` shows them.", program=options.program)
    if options.log:
        logs(options.log, Path())  # which refuses what it does not know
    with distributed.process_group(options.device):
        run, out = begin(options)
        if distributed.is_main():
            print(describe(run, out))
        if options.dry_run:
            return None
        with shown_downloads():
            dataset = run.prepare(options.data)
        folder = logs(options.log, out.with_suffix(".tensorboard")) if options.log and distributed.is_main() else None
        with tensorboard_writer(folder, run.state, dataset) as note:
            done = follow(run, dataset, out, note, options.program)
    if not distributed.is_main():
        return None
    if done:
        with contextlib.suppress(KeyboardInterrupt):  # while it is measured: then the run is kept
            return keep_network(run, dataset, out, options.export)
    kept = run.keep()
    raise LeNetError(
        "Stopped. `{program} --resume {resume} --out {out}` continues the run.",
        program=options.program,
        resume=kept,
        out=out,
    )


def begin(options: argparse.Namespace) -> tuple[Run, Path]:
    """The run that is asked for, and the path of what comes of it."""
    changes = {key: getattr(options, key) for key in ("epochs", "batch_size", "lr", "seed")}
    if options.resume:
        if options.recipe or any(changes[key] is not None for key in ("epochs", "batch_size", "seed")):
            raise LeNetError(
                "--resume continues the run as it was: give no recipe, and no setting other than --lr, with it."
            )
        run = Run.resume(Path(options.resume), device=options.device, lr=options.lr)
    else:
        run = Run.begin(recipe_named(options.recipe).with_changes(**changes), Path(), options.device)
    home = Path("runs") / f"{run.state.recipe.name}.safetensors"
    if options.resume and options.resume.endswith(RESUMABLE):
        home = Path(options.resume.removesuffix(RESUMABLE) + ".safetensors")  # where that run was to end
    out = options.out or home
    if out.suffix != ".safetensors" or os.path.isdir(out):
        raise LeNetError(
            "--out {out} must be a file ending in .safetensors: the curves are written beside it, as a .png.", out=out
        )
    run.path = out.with_name(f"{out.stem}{RESUMABLE}")
    return run, out


def describe(run: Run, out: Path) -> str:
    state, recipe = run.state, run.state.recipe
    model = f"{recipe.model} in Keras" if recipe.framework == "keras" else recipe.model
    return (
        f"{recipe.name}: {recipe.about}\n"
        f"  {model}, {count_parameters(state.model):,} parameters, on {recipe.dataset}, {state.device.type}"
        f"{f', {distributed.world_size()} processes' if distributed.world_size() > 1 else ''}\n"
        f"  {recipe.epochs} epochs of batches of {recipe.batch_size}, {recipe.optimizer} "
        f"with lr {lr_in_words(recipe.lr, state.lr_changes)} ({recipe.schedule}), augmentation {recipe.augmentation}, "
        f"{f'begun with {recipe.init}, ' if recipe.init else ''}"
        f"{f'teacher {recipe.teacher}, ' if recipe.teacher else ''}seed {recipe.seed}\n"
        f"  to {out}"
    )


def follow(run: Run, dataset: Dataset, out: Path, note: Callable[[Event], None], program: str) -> bool:
    """Show the run's progress.  False if Ctrl-C stopped it before its end."""
    from tqdm import tqdm

    bar = tqdm(
        total=run.state.recipe.epochs,
        initial=run.state.epoch,
        unit="epoch",
        dynamic_ncols=True,
        disable=not distributed.is_main(),
    )
    with told_to_end() as stopped, bar:
        try:
            for event in run.events(dataset):
                if isinstance(event, NotSaved):
                    bar.write(f"warning: {event.error} The run goes on, and this is tried again.")
                    continue
                note(event)
                if distributed.is_main():
                    show(event, bar)
                if distributed.any_process(stopped()) and not run.state.done:
                    break
        except DivergedError as error:
            raise DivergedError(
                "{error} The run as it was in epoch {epoch} after step {step} is in {resume}: "
                "`{program} --resume {resume} --out {out} --lr {lr:g}` continues it.",
                error=error,
                epoch=run.epoch + 1,
                step=run.step,
                resume=run.path,
                program=program,
                out=out,
                lr=run.state.lr / 10,
            ) from error
    return run.state.done


@contextlib.contextmanager
def shown_downloads() -> Iterator[None]:
    """Within it, a bar shows how far a download is."""
    from tqdm import tqdm

    bar: tqdm[NoReturn] | None = None

    def tell(progress: Progress) -> None:
        nonlocal bar
        if bar is None:
            bar = tqdm(desc=progress.title, total=progress.total, unit="B", unit_scale=True, dynamic_ncols=True)
        bar.total = progress.total
        bar.set_postfix_str(progress.host or "another process brings it", refresh=False)
        bar.update(progress.bytes - bar.n)

    with following(tell):
        try:
            yield
        finally:
            if bar is not None:
                bar.close()


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


def keep_network(run: Run, dataset: Dataset, out: Path, export: str | None) -> None:
    """Of a finished run, its network, measured."""
    checkpoint = run.finish(dataset)
    written = save_somewhere(out, lambda path: write(path, checkpoint, run.state.history, export))
    run.discard()
    suffixes = (".safetensors", ".png", *([EXPORTS[export]] if export else []))
    wrote = " and ".join(str(written.with_suffix(suffix)) for suffix in suffixes)
    print(f"test accuracy {checkpoint.metrics['test_accuracy']:.2%}; wrote {wrote}")
    if wrong := verdict(run.state.recipe, run.state.history, run.state.lr):
        print(wrong)
    if written != out:
        raise LeNetError(
            "{out} could not be written any more, so the network is in {written} instead.", out=out, written=written
        )


def write(path: Path, checkpoint: Checkpoint, history: Sequence[EpochEnd], export: str | None) -> None:
    """The trained network, its curves, and if asked for the network in another form, beside each other."""
    from lenet.ui.shared.figures import curves

    save(path, checkpoint)
    picture = io.BytesIO()
    curves(history, checkpoint.recipe.name).savefig(picture, format="png")
    write_file(path.with_suffix(".png"), picture.getvalue())
    if export:
        write_export(export, path.with_suffix(EXPORTS[export]), checkpoint)


def write_export(kind: str, path: Path, checkpoint: Checkpoint) -> None:
    """The network in another form, one of `EXPORTS`."""
    if kind == "onnx":
        return write_onnx(path, checkpoint)
    from lenet.ui.home.page import document

    write_file(path, document(checkpoint, path.stem, date.today()).encode())


# --------------------------------------------------------------------------------------------------
# What there is already


def print_recipes() -> None:
    for recipe in RECIPES.values():
        print(f"{recipe.name:24}{recipe.about}")
        claim = f"; source: {recipe.source}" + (f", which reports {recipe.claims}" if recipe.claims else "")
        extra = "; needs requirements-keras.txt" if recipe.framework == "keras" else ""
        print(f"{'':24}{recipe.model} on {recipe.dataset}, {recipe.epochs} epochs{claim}{extra}\n")


def print_export(kind: str, weights: Path, out: Path | None) -> None:
    suffix = EXPORTS[kind]
    out = out or weights.with_suffix(suffix)
    if out.suffix != suffix or os.path.isdir(out):
        raise LeNetError("--out {out} must be a file ending in {suffix}.", out=out, suffix=suffix)
    write_export(kind, out, load(weights))
    print(f"wrote {out}")


def print_evaluation(weights: str | Path, data: str | None) -> None:
    checkpoint = load(weights)
    with shown_downloads():
        test = load_test(checkpoint.recipe.dataset, data)
    classes = answer_classes(checkpoint.classes)
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
