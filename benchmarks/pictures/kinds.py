"""The kinds of pictures that people send besides one clean digit: in groups, by name, each a rule that composes one."""

from __future__ import annotations

from benchmarks.pictures.colours import chalk, coloured, light_on_dark, pens_kind, with_pen
from benchmarks.pictures.files import deep, fine_pen, one_bit, share_of_picture, transparent
from benchmarks.pictures.frames import (
    at_border,
    at_borders,
    dark_pad,
    framed,
    framed_apart,
    letterboxed,
    patch,
    scan_edge,
    tall_one,
    window,
)
from benchmarks.pictures.grounds import behind_blinds, display, pattern_beside, pencil_on_squares, plate
from benchmarks.pictures.ink import broken_five, dotted, faded, gap_in, skipping
from benchmarks.pictures.layouts import column, far_apart, heights, paper_row, rows_kind, sizes, small_print
from benchmarks.pictures.lines import (
    bars,
    beside_frame,
    boxes_kind,
    comb,
    divided,
    dotted_line,
    grid,
    open_ring,
    rings,
    touching_line,
    underlined,
)
from benchmarks.pictures.signs import bracketed, decimal, exponent, minus, percentage, prices, slashed, temperature
from benchmarks.pictures.strokes import BLACK, Colour, Kind

BRIGHTS: list[Colour] = [(240, 140, 40), (245, 140, 190), (245, 215, 60), (130, 190, 240), (150, 210, 90)]
DARKS: list[Colour] = [(205, 45, 45), (40, 60, 160), (30, 130, 70), (40, 40, 44)]
BLUES, REDS = [(35, 50, 140), (60, 90, 175)], [(185, 35, 40), (220, 60, 60)]
KINDS: dict[str, dict[str, Kind]] = {
    "paper rows": {
        **{f"four digits, gap {gap} of their height": paper_row(gap) for gap in (0.15, 0.25, 0.4, 0.6, 1.0)},
        "four digits, gap 0.4, even light": paper_row(0.4, 0.0),
        "two rows of three on paper": rows_kind(2, 3, True),
        "two rows in a blind's shadow": behind_blinds,
        "pale pencil on fine squares": pencil_on_squares,
        "digits in form boxes on paper": boxes_kind(True),
        "two numbers far apart on paper": far_apart,
        "prices on a receipt": prices(True),
        "5 to 8 mm high on A4": small_print,
    },
    "pages": {
        "five rows of eight": rows_kind(5, 8, False),
        "five rows of eight on paper": rows_kind(5, 8, True),
        "a third of a Sudoku": grid(0.35, False),
        "a third of a Sudoku on paper": grid(0.35, True),
    },
    "plates": {
        "light digits on a dark plate": plate(False),
        "light digits on a framed dark plate": plate(True),
        "a seven-segment display": display(False),
        "a seven-segment display, photographed": display(True),
    },
    "borders": {
        "touches one border, paper graded 10%": lambda hand, rng: at_border(hand, rng, 0.1),
        "15 pixels from the border, paper graded 10%": lambda hand, rng: at_border(hand, rng, 0.1, 15),
        "touches several borders, paper": at_borders,
        "a 1 of 96% to 100% of the picture, pad": tall_one(False),
        "a 1 of 96% to 100% of the picture, paper": tall_one(True),
    },
    "frames": {
        "a line of 1 to 6 pixels round the pad": framed,
        "a line round the pad, white outside": framed_apart,
        "letterboxed": letterboxed,
        "a dark pad on a white page": dark_pad,
        "a scan's black edge at one side": scan_edge(1),
        "a scan's black edge at two sides": scan_edge(2),
        "grey paper pasted on white": patch,
        "a screenshot with a window's bar": window,
    },
    "ink": {
        "fades to 0.3 of its darkness, pad": faded(0.3, False),
        "fades to 0.2 of its darkness, pad": faded(0.2, False),
        "fades to 0.3 of its darkness, paper": faded(0.3, True),
        "fades to 0.2 of its darkness, paper": faded(0.2, True),
    },
    "grounds": {
        "a table's grain beside the paper": pattern_beside(True),
        "patterned cloth beside the paper": pattern_beside(False),
    },
    "broken": {
        "a 5 whose bar stands apart": broken_five,
        "an 8 with a gap": gap_in([8], 0.03, 0.12),
        "any digit with a gap": gap_in(range(10), 0.03, 0.12),
        "a ballpoint that skips": skipping(False),
        "a ballpoint that skips, on paper": skipping(True),
        "dots, half a diameter apart": dotted(0.5),
        "dots, a diameter apart": dotted(1.0),
    },
    "layouts": {
        "a column of three": column,
        "two rows of three": rows_kind(2, 3, False),
        "form boxes": boxes_kind(False),
        "underlined": underlined,
        "a decimal point": decimal,
        "a minus": minus,
        "a date with slashes": slashed([(1, 2), (1, 2), (2, 2)], (1.0, 1.4), False),
        "a mark such as 8/10": slashed([(1, 2), (2, 2)], (1.3, 1.6), False),
        "a number such as 1)": bracketed(False, False),
        "a number such as 1), on paper": bracketed(False, True),
        "a number such as (42)": bracketed(True, False),
        "a number such as (42), on paper": bracketed(True, True),
        "a percentage": percentage(False),
        "a percentage, on paper": percentage(True),
        "a temperature": temperature(False),
        "a temperature, on paper": temperature(True),
        "digits of different size": sizes(50, 150),
        "digits of very different size": sizes(50, 220),
        "some two to four times as high": heights(1, False),
        "some two to four times as high, on paper": heights(1, True),
        "two rows, some two to four times as high": heights(2, False),
        "two rows, some two to four times as high, on paper": heights(2, True),
        "bars and no digit": bars(False),
        "bars and no digit, on paper": bars(True),
        "prices in a column": prices(False),
        "an exponent": exponent,
        "in a ring that is open": open_ring,
        "in rings, one with a wide gap": rings,
        "columns with a line between": divided,
        "beside an empty frame": beside_frame,
        "underlined, touching the line": touching_line,
        "on a form's dotted line": dotted_line,
        "over a form's comb": comb,
    },
    "colours": {
        "red on green of equal luminance": coloured((205, 60, 60), (60, 120, 60)),
        "pink on grey of equal luminance": coloured((255, 130, 170), (167, 167, 167)),
        "orange on blue of equal luminance": coloured((230, 120, 30), (90, 150, 255)),
        "red on green, photographed": coloured((205, 60, 60), (60, 120, 60), True),
        "black on yellow": coloured(BLACK, (250, 225, 40)),
    },
    "files": {
        "a pen of 1 pixel in 1000 x 1000": fine_pen,
        "10 bits in a file of 16": deep(10),
        "12 bits in a file of 16": deep(12),
        "1 bit, with specks": one_bit,
        "transparent, black ink": transparent(False),
        "transparent, white ink": transparent(True),
        "as small as a stamp": share_of_picture(0.06, 0.12, False),
        "as small as a stamp, on paper": share_of_picture(0.08, 0.14, True),
        "fills the picture": share_of_picture(0.93, 0.99, False),
        "fills the picture, on paper": share_of_picture(0.93, 0.99, True),
    },
    "pens": {
        "light ink on dark paper": light_on_dark,
        "chalk on a board": chalk,
        "blue pen": with_pen(0.03, 0.07, BLUES),
        "red pen": with_pen(0.03, 0.07, REDS),
        "two pens of dark colours": pens_kind(DARKS[:2], DARKS[2:]),
        "a bright pen and a dark one": pens_kind(BRIGHTS, DARKS),
        "two bright pens": pens_kind(BRIGHTS[:3], BRIGHTS[3:]),
        "thick marker": with_pen(0.14, 0.22, [(30, 30, 34), (35, 50, 140)]),
        "pencil": with_pen(0.03, 0.06, [(90, 90, 95)], 0.75),
        "on squared paper": with_pen(0.04, 0.09, BLUES, squares=True),
    },
}
