"""What `import lenet` and the page's start load, and what they leave for the function that needs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from lenet.ui import page

ROOT = Path(__file__).parents[2]
HEAVY = (
    *("torchvision", "torch._dynamo", "torch.utils.flop_counter", "sympy", "keras", "tensorflow", "tensorboard"),
    *("matplotlib", "sklearn", "scipy", "pandas", "captum", "onnx", "onnxscript", "onnxruntime"),
)


def loaded(names: tuple[str, ...], *steps: str) -> list[set[str]]:
    """Those of `names` that a fresh process has loaded after each of the steps."""
    show = f"print(*(name for name in {names!r} if name in sys.modules))"
    program = "\n".join(["import sys", *(line for step in steps for line in (step, show))])
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return [set(line.split()) for line in done.stdout.splitlines()]


def test_the_library_loads_nothing_large_but_torch_and_scipy_once_it_reads_a_picture() -> None:
    picture = "import numpy; picture = numpy.full((280, 280), 255, 'uint8'); picture[60:220, 130:150] = 0"
    read = "(found,) = lenet.Classifier.from_pretrained('digits').read(picture); assert found.prediction.label == '1'"
    names = ("torch", "lenet.inference.classifier", "gradio", *HEAVY)
    imported, reading = loaded(names, "import lenet", f"{picture}\n{read}")
    assert imported == {"torch", "lenet.inference.classifier"}
    assert reading == {"torch", "lenet.inference.classifier", "scipy"}


def test_the_page_loads_only_what_its_first_answers_need() -> None:
    started, built, warm, training = loaded(
        ("gradio", *HEAVY),
        "import lenet.ui.page as page",
        "demo = page.build()",
        "page.warm_up(demo).join()",
        "demo.holds.runs.prepare(); demo.holds.runs._loading._threads.shutdown()",
    )
    assert started == built == {"gradio"}
    assert warm == {"gradio", *page.IMPORTED_AFTER_START, "scipy"} - {"scipy.ndimage"}
    assert "torch._dynamo" in training
