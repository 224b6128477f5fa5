"""How colours look to people without one of the three kinds of cones, and how far apart two colours are.

The matrices are those of Machado, Oliveira and Fernandes (2009) at full severity, for linear RGB.
"""

from __future__ import annotations

import math

from textual.color import Color

Triple = tuple[float, float, float]

VISIONS: dict[str, tuple[Triple, Triple, Triple]] = {
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
    "all three cones": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
}


def linear(color: Color) -> Triple:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (value / 255 for value in color.rgb)
    )
    return red, green, blue


def seen(color: Color, vision: str) -> Triple:
    """Linear RGB of the colour as it looks to somebody."""
    values = linear(color)
    red, green, blue = (
        min(1.0, max(0.0, sum(share * value for share, value in zip(row, values, strict=True))))
        for row in VISIONS[vision]
    )
    return red, green, blue


def lab(rgb: Triple) -> Triple:
    """CIE L*a*b* of linear RGB, for daylight."""

    def root(value: float) -> float:
        return value ** (1 / 3) if value > 0.008856 else 7.787 * value + 16 / 116

    red, green, blue = rgb
    x = root((0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.95047)
    y = root(0.2126729 * red + 0.7151522 * green + 0.0721750 * blue)
    z = root((0.0193339 * red + 0.1191920 * green + 0.9503041 * blue) / 1.08883)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def distance(one: Color, other: Color, vision: str) -> float:
    """How different two colours look (CIE 1976); 2.3 can just be told apart side by side."""
    first, second = (lab(seen(color, vision)) for color in (one, other))
    return math.dist(first, second)
