"""Writes narrow.npz and expected.safetensors of this folder: a random mask decoder and what PyTorch makes of it; on request a second one of full width.

usage: make.py [WIDE.npz]   with torch, numpy and safetensors; same seed, same files"""
import sys
import numpy as np
import torch
from safetensors.numpy import save_file
from torch import nn


class Res(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.net = nn.Sequential(nn.Conv2d(d, d, 3, padding=1), nn.ReLU(), nn.Conv2d(d, d, 3, padding=1), nn.ReLU(), nn.Conv2d(d, d, 1))

    def forward(self, x):
        return x + self.net(x)


class Decoder(nn.Module):
    """The layers of vae-oid.npz: widths (d, d, d/2, d/4, d/8), and a codebook of 128 rows."""

    def __init__(self, d, width):
        super().__init__()
        layers = [nn.Conv2d(width, d, 1), nn.ReLU(), Res(d), Res(d)]
        for i, o in ((d, d), (d, d // 2), (d // 2, d // 4), (d // 4, d // 8)):
            layers += [nn.ConvTranspose2d(i, o, 4, 2, 1), nn.ReLU()]
        self.decoder = nn.Sequential(*layers, nn.Conv2d(d // 8, 1, 1))
        self.book = torch.randn(128, width)

    def forward(self, codes):
        x = self.book[codes].reshape(-1, 4, 4, self.book.shape[1]).permute(0, 3, 1, 2)
        return self.decoder(x)[:, 0]


def make(path, d, width, dtypes):
    torch.manual_seed(d)
    net = Decoder(d, width)
    with torch.no_grad():
        for p in net.parameters():
            p.mul_(2.5 if p.ndim > 1 else 1)   # larger than the default, so that nothing fades away
    arrays = {k: v.numpy().astype(dtypes[i % len(dtypes)]) for i, (k, v) in enumerate(net.state_dict().items())}
    arrays["_vq_vae._embedding"] = net.book.numpy().astype(dtypes[-1])
    np.savez(path, **arrays)
    net.load_state_dict({k: torch.from_numpy(v.astype("f4")) for k, v in arrays.items() if k[0] == "d"})
    net.book = torch.from_numpy(arrays["_vq_vae._embedding"].astype("f4"))
    codes = torch.randint(0, 128, (3, 16))
    with torch.no_grad():
        net.double()
        net.book = net.book.double()
        return codes.numpy(), net(codes).numpy()


out = {}
jobs = [("narrow", "narrow.npz", 8, 12, ["<f2", "<f4", "<f8"])]
if len(sys.argv) > 1:
    jobs.append(("wide", sys.argv[1], 128, 512, ["<f4"]))
for name, path, d, width, dtypes in jobs:
    codes, masks = make(path, d, width, dtypes)
    out[name + ".codes"], out[name + ".masks"] = codes.astype(np.int64), masks
    print(name, "largest", abs(masks).max(), "spread", masks.std())
save_file(out, "expected.safetensors" if len(jobs) == 1 else sys.argv[1] + ".safetensors")
