"""Distillation: learning from a larger network's answers, if a recipe names one.

Hinton, Vinyals, Dean, "Distilling the Knowledge in a Neural Network", 2015: "a cat, perhaps a dog, hardly a
ship" teaches a small network more than "cat".
"""

from __future__ import annotations

import copy
import hashlib
import os
from dataclasses import replace

import torch

from lenet.data.datasets import Dataset, Split, answer_classes, load
from lenet.errors import RecipeError
from lenet.training.loop import evaluate, in_bfloat16, pick_device
from lenet.training.stored import StoredNetwork, load_network, weights_file

TEMPERATURE = 6.0  # divides the teacher's logits: its second thoughts count for more; chosen on the validation split


def load_with_soft_labels(
    dataset: str, teacher: str = "", root: str | os.PathLike[str] | None = None, device: str = "auto"
) -> Dataset:
    """`lenet.load_dataset(dataset, root)`, with soft training labels if there is a teacher.

    Args:
        teacher: a name in weights/, or "".
        device: what the teacher computes on, see `lenet.training.loop.pick_device`.

    Raises:
        DataError: see `lenet.data.datasets.load`.
        CheckpointError: there is no such teacher.
        RecipeError: the teacher has other classes than the data set.
    """
    data = load(dataset, root)
    if not teacher:
        return data
    path = weights_file(teacher)
    network = load_network(path)
    if network.classes != data.classes or answer_classes(network.classes) != network.classes:
        raise RecipeError(
            "{teacher} cannot teach {dataset}, because it was trained on other classes: leave the teacher out.",
            teacher=teacher,
            dataset=dataset,
        )
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return replace(data, train=with_soft_labels(data.train, network, device), teacher=digest)


def with_soft_labels(train: Split, teacher: StoredNetwork, device: str = "auto") -> Split:
    """`train` with soft labels: the teacher's mean answer for each image and its mirror image.

    The true labels are not used: with a tenth of them it was no better on the validation split (docs/results.md).
    The teacher answers once for each image and not in every step, because an augmentation hardly changes its answer.
    """
    recipe, its_device = teacher.recipe, pick_device(device)
    network = copy.deepcopy(teacher.model).to(its_device)
    fast = in_bfloat16(recipe, its_device)
    views = (train.images, train.images.flip(3))
    logits = sum((evaluate(network, view, recipe.input, bfloat16=fast) for view in views), torch.zeros(())) / 2
    return replace(train, soft=(logits / (teacher.temperature * TEMPERATURE)).softmax(dim=1))
