"""Writes the picture files of this folder and pictures.json: the SHA-256 of the RGB bytes that Pillow (convert("RGB"), EXIF orientation applied) decodes.

usage: make.py   with Pillow and numpy; the same versions give the same files"""
import hashlib, json, os, struct, warnings, zlib
import numpy as np
from PIL import Image, ImageOps

warnings.simplefilter("ignore")
rng = np.random.default_rng(1)
H, W = 19, 27
y, x = np.mgrid[0:H, 0:W]
smooth = np.stack([128 + 100 * np.sin(x / 7 + y / 11), 128 + 100 * np.cos(x / 5), y * 9 % 256], 2) + rng.normal(0, 8, (H, W, 3))
image = Image.fromarray(smooth.clip(0, 255).astype(np.uint8))


def noise(top, *shape):
    return rng.integers(0, top, shape)


def chunk(tag, data):
    return struct.pack(">I", len(data)) + tag + data + struct.pack(">I", zlib.crc32(tag + data))


def png(name, a, depth, color, interlaced=0, extra=b""):
    """A PNG with samples a, filter 0, perhaps Adam7."""
    def lines(s):
        out = b""
        for row in s:
            bits = "".join(format(int(v), f"0{depth}b") for v in row.reshape(-1))
            bits += "0" * (-len(bits) % 8)
            out += b"\0" + bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8))
        return out
    adam7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    passes = adam7 if interlaced else [(0, 0, 1, 1)]
    data = b"".join(lines(a[t::v, l::h]) for l, t, h, v in passes if a[t::v, l::h].size)
    header = struct.pack(">IIBBBBB", a.shape[1], a.shape[0], depth, color, 0, 0, interlaced)
    open(name, "wb").write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b""))


def palette(n):
    return chunk(b"PLTE", noise(256, 3 * n).astype("u1").tobytes())


for i in (0, 1):
    for d in (1, 2, 4, 8, 16):
        png(f"gray{d}-{i}.png", noise(1 << d, H, W), d, 0, i)
        if d < 16:
            png(f"palette{d}-{i}.png", noise(1 << d, H, W), d, 3, i, palette(1 << d))
        if d >= 8:
            png(f"rgb{d}-{i}.png", noise(1 << d, H, W, 3), d, 2, i)
            png(f"rgba{d}-{i}.png", noise(1 << d, H, W, 4), d, 6, i)
            png(f"la{d}-{i}.png", noise(1 << d, H, W, 2), d, 4, i)
gamma = chunk(b"gAMA", struct.pack(">I", 100000))
png("gray8-gamma.png", noise(256, 9, 9), 8, 0, 0, gamma)
png("rgb8-gamma.png", noise(256, 9, 9, 3), 8, 2, 0, gamma)
for d in (1, 4, 8, 16):
    png(f"gray{d}-transparent.png", noise(1 << d, 9, 9), d, 0, 0, chunk(b"tRNS", b"\0\1"))
for d in (8, 16):
    png(f"rgb{d}-transparent.png", noise(1 << d, 9, 9, 3), d, 2, 0, chunk(b"tRNS", b"\0\1\0\1\0\1"))
png("palette4-short.png", noise(16, 9, 9), 4, 3, 0, palette(10))
png("palette8-short.png", noise(16, 9, 9), 8, 3, 0, palette(10))
png("palette4-transparent.png", noise(16, 9, 9), 4, 3, 0, palette(16) + chunk(b"tRNS", bytes(range(16))))

for s in (0, 1, 2):
    for p in (False, True):
        image.save(f"chroma{s}{'-progressive' if p else ''}.jpg", quality=70, subsampling=s, progressive=p)
image.save("rgb.jpg", quality=90, keep_rgb=True)
image.save("restarts.jpg", restart_marker_blocks=1)
image.convert("L").save("gray.jpg")
image.convert("CMYK").save("cmyk.jpg")
cmyk = bytearray(open("cmyk.jpg", "rb").read())
adobe = cmyk.find(b"\xff\xee")
open("cmyk-no-adobe.jpg", "wb").write(cmyk[:adobe] + cmyk[adobe + 16:])
cmyk[adobe + 15] = 2
open("ycck.jpg", "wb").write(cmyk)
plain = open("chroma0.jpg", "rb").read()
open("no-jfif.jpg", "wb").write(plain[:2] + plain[20:])
exif = Image.Exif()
for o in range(1, 9):
    exif[0x112] = o
    image.save(f"orientation{o}.jpg", exif=exif)
image.save("orientation.png", exif=exif)
image.save("orientation.webp", exif=exif, lossless=True)

image.save("lossless.webp", lossless=True)
alpha = Image.fromarray(np.dstack([np.asarray(image), (x * 9 % 256).astype("u1")]))
alpha.save("lossless-alpha.webp", lossless=True, exact=True)
image.save("animation.webp", save_all=True, append_images=[image.rotate(90)], lossless=True)

for m in ("1", "L", "P", "RGB", "RGBA"):
    image.convert(m).save(f"{m}.bmp")


def bmp(name, header, offset, data):
    open(name, "wb").write(b"BM" + struct.pack("<IHHI", offset + len(data), 0, 0, offset) + header + data)


def info(w, h, depth, compression, size, colors=0):
    return struct.pack("<IiiHHIIiiII", 40, w, h, 1, depth, compression, size, 0, 0, colors, 0)


b16 = noise(32768, 10, 12).astype("<u2").tobytes()
b32 = noise(256, 10, 12, 4).astype("u1")
bmp("555.bmp", info(12, 10, 16, 0, 240), 54, b16)
bmp("565.bmp", info(12, 10, 16, 3, 240) + struct.pack("<III", 0xF800, 0x7E0, 0x1F), 66, b16)
bmp("32.bmp", info(12, 10, 32, 0, 480), 54, b32.tobytes())
bmp("top-down.bmp", info(12, -10, 24, 0, 360), 54, b32[:, :, :3].tobytes())
bmp("core.bmp", struct.pack("<IHHHH", 12, 12, 10, 1, 24), 26, b32[:, :, :3].tobytes())
runs = b"".join(bytes([7, v, 5, 200, 0, 0]) for v in range(10)) + b"\0\1"
bmp("runs.bmp", info(12, 10, 8, 1, len(runs), 256) + noise(256, 1024).astype("u1").tobytes(), 54 + 1024, runs)

few = image.quantize(32)
few.save("plain.gif")
image.convert("L").save("gray.gif")
few.save("interlaced.gif", interlace=1)
few.save("transparent.gif", transparency=3)
for name in ("plain", "transparent"):   # the frame smaller than the screen, and not at its corner
    gif = bytearray(open(name + ".gif", "rb").read())
    frame = gif.find(b",\0\0\0\0")
    gif[6:10] = struct.pack("<HH", 40, 33)
    gif[frame + 1:frame + 5] = struct.pack("<HH", 9, 13)
    open(name + "-offset.gif", "wb").write(gif)

out = {}
for name in sorted(os.listdir(".")):
    if name.rsplit(".")[-1] in ("png", "jpg", "gif", "bmp", "webp"):
        rgb = ImageOps.exif_transpose(Image.open(name)).convert("RGB")
        out[name] = {"size": rgb.size, "sha256": hashlib.sha256(rgb.tobytes()).hexdigest()}
json.dump(out, open("pictures.json", "w"), indent=1)
