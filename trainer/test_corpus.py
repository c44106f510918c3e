"""From repository to prepared data: the same everywhere, held-out text nowhere else, nothing lost by switching."""

import json
import threading
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

import corpus
import dataset
import source
from conftest import WORDS, write_packages
from corpus import command, files, packages, repeats, store
from corpus.text import SPLITS, split_of_name
from source import DataError, Source

PACKAGES = Source("packages")


def documents(data: Path, split: str) -> list[str]:
    text = (data / f"{split}.txt").read_bytes()
    offsets = np.load(data / f"{split}.offsets.npy")[:, 1]
    return [text[start:end].decode() for start, end in pairwise(offsets)]


def digest(data: Path) -> str:
    return json.loads((data / "manifest.json").read_text())["digest"]


def words(number: int, count: int = 1000) -> str:
    return " ".join(np.random.default_rng(number).choice(WORDS, count))


# --- Packages ---


def test_the_same_packages_give_the_same_digest_in_another_folder(data: Path, tmp_path: Path):
    corpus.prepare(PACKAGES, tmp_path / "cache" / "data", write_packages(tmp_path))
    assert digest(tmp_path / "cache" / "data") == digest(data)


def test_a_package_is_in_one_split_only_and_scopes_stay_together():
    assert packages.split_of("@scope/one") == packages.split_of("@scope/two")
    assert {packages.split_of(f"package-{number}") for number in range(40)} == set(SPLITS)


def test_held_out_packages_are_kept_without_repeats_builds_minified_or_generated_files(repository: Path):
    splits = packages.collect(repository / "node_modules", repository / "package-lock.json")
    held_out = splits["val"] + splits["test"]
    for document in held_out:
        name, file = document.path.split("/")
        assert packages.split_of(name) != "train"
        assert file in ("index.mjs", "README.md", "LICENSE.md")
    assert len({document.text for document in held_out}) == len(held_out)


def test_platform_packages_and_those_with_an_install_script_are_left_out(tmp_path: Path):
    entries = {"os": ["linux"], "cpu": ["x64"], "libc": ["musl"], "optional": True, "hasInstallScript": True}
    named = {f"node_modules/has-{key}": {"version": "1", key: value} for key, value in entries.items()}
    named["node_modules/plain"] = {"version": "1"}
    named["node_modules/plain/node_modules/@scope/nested"] = {"version": "1"}
    (tmp_path / "lock.json").write_text(json.dumps({"packages": named}))
    assert list(packages.locked_packages(tmp_path / "lock.json")) == ["@scope/nested", "plain"]


def test_a_missing_package_is_named(tmp_path: Path):
    repository = write_packages(tmp_path)
    (repository / "node_modules" / "package-0").rename(tmp_path / "elsewhere")
    with pytest.raises(DataError, match=r"package-0 .*npm ci"):
        corpus.prepare(PACKAGES, tmp_path / "data", repository)


def test_a_repository_without_packages_is_told_what_else_there_is(tmp_path: Path):
    with pytest.raises(DataError, match=r"package-lock\.json .*npm ci.*another source of text"):
        corpus.prepare(PACKAGES, tmp_path / "data", tmp_path)


# --- Own files ---


def write_files(folder: Path, count: int = 100) -> None:
    (folder / "deep").mkdir(parents=True)
    for number in range(count):
        (folder / ("deep" if number % 2 else "") / f"{number}.txt").write_text(words(number), encoding="utf-8")


def test_own_files_are_split_by_their_paths(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    write_files(tmp_path / "texts")
    (tmp_path / "texts" / "picture.txt").write_bytes(b"\x89PNG\xff\xfe")
    data = tmp_path / "data"
    corpus.prepare(source.parse("files: texts/**/*.txt"), data, tmp_path)
    expected: dict[str, set[str]] = {split: set() for split in SPLITS}
    for path in (tmp_path / "texts").rglob("[0-9]*.txt"):
        expected[split_of_name(path.relative_to(tmp_path / "texts").as_posix())].add(path.read_text())
    assert {split: set(documents(data, split)) for split in SPLITS} == expected
    assert "left out: 1 files that are not UTF-8 text, such as picture.txt" in capsys.readouterr().out


def test_what_is_held_out_is_not_trained_on_under_another_name(tmp_path: Path):
    write_files(tmp_path / "texts")
    texts = tmp_path / "texts"
    names = [path.relative_to(texts).as_posix() for path in texts.rglob("*.txt")]
    held_out = [name for name in names if split_of_name(name) != "train"]
    for number, name in enumerate(held_out):
        copies = (f"copy-{number}-{k}.txt" for k in range(100))
        copy = next(copy for copy in copies if split_of_name(copy) == "train")
        (texts / copy).write_text((texts / name).read_text())
    corpus.prepare(source.parse("files: texts/**/*.txt"), tmp_path / "data", tmp_path)
    every = [text for split in SPLITS for text in documents(tmp_path / "data", split)]
    assert len(every) == len(set(every)) == len(names)
    assert set(documents(tmp_path / "data", "val")).isdisjoint(documents(tmp_path / "data", "train"))


def nearly(text: str) -> str:
    """The text with every fortieth word replaced."""
    return " ".join("another" if number % 40 == 7 else word for number, word in enumerate(text.split(" ")))


def test_what_nearly_is_held_out_text_is_not_trained_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    write_files(tmp_path / "texts", count=200)
    texts = tmp_path / "texts"
    names = [path.relative_to(texts).as_posix() for path in texts.rglob("*.txt")]
    copied = [name for name in names if split_of_name(name) == "val"][:3]
    for number, name in enumerate(copied):
        copy = next(c for c in (f"copy-{number}-{k}.txt" for k in range(100)) if split_of_name(c) == "train")
        (texts / copy).write_text(nearly((texts / name).read_text()))
    # A document that quotes a little of it stays.
    quoting = next(name for name in names if split_of_name(name) == "train")
    (texts / quoting).write_text((texts / quoting).read_text() + (texts / copied[0]).read_text()[:100])
    folder = corpus.prepare(source.parse("files: texts/**/*.txt"), tmp_path / "data", tmp_path)
    train = documents(tmp_path / "data", "train")
    assert not {nearly((texts / name).read_text()) for name in copied} & set(train)
    assert (texts / quoting).read_text() in train
    found = json.loads((folder / "manifest.json").read_text())["repeats"]
    assert found["dropped_documents"] == 3
    assert found["dropped_share"] == pytest.approx(3 / 163, abs=0.005)
    total = sum(len(text) for text in documents(tmp_path / "data", "val"))
    assert found["val"] == pytest.approx(100 / total, abs=1e-4)
    assert found["test"] == 0
    assert "left out 3 training documents" in capsys.readouterr().out


def by_hand(held_out: list[str], train: list[str]) -> list[float]:
    """For each training text, the share of its bytes that are in a run of 50 bytes of a held-out text."""
    n = repeats.RUN_BYTES
    runs = {text.encode()[i : i + n] for text in held_out for i in range(len(text.encode()) - n + 1)}
    shares = []
    for text in train:
        data = text.encode()
        covered = {k for i in range(len(data) - n + 1) if data[i : i + n] in runs for k in range(i, i + n)}
        shares.append(len(covered) / max(1, len(data)))
    return shares


@pytest.mark.parametrize("batch", [1, 300, 2**22])
def test_repeats_are_found_by_hashes_as_by_comparing(batch: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(repeats, "BATCH_BYTES", batch)
    held_out = [words(1, 60), "short", words(2, 90) + "ä漢🙂" * 20, "", words(3, 12)]
    joined = held_out[0][-30:] + held_out[2][:30]  # In no document: it only stands where two meet.
    train = [words(7, 80), held_out[0][20:69], held_out[0][20:70], "x" + held_out[2][3:] + words(8, 40), "", joined]
    found = repeats.Repeats({"val": held_out[:2], "test": held_out[2:]})
    found.read(train)
    monkeypatch.setattr(repeats, "MOST_LOST", 1.0)
    expected = by_hand(held_out, train)
    assert expected[:3] == [0, 0, 1]
    assert 0.5 < expected[3] < 1
    assert list(found.kept(train)) == [text for text, share in zip(train, expected, strict=True) if share <= 0.1]
    monkeypatch.setattr(repeats, "LIMIT", 1.0)
    assert list(found.kept(train)) == train
    for split, texts in (("val", held_out[:2]), ("test", held_out[2:])):
        total = sum(len(text.encode()) for text in texts)
        there = sum(s * len(t.encode()) for s, t in zip(by_hand(train, texts), texts, strict=True))
        assert found.summary()[split] == pytest.approx(there / total)


def test_where_all_text_is_alike_little_of_it_is_lost():
    """Short stories begin alike; without them there would be nothing to learn from."""
    beginning = "Once upon a time there was a little girl named Lily who loved to play outside. "
    held_out = {"val": [beginning + words(k, 60) for k in range(20)], "test": []}
    copies = [beginning + nearly(held_out["val"][k]) for k in range(3)]
    train = [beginning + words(k, 60) for k in range(100, 300)] + copies
    found = repeats.Repeats(held_out)
    found.read(train)
    kept = list(found.kept(train))
    assert kept == train[:200]
    assert found.summary()["dropped_share"] <= repeats.MOST_LOST
    assert 0.1 < found.summary()["val"] < 0.3


def test_too_little_text_is_refused_with_how_much_is_needed(tmp_path: Path):
    write_files(tmp_path / "texts", count=9)
    with pytest.raises(DataError, match=r"at least 32 windows of 256 tokens in \w+ .*about 24 kB .*about 245 kB"):
        corpus.prepare(source.parse("files: texts/**/*.txt"), tmp_path / "data", tmp_path)
    assert not (tmp_path / "data").exists()
    assert list((tmp_path / "prepared").iterdir()) == []


def test_a_pattern_that_means_no_text_is_refused(tmp_path: Path):
    with pytest.raises(DataError, match=r"pattern 'txt/\*' .* found 0 others"):
        corpus.prepare(source.parse("files: txt/*"), tmp_path / "data", tmp_path)


def test_a_long_file_is_several_documents_that_end_with_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(files, "MAX_DOCUMENT_CHARS", 10)
    (tmp_path / "long.txt").write_text("one\r\ntwo\nthree\nfour\nanendlessline!", newline="")
    assert list(files.pieces(tmp_path / "long.txt")) == ["one\r\ntwo\n", "three\n", "four\n", "anendlessl", "ine!"]


def test_held_out_files_inside_of_the_repository_are_warned_of(tmp_path: Path, capsys: pytest.CaptureFixture[str], git):
    write_files(tmp_path / "texts")
    (tmp_path / ".gitignore").write_text("texts/deep\n")
    git("init", "-q")
    git("add", ".")
    files.open_files(source.parse("files: texts/*.txt"), tmp_path)
    assert "careful: " in capsys.readouterr().out
    files.open_files(source.parse("files: texts/deep/*.txt"), tmp_path)
    assert "careful: " not in capsys.readouterr().out


# --- Prepared folders ---


def test_tokens_give_the_text_back_whatever_it_says(tmp_path: Path):
    tokenizer = Tokenizer.from_str(_learned().to_str())
    tokenizer.encode_special_tokens = True
    odd = ["a <|bos|> in the text", "äöü 漢字 🙂", "\t\r\n \n", "x"]
    store.write_split(tmp_path, "val", odd, tokenizer, print)
    assert documents(tmp_path, "val") == odd
    tokens = np.load(tmp_path / "val.tokens.npy")
    offsets = np.load(tmp_path / "val.offsets.npy")[:, 0]
    assert tokens.dtype == np.uint16
    assert len(tokens) == offsets[-1]
    for text, start, end in zip(odd, offsets[:-1], offsets[1:], strict=True):
        assert tokens[start] == dataset.BOS
        assert dataset.BOS not in tokens[start + 1 : end]
        assert tokenizer.decode(tokens[start + 1 : end].tolist()) == text


def _learned():
    return corpus.store.bpe.learn([words(number) for number in range(5)])


def test_the_referee_reads_each_document_once_in_an_order_of_the_seed(data: Path, prepared: list[bytes]):
    written = documents(data, "train")
    for seed in (1, 2):
        text = dataset.training_text(data, prepared, seed)
        pieces = [text.text[a:b].decode() for a, b in pairwise(text.offsets)]
        assert pieces == [written[i] for i in np.random.default_rng(seed).permutation(len(written))]
        assert b"".join(prepared[token] for token in text.tokens) == text.text
        assert (text.tokens == dataset.BOS).sum() == len(written)


def test_switching_the_source_keeps_the_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    repository = write_packages(tmp_path)
    write_files(tmp_path / "texts")
    own = source.parse("files: texts/**/*.txt")
    first = corpus.prepare(PACKAGES, tmp_path / "data", repository)
    second = corpus.prepare(own, tmp_path / "data", repository)
    assert (tmp_path / "data").resolve() == second.resolve()
    assert dataset.read_manifest(tmp_path / "data")["source"] == "files: texts/**/*.txt"
    capsys.readouterr()
    assert corpus.prepare(PACKAGES, tmp_path / "data", repository) == first
    assert (tmp_path / "data").resolve() == first.resolve()
    assert "prepared already" in capsys.readouterr().out


def test_changed_text_is_prepared_anew_and_the_old_stays(tmp_path: Path):
    repository = write_packages(tmp_path)
    first = corpus.prepare(PACKAGES, tmp_path / "data", repository)
    (repository / "node_modules" / "package-3" / "README.md").write_text("Something else.\n", encoding="utf-8")
    second = corpus.prepare(PACKAGES, tmp_path / "data", repository)
    assert digest(first) != digest(second)
    assert sorted(path.name for path in (tmp_path / "prepared").iterdir()) == sorted([first.name, second.name])


def test_two_at_once_do_not_disturb_each_other(tmp_path: Path):
    repository = write_packages(tmp_path)
    found: list[Path] = []
    prepare = lambda: found.append(corpus.prepare(PACKAGES, tmp_path / "data", repository))  # noqa: E731
    both = [threading.Thread(target=prepare) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert found[0] == found[1] == (tmp_path / "data").resolve()
    assert [path.name for path in (tmp_path / "prepared").iterdir()] == [found[0].name]


def test_prepared_data_of_an_earlier_format_make_room(data: Path, tmp_path: Path):
    earlier = tmp_path / "data"
    earlier.mkdir()
    (earlier / "manifest.json").write_text('{"format": 1, "files": {"tokenizer.json": "", "train.tokens.npy": ""}}')
    (earlier / "tokenizer.json").write_text("{}")
    store.point(tmp_path / "data", data.resolve())
    assert digest(tmp_path / "data") == digest(data)


def test_what_is_not_prepared_data_is_never_replaced(data: Path, tmp_path: Path):
    (tmp_path / "thesis.txt").write_text("years of work")
    extension = tmp_path / "extension"
    extension.mkdir()
    (extension / "manifest.json").write_text('{"format": 1, "files": {"tokenizer.json": ""}}')
    (extension / "icon.png").write_text("drawn by hand")
    for precious in (tmp_path, tmp_path / "thesis.txt", extension):
        with pytest.raises(DataError, match="found something else; choose another --out"):
            store.point(precious, data.resolve())
    assert (tmp_path / "thesis.txt").read_text() == "years of work"
    assert (extension / "icon.png").read_text() == "drawn by hand"


# --- What the repository asks for ---


@pytest.mark.parametrize(
    ("spec", "spelling"),
    [
        ("packages", "packages"),
        ("tinystories", "tinystories: 200 MB"),
        ("tinystories:  50MB", "tinystories: 50 MB"),
        ("climbmix", "climbmix: 8 shards"),
        ("climbmix: 1 shard", "climbmix: 1 shard"),
        (" files:  a/*.md ", "files: a/*.md"),
    ],
)
def test_a_source_has_one_spelling(spec: str, spelling: str):
    assert str(source.parse(spec)) == spelling
    assert source.parse(spelling) == source.parse(spec)


@pytest.mark.parametrize(
    "spec", ["", "shakespeare", "packages: 3", "tinystories: 0 MB", "tinystories: 5 shards", "climbmix: all", "files:"]
)
def test_an_unknown_source_is_answered_with_the_choices(spec: str):
    with pytest.raises(DataError, match=r"(?s)found '.*\"packages\".*\"tinystories\".*\"climbmix\".*\"files: "):
        source.parse(spec)


def test_the_repository_says_it_in_one_line(tmp_path: Path):
    pyproject = tmp_path / "pyproject.toml"
    assert source.wanted(pyproject) == PACKAGES
    pyproject.write_text('[tool.autoresearch]\ndata = "climbmix: 2 shards"\n')
    assert source.wanted(pyproject) == Source("climbmix", amount=2)
    for wrong in ("data = 7", 'data = "shakespeare"'):
        pyproject.write_text(f"[tool.autoresearch]\n{wrong}\n")
        with pytest.raises(DataError, match=r"pyproject\.toml, \[tool\.autoresearch\] data: expected"):
            source.wanted(pyproject)
    pyproject.write_text("[tool.autoresearch\n")
    with pytest.raises(DataError, match=r"pyproject\.toml cannot be read"):
        source.wanted(pyproject)


def test_the_referee_refuses_other_text_than_the_repository_asks_for(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("AUTORESEARCH_DATA", str(data))
    dataset.read_manifest(data)
    other = tmp_path / "pyproject.toml"
    other.write_text('[tool.autoresearch]\ndata = "climbmix"\n')
    monkeypatch.setattr(source, "PYPROJECT", other)
    with pytest.raises(dataset.MachineFault) as fault:
        dataset.read_manifest(data)
    assert "expected the text 'climbmix: 8 shards'" in fault.value.message
    assert f"prepare.py --out {data}`" in fault.value.message


def test_the_command_prepares_another_source_where_it_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    write_files(tmp_path / "texts")
    monkeypatch.chdir(tmp_path)
    command.main(["--source", f"files: {tmp_path}/texts/**/*.txt", "--out", "here/data"])
    assert "prepared " in capsys.readouterr().out
    assert len(documents(tmp_path / "here" / "data", "train")) > 30
    with pytest.raises(dataset.MachineFault, match="78"):
        command.main(["--source", "shakespeare", "--out", "here/data"])
    assert "the choices are" in capsys.readouterr().err


def test_own_files_keep_their_splits_when_their_folder_moves(tmp_path: Path):
    write_files(tmp_path / "here" / "texts")
    before = files.open_files(source.parse("files: here/texts/**/*.txt"), tmp_path)
    (tmp_path / "here").rename(tmp_path / "there")
    after = files.open_files(source.parse(f"files: {tmp_path}/there/texts/**/*.txt"), tmp_path / "elsewhere")
    assert before.inputs == after.inputs
