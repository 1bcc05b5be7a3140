"""Every text of the Train tab, by language and key, so that nothing that a visitor reads hides in code.

The page fills them in itself (train.js has all of them), and the server says its own with `say`.  Words in
braces are filled in.  Names of networks, data sets and recipes and what is told of them are not here: they
are the project's own facts, in English.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

DEFAULT = "en"

ENGLISH = {
    # --- starts -------------------------------------------------------------------------------------
    "starts": "Start with one click",
    "start_mnist": "99% on MNIST in {seconds} seconds",
    "start_mnist_why": "A small network learns 54,000 handwritten digits.",
    "start_digits": "Built-in digits, at once",
    "start_digits_why": "1,797 digits that need no download.",
    "start_cifar10": "LeNet-5 on CIFAR-10",
    "start_cifar10_why": "Photographs of ten things: much harder than digits.",
    "start_1998": "As in the 1998 paper",
    "start_1998_why": "LeNet-5 as printed, with its own layers and loss.",
    # --- settings -----------------------------------------------------------------------------------
    "settings": "Settings",
    "recipe": "Recipe",
    "model": "Network",
    "dataset": "Data",
    "optimizer": "Optimiser",
    "lr": "Learning rate",
    "schedule": "Schedule",
    "momentum": "Momentum",
    "weight_decay": "Weight decay",
    "batch_size": "Batch size",
    "augmentation": "Augmentation",
    "epochs": "Epochs",
    "seed": "Seed",
    "recipe_why": "{about}. From: {source}.{claims}",
    "recipe_claims": " It reports {claims}.",
    "recipe_also": "Also part of it: {extras}.",
    "lr_why": "How far each step goes, at its highest. Too high and the loss jumps; too low and nothing happens.",
    "momentum_why": "How much of the last step goes into the next. For SGD and Muon.",
    "weight_decay_why": "Pulls every weight towards zero, so that none grows without need.",
    "batch_size_why": "Images a step. Larger is calmer, and takes fewer steps.",
    "epochs_why": "How often to go through all training images.",
    "seed_why": "The same seed gives the same network, bit for bit.",
    "optimizer_sgd": "Plain steps downhill, with momentum.",
    "optimizer_adam": "Each weight gets a step size of its own.",
    "optimizer_adamw": "Adam, with weight decay kept apart from the steps.",
    "optimizer_muon": "Turns each layer's step so that all directions learn alike.",
    "schedule_constant": "The learning rate stays as it is.",
    "schedule_plateau": "Halves when the validation loss has not improved for 5 epochs.",
    "schedule_cosine": "Falls to zero along half a cosine wave.",
    "schedule_linear": "Falls to zero along a straight line.",
    "schedule_one-cycle": "Rises for the first fifth, then falls to zero.",
    "augmentation_none": "Every image as it is.",
    "augmentation_flip-shift": "Mirrored at random and moved by up to 2 pixels. Not for digits: a mirrored 2 is none.",
    "augmentation_flip-shift-4": "Mirrored at random and moved by up to 4 pixels. Not for digits.",
    "augmentation_photographed": "Half of them through JPEG, mirrored, moved by up to 2 pixels. For photos.",
    "augmentation_photographed-hidden": "The same, with a square of each hidden. For photos.",
    "augmentation_handwriting": "Turned, slanted, resized, with thinner or thicker strokes. For digits.",
    "augmentation_many-hands": "The same, more strongly, and bent. For digits.",
    "start": "Start training",
    "start_after": "Start another run",
    "copy_link": "Copy link",
    "copied": "Copied: the link opens this page with these settings.",
    "link_here": "The link to these settings:",
    "from_link": "These settings came with the link. Start training to run them.",
    "not_a_number": "This must be a number.",
    "not_whole": "This must be a whole number.",
    "from_to": "This must be from {low} to {high}.",
    "above_and_up_to": "This must be above {low} and at most {high}.",
    "from_to_below": "This must be from {low} to below {high}.",
    "not_known": "There is no {name} here: choose from the list.",
    "no_recipe": "There is no recipe called {name}: choose from the list.",
    "does_not_fit": "{model} cannot learn {dataset}: it is fixed to grey pictures of ten digits. Choose another.",
    "too_many": "You have {count} runs under way or paused: remove one first.",
    # --- a run --------------------------------------------------------------------------------------
    "state_idle": "Ready",
    "state_loading": "Loading {dataset}",
    "state_waiting": "Waiting",
    "state_running": "Epoch {epoch} of {epochs}",
    "state_measuring": "Measuring on the test images",
    "state_paused": "Paused after {epoch} of {epochs} epochs",
    "state_away": "Paused while you were away",
    "state_done": "Done",
    "state_stopped": "Stopped",
    "state_failed": "Failed",
    "idle_why": "Choose a start above, or change the settings. The first run takes seconds.",
    "loading_why": "The first time, this may take a while.",
    "waiting_next": "You are next: the network before yours is still training. {wait}",
    "waiting_place": "Place {place} in the queue: one network trains at a time. {wait}",
    "wait_about": "Likely wait: {time}.",
    "wait_at_least": "Likely wait: more than {time}.",
    "wait_unknown": "How long is not known yet.",
    "away_why": "It goes on as soon as the page is back.",
    "running_why": "step {step} of {steps}",
    "measuring_why": "It has never seen them.",
    "paused_why": "Nothing is lost: resume, or go on for one epoch.",
    "right": "{accuracy} of {count} test images right, after {epochs} and {time}",
    "stopped_empty": "Stopped before it had learned anything: there is no network.",
    "stopped_late": "After {minutes} minutes, the most that this page gives a run. ",
    "epochs_one": "1 epoch",
    "epochs_many": "{count} epochs",
    "epochs_part": "{count} of {epochs} epochs",
    "failed_server": "The run failed on the server, which has noted why. Try it again, or with a smaller batch.",
    "gone": "This run is no longer kept here.",
    "no_server": "The server does not answer. Your run is paused there meanwhile; this page keeps trying.",
    "take_digits": "Take the built-in digits instead",
    "pause": "Pause",
    "resume": "Resume",
    "step": "One epoch",
    "step_why": "Go on for one epoch, then pause",
    "stop": "Stop",
    "stop_why": "End the run and keep what it has learned",
    "stopping": "Stopping",
    "use": "Use it: let it answer",
    "download": "Download the network",
    "figure_accuracy": "validation accuracy",
    "figure_loss": "validation loss",
    "figure_lr": "learning rate",
    "figure_speed": "images/s",
    "figure_left": "left",
    "figure_took": "took",
    "slower": "Halve the learning rate",
    "faster": "Double the learning rate",
    "times": "× {factor}",
    "controls": "The run",
    # --- charts -------------------------------------------------------------------------------------
    "loss": "Loss",
    "accuracy": "Accuracy",
    "loss_axis": "loss (nats)",
    "accuracy_axis": "accuracy (%)",
    "epoch_axis": "epoch",
    "legend_train": "training, thin",
    "legend_val": "validation, thick",
    "legend_best": "best so far",
    "zoom": "Only above 90%",
    "chart_said": "{chart} of {runs}. {name}: {value} after {epoch} of {epochs} epochs.",
    "chart_empty": "{chart}: nothing yet.",
    "pointed": "Epoch {epoch}: validation {val}, training {train}",
    "best_loss": "best {value}",
    # --- what it looks like -------------------------------------------------------------------------
    "filters": "First layer's filters",
    "filters_why": "What the first layer looks for, as it learns it.",
    "filters_fixed": "This network's first layer is computed from the images, and is not trained.",
    "filters_said": "{count} filters of {side}×{side} pixels",
    "answers": "What it says now",
    "answers_why": "Pictures that it does not learn from.",
    "answer_said": "{label}, taken for {answer}, {percent}",
    "looks_empty": "They appear with the first steps.",
    # --- runs ---------------------------------------------------------------------------------------
    "runs": "Your runs",
    "runs_why": "The newest {most}, for {hours} hours after this browser was last here. Nobody else sees them.",
    "runs_empty": "Each run stays here, to compare it with the next.",
    "column_run": "Run",
    "column_shown": "Shown",
    "column_settings": "Settings",
    "column_epochs": "Epochs",
    "column_best": "Best validation",
    "column_loss": "Lowest loss",
    "column_test": "Test",
    "column_took": "Time",
    "column_does": "Actions",
    "show_run": "Show {name} in the charts",
    "open_run": "Look at {name}",
    "name_of": "Name of this run",
    "rename": "Rename",
    "again": "Reuse",
    "again_why": "Fill in its settings above",
    "remove": "Remove",
    "rename_run": "Rename {name}",
    "again_run": "Reuse the settings of {name}",
    "remove_run": "Remove {name}",
    "run_name": "Run {number}",
    "changed_rate": "learning rate changed by hand",
    "epoch_table": "Figures of each epoch",
    "epoch_table_of": "{name}: every {nth} epoch",
    "column_epoch": "Epoch",
    "column_train_loss": "Training loss",
    "column_train_accuracy": "Training accuracy",
    "column_val_loss": "Validation loss",
    "column_val_accuracy": "Validation accuracy",
    # --- durations ----------------------------------------------------------------------------------
    "seconds": "{seconds} s",
    "minutes": "{minutes} min {seconds} s",
    "hours_minutes": "{hours} h {minutes} min",
}  # fmt: skip

LANGUAGES: dict[str, dict[str, str]] = {"en": ENGLISH}


@dataclass(frozen=True)
class Said:
    """A sentence that is still to be put into a language: its key, and what is filled in."""

    key: str
    values: dict[str, Any] = field(default_factory=dict)

    def in_language(self, language: str = DEFAULT) -> str:
        return say(self.key, language, **self.values)


def say(key: str, language: str = DEFAULT, **values: Any) -> str:
    """The text called `key`, in English where the language has none."""
    text = LANGUAGES.get(language, ENGLISH).get(key, ENGLISH[key])
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", str(value))
    return text
