#!/usr/bin/env python3
"""Writes pillow.json: what Pillow's bilinear resize, as torchvision's Resize
and CenterCrop call it, makes of images whose bytes follow a fixed formula.

For small images the bytes are recorded, for large ones their CRC-32.
"""
import json
import sys
import zlib

import PIL
from PIL import Image


def pixels(width, height):
    """Bytes 0 to 255 in a pattern that test code can repeat: RGB, interleaved."""
    state, out = width * 65536 + height, bytearray()
    for _ in range(3 * width * height):
        state = (state * 1664525 + 1013904223) % 2**32
        out.append(state >> 24)
    return bytes(out)


def prepared(width, height, resize, crop):
    image = Image.frombytes("RGB", (width, height), pixels(width, height))
    if resize:
        short = min(width, height)
        size = int(resize * width / short), int(resize * height / short)
        image = image.resize(size, Image.BILINEAR)
    left = int(round((image.width - crop) / 2.0))
    top = int(round((image.height - crop) / 2.0))
    image = image.crop((left, top, left + crop, top + crop))
    return b"".join(c.tobytes() for c in image.split())


cases = []
for width, height, resize, crop in [
    (1, 1, 1, 1), (1, 1, 3, 3), (2, 3, 2, 2), (3, 2, 5, 4), (5, 7, 3, 3), (7, 5, 4, 2), (9, 13, 0, 6),
    (13, 4, 9, 8), (17, 31, 2, 1), (101, 3, 3, 3), (3, 101, 4, 3), (299, 299, 256, 224), (500, 375, 256, 224),
    (333, 500, 256, 224), (255, 257, 256, 224), (640, 481, 342, 299), (97, 61, 256, 224), (2049, 17, 31, 30),
]:
    out = prepared(width, height, resize, crop)
    case = {"width": width, "height": height, "resize": resize, "crop": crop, "crc32": zlib.crc32(out)}
    if len(out) <= 300:
        case["hex"] = out.hex()
    cases.append(case)
json.dump({"pillow": PIL.__version__, "cases": cases}, open(sys.argv[1], "w"), indent=1)
