"""Writes expected.safetensors: random samples and what Pillow makes of them, as in.W.H.w.h.FILTER and out.…; FILTER is bicubic, bilinear (uint8 RGB), gray (uint8, bicubic) or float.

usage: make.py   with Pillow, numpy and safetensors"""
import numpy as np
from PIL import Image
from safetensors.numpy import save_file

rng = np.random.default_rng(3)
out = {}
sizes = [(1, 1, 5, 7), (7, 5, 1, 1), (13, 9, 13, 9), (13, 9, 13, 20), (13, 9, 40, 9), (31, 17, 8, 23), (17, 31, 23, 8), (5, 3, 64, 40), (64, 48, 14, 14),
         (2, 201, 6, 9), (2, 200, 6, 9), (2, 201, 6, 230), (201, 2, 9, 6), (1, 150, 1, 30), (100, 90, 33, 31)]
for w, h, nw, nh in sizes:
    for kind in ("bicubic", "bilinear", "gray", "float"):
        rgb = kind in ("bicubic", "bilinear")
        a = rng.integers(0, 256, (h, w, 3) if rgb else (h, w)).astype(np.uint8)
        if kind == "float":
            a = rng.normal(0, 1, (h, w)).astype(np.float32)
        elif w % 2:
            a = np.where(a > 128, 255, 0).astype(np.uint8)     # overshoot
        f = Image.BICUBIC if kind in ("bicubic", "gray") else Image.BILINEAR
        key = f"{w}.{h}.{nw}.{nh}.{kind}"
        out["in." + key] = a
        out["out." + key] = np.asarray(Image.fromarray(a).resize((nw, nh), f))
save_file(out, "expected.safetensors")
