#!/usr/bin/env python3
"""Writes tokenizers.json: tokenizers that Hugging Face's package has trained, texts, and the ids that it gives them.

pip install tokenizers==0.23.3
"""
import json, pathlib, random
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

corpus = """The cat sat on the mat. The cat's hat isn't there; it'll be 12 or 1,234 cats, they've said (we're sure)!
the queen saw the old dog, and the old dog saw the queen.  Two  spaces,   three.
naïve café, Zoë; cafe\u0301 nai\u0308ve. Straße, ﬁnal ﬀ, Ⅻ ½ ①.
Привет, мир! Мир привет, привет мир. ΟΔΟΣ ὁδός.
我在北京大学学习。北京大学很大。日本語のテストです。コンピュータを使う。
नमस्ते दुनिया। ภาษาไทยง่ายนะ. العَرَبِيّة، كتاب ١٢٫٥٪. 한국어를 배워요.
👩\u200d👧 👍🏽 🇩🇪 ok😀😀!
\tTabs\tand\u00a0other\u3000spaces\u2003here.
""" * 3

marks = "aé1'.,-日の\u0301\u200d👩❤\ufe0f_ \u00a0\u3000\t<>"


def texts(added):
    generator = random.Random(1)
    yield corpus[:700]
    yield ""
    yield " "
    yield "\n\n  a  \n b\n"
    yield "  leading, trailing  "
    yield "İSTANBUL ẞ ÅÅ \u212b ｆｕｌｌ ﷺ"
    for token in added:
        yield f"a {token} b{token}{token}  {token}\n the cat"
    for _ in range(20):
        yield "".join(generator.choice(marks) for _ in range(generator.randrange(1, 40)))


def trained(size, pre, normalizer=None, alphabet=(), special=(), **model):
    tokenizer = Tokenizer(models.BPE(**model))
    tokenizer.pre_tokenizer, tokenizer.normalizer = pre, normalizer
    trainer = trainers.BpeTrainer(
        vocab_size=size, initial_alphabet=list(alphabet), special_tokens=list(special), show_progress=False, min_frequency=1)
    tokenizer.train_from_iterator([corpus], trainer)
    return tokenizer


def changed(tokenizer, **parts):
    """The same with other parts in its file."""
    described = json.loads(tokenizer.to_str())
    for path, value in parts.items():
        at = described
        *path, name = path.split("__")
        for key in path:
            at = at[key]
        at[name] = value
    return Tokenizer.from_str(json.dumps(described, ensure_ascii=False))


def tokenizers():
    byte = pre_tokenizers.ByteLevel.alphabet()
    gpt2 = lambda **settings: pre_tokenizers.ByteLevel(**settings)
    yield "gpt2", trained(360, gpt2(add_prefix_space=False), alphabet=byte, special=["<|endoftext|>"])
    yield "gpt2, space before", trained(360, gpt2(add_prefix_space=True), alphabet=byte)
    yield "nfc", trained(340, gpt2(add_prefix_space=False), normalizers.NFC(), alphabet=byte)
    nfkc = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    yield "nfkc, lowercase", trained(340, gpt2(add_prefix_space=False), nfkc, alphabet=byte)
    accents = normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents()])
    yield "without accents", trained(340, gpt2(add_prefix_space=False), accents, alphabet=byte)
    lines = pre_tokenizers.Sequence([pre_tokenizers.Split("\n", "isolated"), gpt2(add_prefix_space=False)])
    yield "lines apart", trained(360, lines, alphabet=byte)
    yield "whole pieces", changed(trained(340, gpt2(add_prefix_space=False), alphabet=byte), model__ignore_merges=True)
    mask = trained(330, gpt2(add_prefix_space=False), alphabet=byte)
    mask.add_special_tokens([AddedToken("<mask>", lstrip=True, normalized=False), AddedToken("<m", normalized=False)])
    yield "added", mask
    for scheme in ["always", "first", "never"]:
        space = pre_tokenizers.Metaspace(prepend_scheme=scheme)
        yield f"metaspace, {scheme}", trained(250, space, special=["<unk>"], unk_token="<unk>")
    yield "words", trained(200, pre_tokenizers.Whitespace(), special=["<unk>"], unk_token="<unk>", fuse_unk=True)
    apart = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation(), pre_tokenizers.Digits(individual_digits=True)])
    yield "split, punctuation, digits", trained(200, apart)
    yield "bert", trained(200, pre_tokenizers.BertPreTokenizer(), special=["<unk>"], unk_token="<unk>")
    digits = pre_tokenizers.Sequence([pre_tokenizers.Digits(), pre_tokenizers.WhitespaceSplit()])
    yield "numbers", trained(200, digits, special=["<unk>"], unk_token="<unk>")
    # As Llama's: words begin with ▁, put there by normalizers; characters that are no tokens are bytes.
    bytes_ = [f"<0x{byte:02X}>" for byte in range(256)]
    llama = trained(500, pre_tokenizers.Metaspace(prepend_scheme="always"), special=["<unk>", *bytes_], unk_token="<unk>")
    described = json.loads(llama.to_str())
    described["added_tokens"] = described["added_tokens"][:1]
    described["pre_tokenizer"] = None
    described["normalizer"] = {"type": "Sequence", "normalizers": [
        {"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]}
    described["model"] |= {"byte_fallback": True, "fuse_unk": True}
    for token in "のэ한":
        described["model"]["vocab"].pop(token, None)
    used = set(described["model"]["vocab"])
    described["model"]["merges"] = [m for m in described["model"]["merges"] if {*m, "".join(m)} <= used]
    described["model"]["vocab"] = {token: id for id, token in enumerate(described["model"]["vocab"])}
    yield "llama", Tokenizer.from_str(json.dumps(described, ensure_ascii=False))


cases = []
for name, tokenizer in tokenizers():
    added = [token.content for token in tokenizer.get_added_tokens_decoder().values()]
    cases.append({
        "name": name, "tokenizer": tokenizer.to_str(),
        "texts": [{"text": text, "ids": tokenizer.encode(text, add_special_tokens=False).ids} for text in texts(added)]})

# What is learnt here is what the package learns.
lines = pre_tokenizers.Sequence([pre_tokenizers.Split("\n", "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False)])
learnt = json.loads(trained(420, lines, alphabet=pre_tokenizers.ByteLevel.alphabet()).to_str())["model"]
path = pathlib.Path(__file__).parent / "tokenizers.json"
path.write_text(json.dumps(
    {"cases": cases, "corpus": corpus, "merges": learnt["merges"], "vocabulary": sorted(learnt["vocab"], key=learnt["vocab"].get)},
    ensure_ascii=False) + "\n")
print(path, path.stat().st_size, "bytes,", len(cases), "tokenizers")
