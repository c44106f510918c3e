"""The prepared tokenizer: byte-level BPE, so that any text can be decoded exactly."""

from collections.abc import Iterable, Iterator
from itertools import islice

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

VOCAB_SIZE = 2048  # Small enough for a laptop's softmax, large enough for about 3 bytes a token.
BOS = "<|bos|>"  # Starts every document and every window; always id 0.
MAX_SAMPLE_BYTES = 6_000_000  # Enough text to learn the tokenizer from, in seconds.
# A piece is a word with its space, a short number, a run of marks, or a line break with its indentation.
PIECES = r" ?\p{L}+| ?\p{N}{1,3}| ?[^\s\p{L}\p{N}]+|[\r\n]+[ \t]*|[ \t]+"


def sample(documents: Iterable[str], total_bytes: int) -> Iterator[str]:
    """Every nth document, for about MAX_SAMPLE_BYTES of `total_bytes`."""
    return islice(documents, 0, None, max(1, -(-total_bytes // MAX_SAMPLE_BYTES)))


def learn(documents: Iterable[str]) -> Tokenizer:
    """A tokenizer learned from these documents. It treats text that looks like BOS as text."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PIECES), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCAB_SIZE,
        special_tokens=[BOS],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(documents, trainer)
    tokenizer.encode_special_tokens = True
    return tokenizer
