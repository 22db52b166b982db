"""Makes the tokenizer references beside this script: small SentencePiece models whose options are rare in published files, with what
the sentencepiece library (0.2.2) encodes and decodes, and what Hugging Face's tokenizers (transformers 5.18) encode with the
checkpoints of this repository.  Run it from this directory: python3 make.py"""

import json
import os
import random
import struct
import tempfile
from pathlib import Path

import sentencepiece as spm
from tokenizers import Tokenizer
from transformers import AutoTokenizer

TESTDATA = Path("../..")
RANDOM = random.Random(20)
TEXT = (TESTDATA / "golden/README.md").read_text() + (TESTDATA / "demo-model/README.md").read_text()
WORDS = TEXT.split()
MULTI = "großer Kreis Straße ÄÖÜ naïve café Ελληνικά Привет 日本語 中文 한국어 العربية हिन्दी ქართული".split()
ODD = list("\x00\x07\t\n\r\x1b\x7f\x85\xa0\xad") + [
    "\u200b", "\u200d", "\u2028", "\u3000", "\ufeff", "\ufffd", "\uffff", "\U0010ffff", "▁", "▁▁", "\u0301", "ﬁ", "Ａ", "½", "İ", "ß",
    "😀", "👨‍👩‍👧", "𝐀", "\U00020000", "한", "각", "ｶﾞ", "…", "“"]


def character():
    limit = RANDOM.choice([0x80, 0x800, 0x10000, 0x110000])
    code = RANDOM.randrange(limit)
    return "x" if 0xD800 <= code < 0xE000 else chr(code)


def text(symbols):
    parts = []
    for _ in range(RANDOM.choice([0, 1, 2, 3, 5, 8, 12])):
        parts.append(RANDOM.choice([
            lambda: RANDOM.choice(WORDS),
            lambda: RANDOM.choice(WORDS),
            lambda: RANDOM.choice(MULTI),
            lambda: RANDOM.choice(ODD) * RANDOM.choice([1, 1, 3]),
            character,
            lambda: RANDOM.choice(symbols),
            lambda: RANDOM.choice(symbols)[: RANDOM.randrange(1, 6)],
            lambda: RANDOM.choice([" ", "\n", "a", "0"]) * RANDOM.choice([1, 2, 3, 7, 31, 32, 33]),
            lambda: "".join(RANDOM.choice("01.,aA") for _ in range(RANDOM.randrange(9))),
        ])())
        if RANDOM.random() < 0.4:
            parts.append(" ")
    return "".join(parts)


# --- a protobuf message as a list of (field, value), which is all that is needed to edit a model


def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def read_varint(data, at):
    number = shift = 0
    while True:
        number |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            return number, at


def fields(data):
    at = 0
    while at < len(data):
        tag, at = read_varint(data, at)
        if tag & 7 == 0:
            value, at = read_varint(data, at)
        elif tag & 7 == 5:
            value, at = struct.unpack("<f", data[at : at + 4])[0], at + 4
        else:
            length, at = read_varint(data, at)
            value, at = data[at : at + length], at + length
        yield tag >> 3, value


def message(pairs):
    out = b""
    for field, value in pairs:
        if isinstance(value, float):
            out += varint(field << 3 | 5) + struct.pack("<f", value)
        elif isinstance(value, int):
            out += varint(field << 3) + varint(value)
        else:
            out += varint(field << 3 | 2) + varint(len(value)) + value
    return out


def edit(model, piece=lambda p: p, normalizer=b""):
    out = []
    for field, value in fields(model):
        if field == 1:
            value = message(sorted(piece(dict(fields(value))).items()))
        if field == 3:
            value += normalizer
        out.append((field, value))
    return message(out)


def with_unused(piece):
    if piece.get(3, 1) == 1 and len(piece[1]) > 1 and RANDOM.random() < 0.4:
        piece[3] = 5
    return piece


def with_ties(piece):
    if 2 in piece:
        piece[2] = float(round(piece[2] / 40))
    return piece


# --- the models


def train(symbols, vocabulary, **options):
    with tempfile.TemporaryDirectory() as directory:
        corpus = Path(directory, "corpus.txt")
        corpus.write_text(TEXT + "\n".join(" ".join(RANDOM.choices(MULTI, k=6)) for _ in range(200)))
        prefix = str(Path(directory, "model"))
        spm.SentencePieceTrainer.train(
            input=str(corpus), model_prefix=prefix, vocab_size=vocabulary, user_defined_symbols=symbols,
            hard_vocab_limit=False, num_threads=1, minloglevel=2, **options)
        return Path(prefix + ".model").read_bytes()


def rules(lines):
    path = Path(tempfile.mkdtemp(), "rules.tsv")
    path.write_text("".join(lines))
    return str(path)


SYMBOLS = ["<loc0001>", "<loc0002>", "aaaa", "aa", "▁▁▁", "01", "\n\n", "the", "a b", "ﬁ"]
LOWER = ["0041\t0061\n", "00C4\t0041 0308\n", "00AD\t\n", "2026\t002E 002E 002E\n", "3000\t0020\n", "0085\t0020 0020\n", "0001\t\n"]
SHOUT = ["0061\t0041\n", "0069 006E\t0049 004E\n", "0020 0020\t0020\n"]

MODELS = {
    "bpe-unused": lambda: edit(train(SYMBOLS[:4], 400, model_type="bpe", normalization_rule_name="identity"), with_unused),
    "bpe-ties": lambda: edit(
        train(SYMBOLS[:2], 600, model_type="bpe", normalization_rule_name="identity", byte_fallback=True, add_dummy_prefix=False,
              remove_extra_whitespaces=False, split_by_whitespace=False), with_ties),
    "bpe-denormalizer": lambda: train(
        SYMBOLS[4:8], 400, model_type="bpe", normalization_rule_tsv=rules(LOWER), denormalization_rule_tsv=rules(SHOUT),
        treat_whitespace_as_suffix=True, remove_extra_whitespaces=False),
    "unigram-user-defined": lambda: train(
        SYMBOLS, 700, model_type="unigram", normalization_rule_name="identity", byte_fallback=True, remove_extra_whitespaces=False,
        control_symbols=["<ctl>"], pad_id=3),
    "unigram-unescaped": lambda: edit(
        train(["<sep>"], 400, model_type="unigram", normalization_rule_tsv=rules(LOWER), unk_surface=""), with_unused,
        message([(5, 0)])),
}


def sentencepiece_cases(directory):
    model = (directory / "tokenizer.model").read_bytes()
    processor = spm.SentencePieceProcessor(model_proto=model)
    size = processor.get_piece_size()
    symbols = [processor.id_to_piece(i) for i in range(size) if i < 15 or RANDOM.random() < 0.1]
    encode, decode = [], []
    for _ in range(120):
        sample = text(symbols)
        encode.append({"text": sample, "ids": processor.encode(sample), "pieces": processor.encode(sample, out_type=str)})
    for _ in range(120):
        ids = []
        for _ in range(RANDOM.randrange(10)):
            ids += processor.encode(character()) if RANDOM.random() < 0.3 else [RANDOM.randrange(size)]
        decode.append({"ids": ids, "text": processor.decode(ids)})
    return {"encode": encode, "decode": decode}


def write(path, value):
    path.write_text(json.dumps(value, ensure_ascii=True, separators=(",", ":")).replace('},{"', '},\n{"') + "\n")


for name, make in MODELS.items():
    directory = Path(name)
    directory.mkdir(exist_ok=True)
    (directory / "tokenizer.model").write_bytes(make())
    write(directory / "cases.json", sentencepiece_cases(directory))

# --- Hugging Face: whole checkpoint directories, and the flags of added tokens

cases = {}
for checkpoint in ["golden/paligemma1", "golden/gemma1-text", "demo-model/paligemma2-demo"]:
    tokenizer = AutoTokenizer.from_pretrained(TESTDATA / checkpoint)
    added = sorted(tokenizer.added_tokens_encoder)
    symbols = RANDOM.sample(added, 30) + ["<image>", "<bos>", "<eos>", "<loc0000>", "<seg000>", "\n", "▁▁", "▁ "]
    samples = ["<image><image><bos>caption en\n"] + [text(symbols) for _ in range(150)]
    cases[checkpoint] = [{"text": s, "ids": tokenizer.encode(s, add_special_tokens=False)} for s in samples]
write(Path("huggingface.json"), cases)

FLAGS = [("<L>", "lstrip"), ("<R>", "rstrip"), ("<LR>", "lstrip rstrip"), ("word", "single_word"), ("<N>", "normalized"), ("ab", "single_word"),
         ("<LR><R>", ""), ("éß", "single_word"), ("NN", "normalized"), ("<W>", "lstrip rstrip single_word")]
description = json.loads((TESTDATA / "golden/gemma1-text/tokenizer.json").read_text())
first = len(description["model"]["vocab"])
tokens = [
    {"id": first + i, "content": content, "special": i % 2 == 0,
     **{flag: flag in flags.split() for flag in ("lstrip", "rstrip", "single_word", "normalized")}}
    for i, (content, flags) in enumerate(FLAGS)]
description["added_tokens"] += tokens
with tempfile.TemporaryDirectory() as directory:
    path = os.path.join(directory, "tokenizer.json")
    Path(path).write_text(json.dumps(description))
    tokenizer = Tokenizer.from_file(path)
symbols = [c for c, _ in FLAGS] * 2 + [" ", "  ", "\u3000", "\x85", "\x1c", "_", "-", "a", "²", "\u200c", "\u0301", "٣"]
samples = [text(symbols) for _ in range(200)]
write(Path("added-tokens.json"), {
    "tokens": tokens,
    "cases": [{"text": s, "ids": tokenizer.encode(s, add_special_tokens=False).ids} for s in samples]})
