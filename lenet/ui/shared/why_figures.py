"""Pure functions from what the parts of a photo said to a picture that lies over it."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from PIL import Image

from lenet.inference.photos import PhotoPrediction
from lenet.ui.shared.messages import PhotoEvidence

# The two of shared/style.css for dark pages: they lie on a grey photo, whatever the page's colour.  Orange and blue
# are told apart by colour-blind eyes as well.
FOR, AGAINST = (255, 138, 61), (92, 164, 255)
OPAQUE = 235  # of 255, for the part that said most; what said nothing is clear
SIDE = 384  # pixels of the layer of colour; the page enlarges it no further than the photo


def why(prediction: PhotoPrediction, evidence: np.ndarray) -> PhotoEvidence:
    """What the network looked at, and colours to lay over it.

    Args:
        prediction: of a photo; its last stage but one is what was cut out of it.
        evidence: (H, W), positive where the photo spoke for the answer, in logits.
    """
    return PhotoEvidence(
        frame=_uri(Image.fromarray(_squared(prediction.preprocessed.stages[-2].image)), "JPEG", quality=90),
        heat=_uri(heat(evidence), "PNG", compress_level=1),
        label=prediction.label,
        gain=float(evidence.clip(min=0).sum()),
        loss=float(evidence.clip(max=0).sum()),
    )


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
