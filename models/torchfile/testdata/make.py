"""Makes legacy.pth and zip.pth, and prints the digests of the checkpoints named
on the command line: SHA-256 over the tensors in order of name, each as name,
shape and little-endian elements (see digest in torchfile_test.go).

Made with PyTorch 1.13: python3 make.py [CHECKPOINT...]
"""
import hashlib
import sys

import torch


def sample():
    base = torch.arange(24, dtype=torch.float32)
    state = {
        'module.conv.weight': torch.nn.Parameter(base.view(2, 3, 4, 1)),
        'module.view': base[5:11].view(2, 3),
        'module.transposed': base.view(4, 6).t()[1:4],
        'module.half': torch.tensor([1.5, -2.0, 65504.0, 6e-8]).half(),
        'module.bfloat16': torch.tensor([1.5, -3.0]).bfloat16(),
        'module.double': torch.tensor([[0.1]], dtype=torch.float64),
        'module.int8': torch.tensor([-128, 127], dtype=torch.int8),
        'module.uint8': torch.tensor([0, 255], dtype=torch.uint8),
        'module.bool': torch.tensor([True, False]),
        'module.int32': torch.tensor([-2**31], dtype=torch.int32),
        'module.bn.num_batches_tracked': torch.tensor(2**40),
    }
    layer = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1, momentum=0.9)
    layer(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    return {'epoch': 3, 'best': torch.tensor(91.5), 'big': 2**80, 'size': torch.Size([1, 2]),
            'note': ['x', None, (1, 2.5, True)], 'optimizer': optimizer.state_dict(), 'net': state}


def digest(path):
    state = torch.load(path, map_location='cpu')['state_dict']
    h = hashlib.sha256()
    for name in sorted(state):
        t = state[name]
        h.update(f"{name.removeprefix('module.')} {list(t.shape)}\n".encode())
        h.update(t.contiguous().numpy().tobytes())
    return h.hexdigest()


torch.save(sample(), 'legacy.pth', _use_new_zipfile_serialization=False)
torch.save(sample(), 'zip.pth')
for path in sys.argv[1:]:
    print(path, digest(path))
