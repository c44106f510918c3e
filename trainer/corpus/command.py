"""The command line of `python trainer/prepare.py`."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import corpus
import dataset
import source


def main(arguments: Sequence[str] | None = None) -> None:
    """Prepares the text that the repository asks for. If it cannot, says what to do and exits with status 78."""
    choices = "\n".join(f"  {text}" for text in source.KINDS.values())
    parser = argparse.ArgumentParser(
        prog="prepare.py",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Prepare the text to train on and the held-out text: download, tokenize, keep. "
        "What is prepared already is not done again.",
        epilog=f"Sources:\n{choices}\n\nThe repository names its source in trainer/pyproject.toml: "
        '[tool.autoresearch] data = "…".',
    )
    parser.add_argument("--source", help="another source than the repository's, to try it: train with `--data OUT`")
    parser.add_argument(
        "--out",
        type=Path,
        help="link to the prepared data, whose folder also gets prepared/ and downloads/ "
        "(default: where the referee looks, AUTORESEARCH_DATA or ~/.cache/autoresearch/data)",
    )
    args = parser.parse_args(arguments)
    out = (args.out or dataset.data_folder()).absolute()
    try:
        wanted = source.parse(args.source) if args.source else source.wanted()
        print(f"  source: {wanted}", flush=True)
        folder = corpus.prepare(wanted, out)
    except source.DataError as error:
        raise dataset.MachineFault(str(error)) from error
    except OSError as error:
        raise dataset.MachineFault(f"cannot prepare {out}: {error}") from error
    digest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["digest"]
    print(f"  prepared {out} -> {folder.name}, digest {digest[:12]}")
