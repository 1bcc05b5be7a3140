"""Pure functions from what the parts of a photo said to a picture that lies over it."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from PIL import Image

from lenet.inference.photos import PhotoPrediction
from lenet.ui.shared import texts
from lenet.ui.shared.figures import called

# The two of shared/style.css for dark pages: they lie on a grey photo, whatever the page's colour.  Orange and blue
# are told apart by colour-blind eyes as well.
FOR, AGAINST = (255, 138, 61), (92, 164, 255)
OPAQUE = 235  # of 255, for the part that said most; what said nothing is clear
SIDE = 384  # pixels of the layer of colour; the page enlarges it no further than the photo


def why(prediction: PhotoPrediction, evidence: np.ndarray) -> dict[str, str]:
    """What the network looked at, colours to lay over it, a legend, and a line of figures.

    Args:
        prediction: of a photo; its last stage but one is what was cut out of it.
        evidence: (H, W), positive where the photo spoke for the answer, in logits.
    """
    name = called(prediction.label)
    said_for, against = evidence.clip(min=0).sum(), -evidence.clip(max=0).sum()
    return {
        "frame": _uri(Image.fromarray(_squared(prediction.preprocessed.stages[-2].image)), "JPEG", quality=90),
        "heat": _uri(heat(evidence), "PNG", compress_level=1),
        "legend": f'<span><i class="swatch for"></i>{texts.say("photo_why_for", name=name)}</span> '
        f'<span><i class="swatch against"></i>{texts.say("photo_why_against", name=name)}</span>',
        "sums": texts.say("why_sums", gain=f"+{said_for:.1f}", loss=f"\N{MINUS SIGN}{against:.1f}"),
    }


def heat(evidence: np.ndarray, side: int = SIDE) -> Image.Image:
    """`evidence` (H, W), enlarged bicubically: "RGBA" of `side` pixels, the stronger the less transparent."""
    smooth = Image.fromarray(evidence.astype(np.float32)).resize((side, side), Image.Resampling.BICUBIC)
    values = np.asarray(smooth)
    strength = np.abs(values) / (np.abs(values).max() or 1.0)
    colours = np.where(values[..., None] > 0, FOR, AGAINST)
    # The power lets the middle of the scale be seen; the steps of 4 make the file a third as large.
    alpha = (OPAQUE * strength**0.6) // 4 * 4
    return Image.fromarray(np.dstack([colours, alpha]).astype(np.uint8))


def _squared(frame: np.ndarray) -> np.ndarray:
    """Where the square that was looked at reaches beyond the photo, the photo's edge goes on."""
    height, width = frame.shape[:2]
    short, long = sorted((height, width))
    margins = ((long - short) // 2, long - short - (long - short) // 2)
    return np.pad(frame, ((0, 0), margins, (0, 0)) if height > width else (margins, (0, 0), (0, 0)), mode="edge")


def _uri(image: Image.Image, kind: str, **options: Any) -> str:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return f"data:image/{kind.lower()};base64," + base64.b64encode(buffer.getvalue()).decode()
