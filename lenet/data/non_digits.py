"""What people also draw on a pad for digits: letters, shapes, scribbles, blots, two digits at once.

A network that only ever saw digits calls everything one.  These teach it an eleventh answer, "not a
digit".  Nobody collected them: they are drawn here by rule, as pen strokes, and rendered as digits
are.  What cannot be told from a digit is left out: O, o (0), I, l, | (1), S, s (5), Z, z (2), b (6),
g, q (9), y (4), and a lone circle or line.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from lenet.data.strokes import PEN_TABLET, Drawing, Strokes, bent, cut_corners, fitted, parse_strokes

# A name and its pen strokes on a grid 4 wide and 6 high, y downwards: see `parse_strokes`.
LETTERS = """
A 062046 1434; B 0006 000131320330 033445360606; C 41200002042646; D 0006 00203142443606; E 40000646 0333
F 400006 0333; G 41200002042646432343; H 0006 4046 0343; J 30342505; K 0006 400346; L 000646; M 0600234046; N 06004640
P 0006 00304132330303; Q 200104264502 2446; R 0006 0030413203 0346; T 0040 2026; U 00042645444040; V 002640
W 0016234036; X 0046 4006; Y 002340 2326; a 42120314264542 4246; c 43120305163643; d 40464305162642
e 0343433212030516; f 302026 1333; h 0006 0313324446; j 323405 30; k 0006 3203 0346; m 0206 03122226 22334246
n 0206 0413324446; p 0206 023241430404; r 0206 041222; t 2026 1232; u 0204163646 4246; v 022642; w 0216233642
x 0246 4206; + 2125 0343; - 0343; = 0242 0444; # 1016 3036 0242 0444; * 2125 0145 4105; > 014305; < 410345; ^ 042044
~ 04133344; dash 0343
? 01204123 2425; ! 2024 2526; & 46101030062645; @ 343313232435454120010426; % 4006 0001 4545; corner 060046
arrow 0343 324334; hat 06204606; box 0060660600; house 060220424606 0242; star 1620360242 1602; cross 2026 0242
tree 2026 2042 2004; heart 2021010002264242413020; door 0040460600 2026; sum 4000230646; root 03142640
pi 0141 1116 3136; omega 0616042042363646
"""
GLYPHS = [parse_strokes(entry.partition(" ")[2]) for line in LETTERS.strip().split("\n") for entry in line.split("; ")]


def letter(rng: Generator) -> Strokes:
    """A letter or sign, its corners more or less rounded; those of a lone outline, a zero if rounded, stay."""
    glyph = GLYPHS[rng.integers(len(GLYPHS))]
    outline = len(glyph) == 1 and np.array_equal(glyph[0][0], glyph[0][-1])
    rounds = 0 if outline else rng.integers(0, 4)
    strokes = []
    for stroke in glyph:
        points = stroke + rng.normal(0, 0.12, stroke.shape)
        for _ in range(rounds):
            points = cut_corners(points)
        strokes.append(points)
    return [s * (90, 75) for s in strokes]


def scribble(rng: Generator) -> Strokes:
    """A pen that wanders: smooth curves through random points, one to three of them."""
    return [_curve(rng.uniform(0, PEN_TABLET, (rng.integers(5, 16), 2))) for _ in range(rng.integers(1, 4))]


def _curve(points: np.ndarray, steps: int = 8) -> np.ndarray:
    """A Catmull-Rom spline through `points` (N, 2)."""
    padded = np.concatenate([points[:1], points, points[-1:]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    pieces = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False)
    ]
    return np.concatenate([*pieces, points[-1:]])


def hatching(rng: Generator) -> Strokes:
    """To and fro, as one shades a surface, or a zigzag."""
    turns = rng.integers(6, 20)
    x = np.linspace(0, PEN_TABLET, turns) + rng.normal(0, 12, turns)
    y = np.where(np.arange(turns) % 2, 0, rng.uniform(150, PEN_TABLET)) + rng.normal(0, 25, turns)
    return [_turned(np.stack([x, y], axis=1), rng.uniform(0, math.pi))]


def spiral(rng: Generator) -> Strokes:
    """Two to six turns, inwards or along a line, as one tries out a pen."""
    angle = np.linspace(0, 2 * math.pi * rng.uniform(2, 6), 120) * rng.choice([-1, 1]) + rng.uniform(0, 7)
    radius = np.linspace(rng.uniform(0, 40), 230, 120)  # one with a wide hole would be a zero
    loops = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return [loops + np.linspace(0, rng.choice([0, 0, 700]), 120)[:, None] * (1, 0)]


def shape(rng: Generator) -> Strokes:
    """A polygon or a star, perhaps with a smaller one, a face or a cross inside.

    A polygon of more than three corners with nothing inside would be a zero to a wide brush.
    """
    inside = rng.integers(0, 5)
    star = rng.random() < 0.5
    corners = rng.integers(3, 9) if star or 0 < inside < 4 else 3
    start = rng.uniform(0, 2 * math.pi)
    radii = np.where(np.arange(2 * corners) % 2, rng.uniform(0.3, 0.6), 1.0) if star else None
    count = corners if radii is None else 2 * corners
    angle = start + np.arange(count + 1) * 2 * math.pi / count
    radius = 220 * (np.ones(count + 1) if radii is None else np.append(radii, radii[0]))
    outline = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1) + rng.normal(0, 10, (count + 1, 2))
    if inside == 1:
        return [outline, outline * 0.5]
    if inside == 2:
        return [outline, np.array([[-70.0, -60]]), np.array([[70.0, -60]]), np.array([[-80.0, 60], [0, 100], [80, 60]])]
    if inside == 3:
        return [outline, np.array([[-220.0, 0], [220, 0]]), np.array([[0.0, -220], [0, 220]])]
    return [outline]


def figure(rng: Generator) -> Strokes:
    """Straight strokes at random, three to seven: signs of scripts that nobody reads here."""
    ends = rng.uniform(0, PEN_TABLET, (rng.integers(3, 8), 2, 2))
    upright = rng.random(len(ends)) < 0.6  # most scripts go along and down
    axis = rng.integers(0, 2, len(ends))
    ends[np.flatnonzero(upright), 1, axis[upright]] = ends[np.flatnonzero(upright), 0, axis[upright]]
    return list(ends)


def blot(rng: Generator) -> Strokes:
    """A patch filled in: with a wide brush, many short strokes about one place."""
    return [rng.normal(250, rng.uniform(15, 110, 2), (rng.integers(1, 60), 2))]


def solid(rng: Generator) -> Strokes:
    """A filled shape, round, wavy or with corners, and not thin enough for a one: outlines within one another."""
    angle = np.linspace(0, 2 * math.pi, 91)
    if rng.random() < 0.5:
        radius = np.ones(91)
        for wave in range(2, 6):
            radius = radius + rng.uniform(0, 0.35) / wave * np.cos(wave * angle + rng.uniform(0, 7))
    else:
        corners = rng.integers(3, 8)
        from_middle = (angle + rng.uniform(0, 7)) % (2 * math.pi / corners) - math.pi / corners  # of a side
        radius = np.minimum(math.cos(math.pi / corners) / np.cos(from_middle), rng.uniform(0.8, 1.0))
    outline = np.stack([np.cos(angle), np.sin(angle)], axis=1) * radius[:, None] * (1, rng.uniform(0.75, 1.35))
    outline = _turned(outline, rng.choice([0, rng.uniform(0, math.pi)]))
    size = 110 / np.abs(outline).max()
    return [outline * size * part for part in np.linspace(0.02, 1, 40)]  # 3 pixels apart: the thinnest brush fills it


def dots(rng: Generator) -> Strokes:
    """Two to nine points, apart."""
    return [rng.uniform(0, PEN_TABLET, (1, 2)) for _ in range(rng.integers(2, 10))]


@dataclass(frozen=True)
class Rule:
    """A way to draw what is no digit.

    Attributes:
        share: of all that is drawn by rule.
        widest: the widest brush, as a share of the larger side of what is drawn.  A wider one would close
            what makes a box no zero and a scribble no eight.
    """

    draw: Callable[[Generator], Strokes]
    share: float
    widest: float = 1 / 6


RULES = (
    Rule(letter, 0.35),
    Rule(scribble, 0.10),
    Rule(hatching, 0.08),
    Rule(spiral, 0.07, widest=1 / 14),
    Rule(shape, 0.12, widest=1 / 12),
    Rule(figure, 0.12),
    Rule(blot, 0.05),
    Rule(solid, 0.07),
    Rule(dots, 0.04),
)
_SHARES = [rule.share for rule in RULES]


def non_digit(rng: Generator, digits: Sequence[Drawing] = ()) -> tuple[Strokes, float]:
    """The strokes of something that is no digit, 0 to 500 tablet pixels, and the widest brush for it, in them.

    Args:
        digits: drawings of which, one time in five, two or three stand side by side, or touch, or one
            is crossed out.
    """
    if len(digits) and rng.random() < 0.2:
        strokes = _several(rng, digits) if rng.random() < 0.75 else _crossed_out(rng, digits)
        size, widest = rng.uniform(0.9, 1.2), 1 / 6
    else:
        rule = RULES[rng.choice(len(RULES), p=_SHARES)]
        # from the size of the tablet's digits to all of the tablet
        strokes, size, widest = rule.draw(rng), rng.uniform(0.35, 1.2), rule.widest
    strokes = fitted(bent(strokes, rng), size)
    return strokes, widest * float(np.ptp(np.concatenate(strokes), axis=0).max())


def _several(rng: Generator, digits: Sequence[Drawing]) -> Strokes:
    strokes: Strokes = []
    right = 0.0
    for index in rng.integers(0, len(digits), rng.choice([2, 2, 3])):
        points = fitted([np.array(s, float) for s in digits[index].strokes], rng.uniform(0.8, 1.2))
        left = min(s[:, 0].min() for s in points)
        # most are 170 high: up to a quarter of that into one another, up to a half apart
        shift = right - left + (rng.uniform(-40, 80) if strokes else 0)
        strokes += [s + np.array([shift, 0]) for s in points]
        right = max(s[:, 0].max() for s in strokes)
    return strokes


def _crossed_out(rng: Generator, digits: Sequence[Drawing]) -> Strokes:
    strokes = [np.array(s, float) for s in digits[int(rng.integers(len(digits)))].strokes]
    box = np.concatenate(strokes)
    low, high = box.min(axis=0), box.max(axis=0)
    return strokes + [_curve(rng.uniform(low - 20, high + 20, (2, 2))) for _ in range(rng.integers(2, 5))]


def _turned(points: np.ndarray, angle: float) -> np.ndarray:
    cos, sin = math.cos(angle), math.sin(angle)
    return points @ np.array([[cos, -sin], [sin, cos]])
