"""What is around the subjects of several scenes: sky, hills, trees and grass."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tools.scenes.painting import SCALE, Canvas, Point, Stops, ramp, smoothstep


def sky(canvas: Canvas, stops: Stops, cover: float = 0.5, patch: Point = (260, 90), opacity: float = 0.9) -> None:
    """A sky of these colours by picture y; clouds, lit from the upper left, take about `cover` of it."""
    canvas.rgb[:] = ramp(canvas.y, stops)
    density = canvas.noise(*patch, octaves=6, gain=0.52)
    lit = np.pad(density, ((5 * SCALE, 0), (4 * SCALE, 0)), mode="edge")[: len(density), : density.shape[1]]
    shade = ramp(0.55 + 3.0 * (density - lit), [(0, "#aab8c8"), (0.5, "#dfe6ee"), (1, "#ffffff")])
    canvas.paint(canvas.mask(smoothstep(density, 0.82 - 0.5 * cover, 1.12 - 0.5 * cover)), shade, opacity)


def hills(canvas: Canvas, foot: float, crests: Sequence[float], colour: str) -> None:
    """Distant hills down to picture y = `foot`, with crests at these heights from left to right."""
    across = np.linspace(-30, canvas.width + 30, len(crests))
    ridge = list(zip(across, crests, strict=True))
    canvas.paint(canvas.polygon((-30, foot), *ridge, (canvas.width + 30, foot), curved=True), colour)


def trees(canvas: Canvas, base: float, height: float, colours: Sequence[str], count: int = 120) -> None:
    """A row of crowns whose feet stand at picture y = `base`."""
    for _ in range(count):
        size = height * canvas.rng.uniform(0.25, 0.5)
        x, y = canvas.rng.uniform(-20, canvas.width + 20), base - canvas.rng.uniform(0.1, 0.65) * height
        colour = colours[int(canvas.rng.integers(len(colours)))]
        canvas.round(canvas.ellipse(x, y, size * 0.8, size), colour, size * 0.5)


def grass(canvas: Canvas, top: float, bottom: float, count: int, length: Point, colours: Sequence[str]) -> None:
    """Blades between picture y = `top` and `bottom`, longer in front: from length[0] to length[1]."""
    feet = np.sort(top + (bottom - top) * canvas.rng.random(count))
    paths = []
    for y in feet:
        near = (y - top) / (bottom - top)
        size = (length[0] + (length[1] - length[0]) * near) * canvas.rng.uniform(0.5, 1.1)
        x, lean = canvas.rng.uniform(-5, canvas.width + 5), canvas.rng.normal(0.12, 0.3) * size
        blade = np.array([(x, y), (x + lean * 0.3, y - size * 0.6), (x + lean, y - size)])
        paths.append((blade, 0.5 + 0.9 * near, colours[int(canvas.rng.integers(len(colours)))]))
    canvas.strokes(paths)
