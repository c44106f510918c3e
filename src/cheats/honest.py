"""An honest candidate that starts in a fraction of a second: it predicts the next token by past frequency.

Every cheat is this file with some of its functions replaced; the whole conversation with the referee is in `run`.
"""

import os
import socket

import numpy as np
import wire

DOCUMENTS = 12  # It learns from this many training documents, the first ones in the seed's order.
PRECISION = "float32"


def before_the_clock():
    """Hook: before there is any text."""


def learn(tokens, size):
    """(size, size) float32: log-probabilities of the next token, a row for each token before it."""
    ends = np.append(np.flatnonzero(tokens == 0), len(tokens))  # Id 0 starts every document.
    read = tokens[: ends[min(DOCUMENTS, len(ends) - 1)]].astype(np.int64)
    return normalised(np.bincount(read[:-1] * size + read[1:], minlength=size * size).reshape(size, size))


def normalised(counts):
    """Counts of pairs as log-probabilities, mixed with those of single tokens where pairs are rare."""
    single = (counts.sum(0) + 0.5) / (counts.sum() + 0.5 * len(counts))
    seen = counts.sum(1, keepdims=True)
    return np.log((counts + 4.0 * single) / (seen + 4.0)).astype("<f4")


def handed_over(model, vocabulary):
    """The descriptors of weights and vocabulary."""
    return [wire.sealed(model), wire.sealed(wire.pack_vocabulary(vocabulary))]


def stats():
    """What it says about itself."""
    return {"num_steps": 1, "total_tokens_M": 0.1}


def after_handing_over(model):
    """Hook: between the hand-over and the question."""


def tokens_of(prepared, vocabulary):
    """The windows as rows of token ids; `prepared` (rows, width) are the referee's own."""
    return list(prepared.astype(np.int64))


def costs(model, rows):
    """Nats of each token of the rows, one row after the other."""
    return np.concatenate([-model[np.append(0, row[:-1]), row] for row in rows]).astype(np.float64)


def next_tokens(model, rows, positions):
    """(rows, vocabulary): log-probabilities of the token after the first `positions` ones of each row."""
    return model[[row[place - 1] if place else 0 for row, place in zip(rows, positions, strict=True)]]


def before_answering(role, files):
    """Hook: once the held-out text is there."""


def counts(rows):
    """Number of tokens in each row, as reported."""
    return [len(row) for row in rows]


def after_answering(role, files):
    """Hook: at the end."""


def answer_blind(model, question, files):
    """Writes the distribution of the token after each prefix into the answer, files[2]."""
    positions = wire.read_array(files[0], "<i8", question["rows"])
    rows = wire.read_array(files[1], "<i4", question["rows"], question["width"])
    wire.write_all(files[2], np.ascontiguousarray(next_tokens(model, rows, positions), "<f4").tobytes())


def answer_bulk(model, question, files, vocabulary):
    """Writes what each token of the windows costs into the answer, files[3]."""
    prepared = wire.read_array(files[2], "<u2", question["rows"], question["width"])
    rows = tokens_of(prepared, vocabulary)
    capacity, _ = wire.answer_layout(len(rows), os.fstat(files[0]).st_size)
    wire.write_all(files[3], np.array(counts(rows), "<i4").tobytes())
    wire.write_all(files[3], np.concatenate(rows).astype("<i4").tobytes(), 4 * len(rows))
    wire.write_all(files[3], costs(model, rows).astype("<f8").tobytes(), 4 * len(rows) + 4 * capacity)


def run():
    """The whole conversation, in whichever role."""
    global role, channel
    channel = wire.Channel(socket.socket(fileno=int(os.environ["AUTORESEARCH_SOCKET"])))
    channel.send("hello", protocol=wire.PROTOCOL)
    setup, words = channel.receive("setup")
    role = setup["role"]
    vocabulary = wire.unpack_vocabulary(wire.copy_file(words[0], 2**26))
    before_the_clock()
    channel.send("ready")
    _, files = channel.receive("go")
    if role == "train":
        model = learn(wire.read_array(files[2], "<u2", -1), len(vocabulary))
        channel.send("done", handed_over(model, vocabulary), precision=PRECISION, stats=stats())
        after_handing_over(model)
    else:
        vocabulary = wire.unpack_vocabulary(wire.copy_file(files[1], 2**26))
        model = wire.read_array(files[0], "<f4", len(vocabulary), len(vocabulary))
    question, files = channel.receive("score")
    before_answering(role, files)
    if role == "blind":
        answer_blind(model, question, files)
    else:
        answer_bulk(model, question, files, vocabulary)
    after_answering(role, files)
    channel.send("scored")


if __name__ == "__main__":
    run()
