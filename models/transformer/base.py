"""Weights of the base encoder under this project's names."""

from __future__ import annotations

import numpy as np
from safetensors.numpy import load_file


def base_weights(path: str, layers: list[int]) -> dict[str, np.ndarray]:
    """Reads a BERT encoder; `layers` picks which of its layers to keep, in order."""
    raw = {name: value.astype(np.float32) for name, value in load_file(path).items() if not name.endswith('position_ids')}
    out = {
        'words': raw['embeddings.word_embeddings.weight'],
        # Every text is of type 0, so that vector belongs to the positions.
        'positions': raw['embeddings.position_embeddings.weight'] + raw['embeddings.token_type_embeddings.weight'][:1],
        'norm.weight': raw['embeddings.LayerNorm.weight'],
        'norm.bias': raw['embeddings.LayerNorm.bias'],
    }
    for index, kept in enumerate(layers):
        old, new = f'encoder.layer.{kept}', f'layers.{index}'
        for kind in ('weight', 'bias'):
            parts = [raw[f'{old}.attention.self.{part}.{kind}'] for part in ('query', 'key', 'value')]
            out[f'{new}.qkv.{kind}'] = np.concatenate(parts)
            out[f'{new}.out.{kind}'] = raw[f'{old}.attention.output.dense.{kind}']
            out[f'{new}.norm1.{kind}'] = raw[f'{old}.attention.output.LayerNorm.{kind}']
            out[f'{new}.up.{kind}'] = raw[f'{old}.intermediate.dense.{kind}']
            out[f'{new}.down.{kind}'] = raw[f'{old}.output.dense.{kind}']
            out[f'{new}.norm2.{kind}'] = raw[f'{old}.output.LayerNorm.{kind}']
    return out


def packed(path: str, out: str) -> None:
    """All layers as a file for `train.py`: the word table as the shipped int8 rows, the rest in half precision."""
    weights = base_weights(path, list(range(6)))
    words = weights.pop('words')
    scale = np.maximum(np.abs(words).max(axis=1, keepdims=True), 1e-8) / 127
    levels = np.clip(np.rint(words / scale), -127, 127).astype(np.int8)
    np.savez(out, **{'words.levels': levels, 'words.scale': scale.astype(np.float32)}, **{name: value.astype(np.float16) for name, value in weights.items()})


if __name__ == '__main__':
    import sys

    packed(sys.argv[1], sys.argv[2])
