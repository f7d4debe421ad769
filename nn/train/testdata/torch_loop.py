#!/usr/bin/python3
"""Writes torch_loop.safetensors beside this file: ten steps of training a small
residual network with every optimizer, by PyTorch (1.13.0 made the committed
file): the loss of each step, and parameters and running statistics at the end.
Images, labels and initial parameters follow formulas that the test repeats."""
import json, os, struct
import torch
import torch.nn as nn
import torch.nn.functional as F


def seq(shape, salt):
    """Multiples of 1/64 in [-2, 2], exact in float32."""
    i = torch.arange(torch.Size(shape).numel())
    return (((i * i * 31 + i * 17 + salt * 101) % 257 - 128).float() / 64).reshape(shape)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(2, 4, 3, 2, 1, bias=False), nn.BatchNorm2d(4)
        self.conv2, self.bn2 = nn.Conv2d(4, 4, 3, 1, 1, bias=False), nn.BatchNorm2d(4)
        self.linear = nn.Linear(4, 3)
        for i, p in enumerate(self.parameters()):
            p.data = seq(p.shape, i) / 4 + (1 if p.dim() == 1 and i < 6 else 0)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = F.relu(self.bn2(self.conv2(x)) + x)
        return self.linear(x.mean((2, 3)))


OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, .05, momentum=.9, weight_decay=.01),
    "nesterov": lambda p: torch.optim.SGD(p, .05, momentum=.9, weight_decay=.01, nesterov=True),
    "adam": lambda p: torch.optim.Adam(p, .01, weight_decay=.01),
}


def save(path, tensors):
    header, blobs, off = {"__metadata__": {"torch": torch.__version__}}, [], 0
    for k, v in tensors.items():
        b = v.detach().contiguous().numpy().tobytes()
        header[k] = {"dtype": "F32", "shape": list(v.shape), "data_offsets": [off, off + len(b)]}
        off += len(b)
        blobs.append(b)
    h = json.dumps(header, separators=(",", ":")).encode()
    h += b" " * (-len(h) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(h)) + h + b"".join(blobs))


out = {}
for name, make in OPTIMIZERS.items():
    m = Net()
    opt = make(m.parameters())
    losses = []
    for step in range(10):
        loss = F.cross_entropy(m(seq((6, 2, 8, 8), step)), torch.arange(6) % 3)
        opt.zero_grad()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    out[name + ".loss"] = torch.tensor(losses)
    for k, v in m.state_dict().items():
        if not k.endswith("num_batches_tracked"):
            out[f"{name}.{k}"] = v
save(os.path.join(os.path.dirname(os.path.abspath(__file__)), "torch_loop.safetensors"), out)
print({k: v.tolist() for k, v in out.items() if k.endswith("loss")})
