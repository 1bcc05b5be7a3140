"""Learning from a larger network's answers.

Hinton, Vinyals, Dean, "Distilling the Knowledge in a Neural Network", 2015.
A cat that the large network takes for a dog with one chance in ten teaches a small one more than "cat".
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import nn
from torch.nn import functional

from lenet.datasets import Dataset
from lenet.preprocess import InputFormat
from lenet.training import evaluate


def taught(dataset: Dataset, teacher: nn.Module, form: InputFormat, temperature: float, share: float) -> Dataset:
    """`dataset` with its training labels softened: `share` of them is the teacher's opinion.

    The teacher sees each image once as it is and once mirrored; how a small network's own augmentation moves
    it hardly matters to its opinion, which so is asked for once and not in every step.

    Args:
        temperature: what the teacher's logits are divided by: higher is softer.
        share: 0 to 1; the rest is the label.
    """
    images = dataset.train.images
    logits = (evaluate(teacher, images, form) + evaluate(teacher, images.flip(3), form)) / 2
    opinion = (logits / temperature).softmax(dim=1)  # (N, classes)
    labels = functional.one_hot(dataset.train.labels, len(dataset.classes))
    return replace(dataset, train=replace(dataset.train, soft=torch.lerp(labels.float(), opinion, share)))
