#!/usr/bin/python3
"""Write state_dicts.txt.gz: names and shapes of PyTorch's parameters.

  state_dicts.py FOLDER

FOLDER holds torch_reference.py, which defines MobileNetV1. The output has one
line for each entry of a state_dict, "network parameter shape"; counters
(num_batches_tracked) are left out. Made with torchvision 0.14.1.
"""
import gzip, os, sys, warnings
import torchvision

sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
from torch_reference import MobileNetV1

TORCHVISION = ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152",
               "mobilenet_v2", "squeezenet1_1", "googlenet", "inception_v3"]


def networks():
    for name in TORCHVISION:
        kw = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
        yield name, getattr(torchvision.models, name)(**kw)
    for width in (50, 75, 140):
        yield f"mobilenet_v2_{width:03d}", torchvision.models.mobilenet_v2(width_mult=width / 100)
    for width in (25, 50, 75):
        yield f"mobilenet_v1_{width:03d}", MobileNetV1(width / 100)
    yield "mobilenet_v1", MobileNetV1(1.0)


def main():
    warnings.simplefilter("ignore")
    out = os.path.join(os.path.dirname(os.path.abspath(__file__)), "state_dicts.txt.gz")
    with gzip.GzipFile(out, "wb", 9, mtime=0) as f:
        for name, m in networks():
            for k, v in m.state_dict().items():
                if not k.endswith("num_batches_tracked"):
                    f.write(f"{name} {k} {'x'.join(map(str, v.shape))}\n".encode())


main()
