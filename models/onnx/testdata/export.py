#!/usr/bin/python3
"""export.py NETWORK OPSET FOLDER: exports a network of torchvision with
random weights to FOLDER/NETWORK.onnx, and writes an image to FOLDER/input.bin
and its logits to FOLDER/output.bin, float32. Works with PyTorch 1.13."""
import sys
import warnings

import torch
import torchvision

warnings.filterwarnings("ignore")
torch.set_num_threads(1)
torch.manual_seed(1)
name, opset, folder = sys.argv[1:]
heads = {"init_weights": True} if name in ("googlenet", "inception_v3") else {}
model = getattr(torchvision.models, name)(weights=None, **heads).eval()
for key, buffer in model.named_buffers():
    if key.endswith("running_mean"):
        buffer.copy_(torch.randn_like(buffer) / 10)
    if key.endswith("running_var"):
        buffer.copy_(torch.rand_like(buffer) / 2 + .75)
size = 299 if name == "inception_v3" else 224
x = torch.randn(1, 3, size, size)
with torch.no_grad():
    y = model(x)
x.numpy().tofile(f"{folder}/input.bin")
y.numpy().tofile(f"{folder}/output.bin")
torch.onnx.export(model, x, f"{folder}/{name}.onnx", opset_version=int(opset),
                  input_names=["x"], output_names=["y"], dynamic_axes={"x": {0: "n"}})
