"""Weights as a plain file: the length of a JSON header, the header, then the raw numbers. Nothing in it is executed."""

import json
from typing import BinaryIO

import torch

import wire


def save(model: torch.nn.Module, file: BinaryIO) -> None:
    """Writes everything in `model.state_dict()`, at its own precision."""
    state = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    layout = [[name, str(value.dtype).removeprefix("torch."), list(value.shape)] for name, value in state.items()]
    header = json.dumps(layout).encode()
    file.write(len(header).to_bytes(8, "little") + header)
    for value in state.values():
        file.write(value.reshape(-1).view(torch.uint8).numpy().data)
    file.flush()


def load(model: torch.nn.Module, file: int) -> None:
    """Loads the model from a descriptor of such a file. Raises if the model has other names or shapes."""
    content = wire.copy_file(file, wire.MAX_FILE_BYTES)
    start = 8 + int.from_bytes(content[:8], "little")
    state = {}
    for name, kind, shape in json.loads(content[8:start]):
        dtype = getattr(torch, kind)
        count = torch.Size(shape).numel()
        if count:
            state[name] = torch.frombuffer(content, dtype=dtype, count=count, offset=start).reshape(shape)
        else:
            state[name] = torch.empty(shape, dtype=dtype)
        start += count * dtype.itemsize
    model.load_state_dict(state)
