"""Writes the model the gateway ships: int8 ONNX, vocabulary, description; and measures it against the float graph on dev.

python export.py --trained PREFIX --base base.npz --model DIR --dev dev.npz --train train.npz --out ../../packages/gateway/models
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil

import numpy as np
import onnx
import onnxruntime

from batches import Rows, windows
from encoder import CLS, HEADS, SEP
from graph import build
from measure import auc, table
from train import load_base

TOKENS_MAX = 128
ATTENTION_HEADS = 12


def session(path: str) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=['CPUExecutionProvider'])


def logits(model: onnxruntime.InferenceSession, rows: Rows, chosen: np.ndarray) -> np.ndarray:
    """Of each row's own head at its strongest window, each window run alone as the gateway does."""
    best = np.full(len(rows), -1e4, dtype=np.float32)
    for row in chosen:
        for part in windows(rows.tokens(row), TOKENS_MAX - 2, 63):
            ids = np.array([[CLS, *part, SEP]], dtype=np.int64)
            out = model.run(None, {'input_ids': ids, 'attention_mask': np.ones_like(ids)})[0][0]
            best[row] = max(best[row], out[rows.head[row]])
    return best


def calibrate(x: np.ndarray, label: np.ndarray) -> dict[str, float]:
    """Scale and shift of a logistic curve, both classes counted alike: 0.5 is where both are as likely."""
    weight = np.where(label == 1, 0.5 / max(1, (label == 1).sum()), 0.5 / max(1, (label == 0).sum()))
    design = np.stack([x, np.ones_like(x)], axis=1).astype(np.float64)
    solution = np.array([1.0, 0.0])
    for _ in range(50):
        p = 1 / (1 + np.exp(-design @ solution))
        gradient = design.T @ (weight * (p - label)) + 1e-6 * solution
        curvature = (design * (weight * p * (1 - p))[:, None]).T @ design + 1e-6 * np.eye(2)
        solution -= np.linalg.solve(curvature, gradient)
    return {'scale': round(float(solution[0]), 5), 'shift': round(float(solution[1]), 5)}


def sha256(path: str) -> str:
    with open(path, 'rb') as file:
        return hashlib.sha256(file.read()).hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ('trained', 'base', 'model', 'dev', 'train', 'out'):
        parser.add_argument(f'--{name}', required=True)
    parser.add_argument('--name', default='guard-transformer')
    parser.add_argument('--agree', type=int, default=2000, help='rows on which the float graph is run as well')
    args = parser.parse_args()
    base, dev = load_base(args.base), Rows(args.dev)
    with np.load(f'{args.trained}.npz') as file:
        layers = int(file['layers'])
        weights = {name: file[name].astype(np.float32) for name in file.files if name != 'layers'} | {'words': base['words']}
    path, vocabulary = f'{args.out}/{args.name}.onnx', f'{args.out}/{args.name}.vocab.txt'
    for where, quantised in ((path, True), (f'{args.trained}.float.onnx', False)):
        model = build(weights, layers, ATTENTION_HEADS, TOKENS_MAX, quantised)
        onnx.checker.check_model(model)
        onnx.save(model, where)
    shutil.copyfile(f'{args.model}/vocab.txt', vocabulary)

    every = np.arange(len(dev))
    small = logits(session(path), dev, every)
    np.save(f'{args.trained}.int8.npy', small)
    some = np.sort(np.random.default_rng(1).permutation(len(dev))[: args.agree])
    exact = logits(session(f'{args.trained}.float.onnx'), dev, some)
    calibration = {}
    for head, name in enumerate(HEADS):
        mine = dev.head == head
        calibration[name] = calibrate(small[mine], dev.label[mine])
    description = {
        'model': f'{args.name}.onnx',
        'vocabulary': f'{args.name}.vocab.txt',
        'sha256': {'model': sha256(path), 'vocabulary': sha256(vocabulary)},
        'tokenizer': 'wordpiece-uncased',
        'windowTokensMax': TOKENS_MAX,
        'heads': list(HEADS),
        'calibration': calibration,
        'layers': layers,
        'base': 'sentence-transformers/all-MiniLM-L6-v2',
        'data': {'train': sha_of(args.train), 'dev': sha_of(args.dev)},
    }
    with open(f'{args.out}/{args.name}.json', 'w') as file:
        json.dump(description, file, indent=2)
        file.write('\n')

    keep = {'label': dev.label, 'head': dev.head, 'source': dev.source, 'sources': dev.sources}
    print(json.dumps(description, indent=1))
    gap = np.abs(small[some] - exact[some])
    print(f'int8 against float on {len(some)} dev rows: mean |Δlogit| {gap.mean():.3f}, 99th percentile {np.quantile(gap, 0.99):.3f}; same side of 0: {100 * ((small[some] > 0) == (exact[some] > 0)).mean():.2f} %')
    for head, name in enumerate(HEADS):
        for label, which in (('float', exact), ('int8', small)):
            mine = some[dev.head[some] == head]
            print(f'{name} {label} on those rows: AUC {auc(which[mine][dev.label[mine] == 1], which[mine][dev.label[mine] == 0]):.4f}')
    for row in table(small, keep):
        print(row['head'], f"{row['source']:>18}", f"+{row['positives']:<5} -{row['negatives']:<5}", 'AUC', f"{row['auc']:.4f}" if row['auc'] is not None else '-', 'recall@1%', f"{100 * row['recall']:.1f}" if row['recall'] is not None else '-', 'flagged', f"{100 * row['flagged']:.2f}" if row.get('flagged') is not None else '-')


def sha_of(path: str) -> str:
    with np.load(path) as file:
        return str(file['sha256'])


if __name__ == '__main__':
    main()
