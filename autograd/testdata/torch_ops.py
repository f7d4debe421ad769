#!/usr/bin/python3
"""Writes torch_ops.safetensors beside this file: outputs and gradients of the
operators of autograd, by PyTorch (1.13.0 made the committed file). Operands and output
gradients follow a formula that the test repeats, so only results are stored.

Names and shapes are those of the table "ops" in tape_test.go."""
import json, os, struct
import torch
import torch.nn.functional as F


def seq(shape, salt):
    """The formula: multiples of 1/64 in [-2, 2], exact in float32."""
    i = torch.arange(torch.Size(shape).numel())
    return (((i * i * 31 + i * 17 + salt * 101) % 257 - 128).float() / 64).reshape(shape)


def subsample(x):
    return F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 1, 2))


inf = float("inf")
bn = torch.tensor([.1, -.2, 0]), torch.tensor([.5, 1, 2])
kl_reference = torch.tensor([[1, 0, -1], [.5, .25, 2]])
OPS = [
    ("conv2d", [(2, 3, 5, 4), (4, 3, 3, 3), (4,), (2, 4, 3, 2)], lambda x, w, b, r: F.conv2d(x, w, b, 2, 1) + r),
    ("conv2d relu", [(1, 2, 2, 2), (2, 2, 1, 1)], lambda x, w: F.relu(F.conv2d(x, w))),
    ("conv2d same", [(1, 2, 6, 5), (3, 2, 3, 3)], lambda x, w: F.conv2d(F.pad(x, (1, 1, 0, 1)), w, None, 2)),
    ("conv2d groups dilation", [(1, 4, 6, 6), (6, 2, 3, 3), (6,)], lambda x, w, b: F.conv2d(x, w, b, 1, 1, 2, 2)),
    ("conv2d depthwise", [(2, 3, 6, 5), (3, 1, 3, 3), (3,)], lambda x, w, b: F.conv2d(x, w, b, 2, 1, 1, 3)),
    ("linear", [(3, 4), (5, 4), (5,)], F.linear),
    ("linear relu without bias", [(2, 3), (4, 3)], lambda x, w: F.relu(F.linear(x, w))),
    ("batchnorm", [(2, 3, 2, 2), (3,), (3,)], lambda x, w, b: F.batch_norm(x, *bn, w, b, False, 0, 1e-5)),
    ("batchnorm train", [(3, 2, 3, 2), (2,), (2,)], lambda x, w, b: F.batch_norm(x, None, None, w, b, True, 0, 1e-5)),
    ("activate relu6", [(2, 80)], lambda x: F.relu6(x)),
    ("maxpool", [(2, 2, 5, 5)], lambda x: F.max_pool2d(x, 3, 2, 1)),
    ("maxpool ceil", [(1, 2, 6, 5)], lambda x: F.max_pool2d(x, 3, 2, 0, 1, True)),
    ("avgpool", [(2, 2, 5, 6)], lambda x: F.avg_pool2d(x, (3, 2), 2, (1, 0), True, False)),
    ("avgpool include pad", [(1, 2, 5, 6)], lambda x: F.avg_pool2d(x, 3, 2, 1, True, True)),
    ("adaptiveavgpool", [(2, 2, 5, 7)], lambda x: F.adaptive_avg_pool2d(x, (3, 2))),
    ("globalavgpool", [(2, 2, 3, 4)], lambda x: x.mean((2, 3), keepdim=True)),
    ("add", [(2, 9), (2, 9)], lambda a, b: F.hardtanh(a + b, .05, 1.05)),
    ("add twice", [(2, 9)], lambda a: a + a),
    ("map", [(2, 80)], lambda x: F.silu(x) + torch.sigmoid(x) + F.hardswish(x) + F.hardsigmoid(x)),
    ("mul", [(2, 9), (2, 9)], lambda a, b: a * b),
    ("mul gate", [(2, 3, 2, 3), (2, 3, 1, 1)], lambda a, b: a * b),
    ("mul itself", [(2, 5)], lambda a: a * a),
    ("select", [(2, 3, 2, 2)], lambda x: x[:, [2, 0, 2, 2]]),
    ("concat", [(2, 1, 2, 2), (2, 3, 2, 2)], lambda a, b: torch.cat([a, b, a], 1)),
    ("pad", [(2, 2, 2, 3)], lambda x: F.pad(x, (0, 1, 1, 2))),
    ("subsample", [(2, 2, 5, 4)], subsample),
    ("reshape", [(2, 2, 1, 2)], lambda x: x.reshape(2, 4)),
    ("softmax", [(3, 4)], lambda x: F.softmax(x, 1)),
    ("crossentropy", [(3, 4)], lambda x: F.cross_entropy(x, torch.tensor([0, 3, 1])).reshape(1)),
    ("kl", [(2, 3)], lambda x: F.kl_div(F.log_softmax(x, 1), F.softmax(kl_reference, 1), reduction="batchmean").reshape(1)),
]


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
for name, shapes, op in OPS:
    xs = [seq(s, i).requires_grad_() for i, s in enumerate(shapes)]
    y = op(*xs)
    y.backward(seq(y.shape, 9))
    out[name + ".y"] = y
    for i, x in enumerate(xs):
        out[f"{name}.{i}"] = x.grad
save(os.path.join(os.path.dirname(os.path.abspath(__file__)), "torch_ops.safetensors"), out)
