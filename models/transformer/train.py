"""Fine-tunes the base encoder. See README.md for the commands."""

from __future__ import annotations

import argparse
import json
import os
import multiprocessing
import time

import numpy as np
import torch
import torch.nn.functional as F

from batches import Rows, epoch, pack, windows
from encoder import PAD, Guard, from_base
from measure import table


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument('--train', required=True)
    parser.add_argument('--dev', required=True)
    parser.add_argument('--base', required=True, help='file of base.py')
    parser.add_argument('--out', required=True, help='prefix of the files it writes')
    parser.add_argument('--layers', default='0,1,2,3,4,5')
    parser.add_argument('--epochs', type=int, default=6)
    parser.add_argument('--rate', type=float, default=8e-5)
    parser.add_argument('--head-rate', type=float, default=1e-3)
    parser.add_argument('--decay', type=float, default=0.02)
    parser.add_argument('--dropout', type=float, default=0.1)
    parser.add_argument('--smooth', type=float, default=0.02)
    parser.add_argument('--splices', type=float, default=0.35)
    parser.add_argument('--noise', type=float, default=0.0, help='share of tokens that are masked or replaced')
    parser.add_argument('--per-source', type=int, default=2500)
    parser.add_argument('--tokens-per-batch', type=int, default=16384)
    parser.add_argument('--average', type=float, default=0.995, help='decay of the running mean of the weights')
    parser.add_argument('--held-out', default='', help='sources of the training rows that are measured instead of read')
    parser.add_argument('--drop', default='', help='sources of the training rows that are neither')
    parser.add_argument('--teacher', default='', help='prefixes of trained models whose mean answer is learnt as well')
    parser.add_argument('--steps-max', type=int, default=0)
    parser.add_argument('--preparers', type=int, default=2, help='processes that prepare epochs')
    parser.add_argument('--seed', type=int, default=1)
    return parser.parse_args()


def load_base(path: str) -> dict[str, np.ndarray]:
    with np.load(path) as file:
        out = {name: file[name] for name in file.files}
    out['words'] = out.pop('words.levels').astype(np.float32) * out.pop('words.scale')
    return {name: value.astype(np.float32) for name, value in out.items()}


def picked(base: dict[str, np.ndarray], layers: list[int]) -> dict[str, np.ndarray]:
    out = {name: value for name, value in base.items() if not name.startswith('layers.')}
    for new, old in enumerate(layers):
        prefix = f'layers.{old}.'
        out |= {f'layers.{new}.{name[len(prefix):]}': value for name, value in base.items() if name.startswith(prefix)}
    return out


def one_epoch(number: int) -> list:
    """Runs in a process of its own; what it reads was there before the fork."""
    rows, allowed, args = SHARED
    rng = np.random.default_rng([args.seed, number])
    return list(epoch(rows, allowed, rng, per_source=args.per_source, splices=args.splices, noise=args.noise, tokens_per_batch=args.tokens_per_batch))


SHARED: tuple = ()


def document_loss(logits: torch.Tensor, document: torch.Tensor, target: torch.Tensor, weight: torch.Tensor, smooth: float) -> torch.Tensor:
    """A document is what its strongest window is; of a harmless one, every window is harmless."""
    index = document[:, None].expand_as(logits)
    strongest = torch.full_like(target, -1e4).scatter_reduce(0, index, logits, 'amax')
    soft = target * (1 - 2 * smooth) + smooth
    whole = F.binary_cross_entropy_with_logits(strongest, soft, reduction='none')
    each = F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, smooth), reduction='none')
    mean = torch.zeros_like(target).scatter_reduce(0, index, each, 'mean', include_self=False)
    loss = torch.where(target > 0.5, whole, 0.5 * whole + 0.5 * mean)
    return (loss * weight).sum() / weight.sum().clamp(min=1e-6)


@torch.no_grad()
def scores(model: Guard, rows: Rows, chosen: np.ndarray, device: str, length: int = 126, stride: int = 94) -> np.ndarray:
    """Logit of each row's own head at its strongest window."""
    model.eval()
    cut = [(row, part) for row in chosen for part in windows(rows.tokens(row), length, stride)]
    cut.sort(key=lambda pair: len(pair[1]))
    best = np.full(len(rows), -1e4, dtype=np.float32)
    step = 512 if device == 'cuda' else 32
    for start in range(0, len(cut), step):
        some = cut[start : start + step]
        ids = torch.from_numpy(pack([part for _, part in some]).astype(np.int64)).to(device)
        with torch.autocast(device, torch.bfloat16, enabled=device == 'cuda'):
            logits = model(ids, ids != PAD).float().cpu().numpy()
        for (row, _), logit in zip(some, logits):
            best[row] = max(best[row], logit[rows.head[row]])
    return best


def report(model: Guard, rows: Rows, chosen: np.ndarray, device: str) -> tuple[list[dict], np.ndarray]:
    best = scores(model, rows, chosen, device)
    keep = {name: getattr(rows, name)[chosen] for name in ('label', 'head', 'source')}
    return table(best[chosen], {**keep, 'sources': rows.sources}), best


def named(rows: Rows, names: str) -> np.ndarray:
    wanted = [rows.sources.index(name) for name in names.split(',') if name in rows.sources]
    return np.isin(rows.source, wanted)


def planted(rows: Rows, names: str) -> np.ndarray:
    """Rows into which something of a held-out source was put."""
    return np.isin(rows.fields['kind'], [at for at, kind in enumerate(rows.fields['kinds']) if str(kind) in [f'{name}_planted' for name in names.split(',')]])


def main() -> None:
    args = options()
    rows, dev, base = Rows(args.train), Rows(args.dev), load_base(args.base)
    held = named(rows, args.held_out)
    allowed = ~held & ~named(rows, args.drop) & ~planted(rows, args.held_out)
    global SHARED
    SHARED = (rows, allowed, args)
    # Epochs are prepared ahead, in processes forked before a GPU is touched.
    pool = multiprocessing.get_context('fork').Pool(min(args.epochs, args.preparers))
    prepared = pool.imap(one_epoch, range(args.epochs))
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    layers = [int(one) for one in args.layers.split(',')]
    model = from_base(picked(base, layers), len(layers), args.dropout, args.seed).to(device)
    mean = {name: value.detach().clone() for name, value in model.named_parameters()}
    teachers = [load_trained(prefix, base).to(device).eval() for prefix in args.teacher.split(',') if prefix]
    head = [value for name, value in model.named_parameters() if name.startswith(('attend', 'head'))]
    body = [value for name, value in model.named_parameters() if not name.startswith(('attend', 'head'))]
    optimiser = torch.optim.AdamW([{'params': body, 'lr': args.rate}, {'params': head, 'lr': args.head_rate}], weight_decay=args.decay, betas=(0.9, 0.98), fused=device == 'cuda')
    total, step, log, began = None, 0, [], time.time()
    for number, batches in enumerate(prepared):
        if total is None:
            total = args.steps_max or len(batches) * args.epochs
            schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda at: min(1.0, (at + 1) / (0.06 * total)) * max(0.0, 1 - at / (total * 1.03)))
        model.train()
        losses = []
        for batch in batches:
            if step >= total:
                break
            ids = torch.from_numpy(batch.ids.astype(np.int32)).to(device).long()
            tensors = [torch.from_numpy(value).to(device) for value in (batch.document, batch.target, batch.weight)]
            with torch.autocast(device, torch.bfloat16, enabled=device == 'cuda'):
                logits = model(ids, ids != PAD).float()
                with torch.no_grad():
                    answers = [teacher(ids, ids != PAD).float().sigmoid() for teacher in teachers]
            loss = document_loss(logits, *tensors, args.smooth)
            if answers:
                wanted = torch.stack(answers).mean(0)
                loss = 0.4 * loss + 1.5 * F.binary_cross_entropy_with_logits(logits, wanted)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            step += 1
            keep = min(args.average, step / (step + 10))
            torch._foreach_lerp_(list(mean.values()), [value.detach() for value in model.parameters()], 1 - keep)
            losses.append(loss.detach())
        last = {name: value.detach().clone() for name, value in model.named_parameters()}
        model.load_state_dict(mean, strict=False)
        result = {'epoch': number + 1, 'loss': float(torch.stack(losses).mean()) if losses else None, 'seconds': time.time() - began}
        result['dev'], best = report(model, dev, np.arange(len(dev)), device)
        if held.any():
            # Every dev negative too, so that a source with positives alone has something to be told from.
            result['held'] = held_report(best, dev, scores(model, rows, np.flatnonzero(held), device), rows, held)
        log.append(result)
        summary = [f"{row['source']}/{row['head']} auc {row['auc'] or 0:.3f} r {row['recall'] if row['recall'] is not None else -1:.2f}" for row in result['dev'] if row['source'] == '*']
        print(args.out, f"epoch {number + 1} loss {result['loss']} {result['seconds']:.0f}s", *summary, *(f"{r['source']} auc {r['auc'] or 0:.3f} r {r['recall'] if r['recall'] is not None else -1:.2f} f {r['flagged'] if r['flagged'] is not None else -1:.3f}" for r in result.get('held', [])), flush=True)
        np.savez(f'{args.out}.npz', layers=len(layers), **{name: value.float().cpu().numpy().astype(np.float16) for name, value in mean.items()})
        np.save(f'{args.out}.dev.npy', best.astype(np.float16))
        with open(f'{args.out}.json', 'w') as file:
            json.dump({'options': vars(args), 'log': log}, file)
        if step >= total:
            break
        model.load_state_dict(last, strict=False)


def held_report(dev_best: np.ndarray, dev: Rows, best: np.ndarray, rows: Rows, held: np.ndarray) -> list[dict]:
    chosen = np.flatnonzero(held)
    joined = {
        'label': np.concatenate([dev.label[dev.label == 0], rows.label[chosen]]),
        'head': np.concatenate([dev.head[dev.label == 0], rows.head[chosen]]),
        'source': np.concatenate([np.full(int((dev.label == 0).sum()), len(rows.sources)), rows.source[chosen]]),
        'sources': [*rows.sources, 'dev'],
    }
    measured = table(np.concatenate([dev_best[dev.label == 0], best[chosen]]), joined)
    return [row for row in measured if row['source'] not in ('dev', '*')]


def load_trained(prefix: str, base: dict[str, np.ndarray]) -> Guard:
    with np.load(f'{prefix}.npz') as file:
        state = {name: torch.from_numpy(file[name].astype(np.float32)) for name in file.files if name != 'layers'}
        model = Guard(int(file['layers']), 0.0)
    state['words'] = torch.from_numpy(base['words'])
    model.load_state_dict(state)
    return model


if __name__ == '__main__':
    os.environ.setdefault('CUBLAS_WORKSPACE_CONFIG', ':4096:8')
    main()
