"""A trained network as an ONNX file, for programs without PyTorch.

The file describes itself as a weights file does: its metadata says, as JSON, the classes of its logits ("classes"),
how a picture becomes x ("input": `size` pixels a side, then (pixel / 255 - `mean`) / `std` a channel), what its
logits are to be divided by ("temperature"), and the recipe and metrics it comes from.
"""

from __future__ import annotations

import copy
import json
import os
import threading
from dataclasses import asdict
from pathlib import Path

import torch

from lenet.checkpoint import write_file
from lenet.inference.pretrained import Checkpoint
from lenet.models import MODELS

_EXPORTING = threading.Lock()  # torch.onnx.export fails where another thread is in it


def to_onnx(checkpoint: Checkpoint) -> bytes:
    """The network as an ONNX model: "x" float32 (B, C, size, size) to "logits" float32 (B, classes), for any B."""
    recipe = checkpoint.recipe
    network = copy.deepcopy(checkpoint.model).cpu().to(memory_format=torch.contiguous_format).eval()
    size = MODELS[recipe.model].size
    x = torch.zeros(2, len(recipe.input.mean), size, size)  # 1 would be taken for the only size of a batch
    with _EXPORTING:
        program = torch.onnx.export(
            network,
            (x,),
            dynamo=True,
            verbose=False,
            input_names=["x"],
            output_names=["logits"],
            dynamic_shapes=({0: torch.export.Dim("batch")},),
        )
    assert program is not None  # as it is without a file to write to
    model = program.model_proto
    for node in model.graph.node:
        del node.metadata_props[:]  # stack traces, with the paths of this machine
    described = {
        "classes": checkpoint.classes,
        "input": asdict(recipe.input),
        "temperature": checkpoint.temperature,
        "recipe": recipe.to_dict(),
        "metrics": checkpoint.metrics,
    }
    for key, value in described.items():
        model.metadata_props.add(key=key, value=json.dumps(value, sort_keys=True))
    content: bytes = model.SerializeToString()
    return content


def write_onnx(path: str | os.PathLike[str], checkpoint: Checkpoint) -> None:
    """Write `to_onnx(checkpoint)` to `path`.

    Raises:
        CheckpointError: the folder cannot be written to.
    """
    write_file(Path(path), to_onnx(checkpoint))
