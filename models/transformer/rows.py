"""Rows `{ text, label, channel, source, kind, weight }` as token arrays.

python rows.py --model DIR --out rows.npz rows.jsonl[.gz] …
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json

import numpy as np
from tokenizers import Tokenizer

TOKENS_MAX = 4096


def tokeniser(folder: str) -> Tokenizer:
    """The base model's own, except that `[SEP]` and its like, written in a text, are text."""
    out = Tokenizer.from_file(f'{folder}/tokenizer.json')
    out.no_padding()
    out.no_truncation()
    out.encode_special_tokens = True
    return out


def lines(path: str):
    with (gzip.open if path.endswith('.gz') else open)(path, 'rt', encoding='utf-8') as file:
        for line in file:
            yield json.loads(line)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument('--model', required=True)
    parser.add_argument('--out', required=True)
    parser.add_argument('files', nargs='+')
    args = parser.parse_args()
    rows = [row for path in args.files for row in lines(path)]
    encoded = tokeniser(args.model).encode_batch([row['text'] for row in rows], add_special_tokens=False)
    tokens = [np.array(one.ids[:TOKENS_MAX], dtype=np.uint16) for one in encoded]
    sources = sorted({row['source'] for row in rows})
    kinds = sorted({str(row.get('kind') or '') for row in rows})
    digest = hashlib.sha256()
    for path in args.files:
        digest.update(open(path, 'rb').read())
    np.savez_compressed(
        args.out,
        tokens=np.concatenate(tokens) if tokens else np.zeros(0, np.uint16),
        lengths=np.array([len(one) for one in tokens], dtype=np.int32),
        label=np.array([row['label'] for row in rows], dtype=np.int8),
        head=np.array([0 if row['channel'] == 'user' else 1 for row in rows], dtype=np.int8),
        source=np.array([sources.index(row['source']) for row in rows], dtype=np.int16),
        kind=np.array([kinds.index(str(row.get('kind') or '')) for row in rows], dtype=np.int16),
        weight=np.array([row.get('weight', 1) for row in rows], dtype=np.float32),
        sources=np.array(sources),
        kinds=np.array(kinds),
        sha256=np.array(digest.hexdigest()),
    )
    print(f'{len(rows)} rows, {sum(map(len, tokens))} tokens, {len(sources)} sources, sha256 {digest.hexdigest()}')


if __name__ == '__main__':
    main()
