"""Whether a picture shows anything: its pixels, decoded."""

import base64
import io
import re

import numpy as np
from PIL import Image


def pixels(png: bytes) -> np.ndarray:
    """(height, width, 3) of a PNG on white, 0 to 255."""
    image = Image.open(io.BytesIO(png)).convert("RGBA")
    white = Image.new("RGBA", image.size, "white")
    return np.asarray(Image.alpha_composite(white, image).convert("RGB"))


def coloured_share(png: bytes) -> float:
    """The share of pixels that are neither white, grey nor black: what is left of axes, text and
    ticks does not count.
    """
    colours = pixels(png).astype(int)
    return float(np.mean(np.ptp(colours, axis=2) > 40))


def inked_share(png: bytes) -> float:
    """The share of pixels that are not white: 1 to 2 % in axes without anything in them."""
    return float(np.mean(pixels(png).min(axis=2) < 215))


def embedded(page: str) -> list[bytes]:
    """The PNGs of a page that needs no other file."""
    return [
        base64.b64decode(data) for data in re.findall(r"data:image/png;base64,([^\"')]+)", page)
    ]


def png_of(figure) -> bytes:
    """A figure as it is saved."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    return buffer.getvalue()


def colours_at(figure, axes, places) -> np.ndarray:
    """(n, 3) colours of a saved figure, 0 to 255, at places (n, 2) in the units of its axes."""
    image = pixels(png_of(figure))  # saved first: a layout is made while it is drawn
    columns, rows = axes.transData.transform(np.asarray(places, dtype=float)).T
    return image[(len(image) - rows).astype(int), columns.astype(int)].astype(int)


def drawn_values(figure) -> np.ndarray:
    """The numbers that its fields are coloured by, colour bars left out."""
    drawn = [
        np.ravel(axes.collections[0].get_array())  # drawn first, streamlines on it
        for axes in figure.axes
        if axes.collections and axes.get_label() != "<colorbar>"
    ]
    return np.concatenate(drawn)
