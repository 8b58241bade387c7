"""Area under the curve, and recall at a threshold that the negatives fix."""

from __future__ import annotations

import numpy as np


def auc(positive: np.ndarray, negative: np.ndarray) -> float:
    """Chance that a positive outranks a negative; ties count half."""
    if len(positive) == 0 or len(negative) == 0:
        return float('nan')
    ordered = np.sort(negative)
    below, upto = np.searchsorted(ordered, positive, 'left'), np.searchsorted(ordered, positive, 'right')
    return float((below + upto).mean() / 2 / len(negative))


def threshold_at(negative: np.ndarray, rate: float) -> float:
    """Lowest threshold that at most `rate` of the negatives reach."""
    if len(negative) == 0:
        return float('nan')
    return float(np.nextafter(np.sort(negative)[::-1][min(int(rate * len(negative)), len(negative) - 1)], np.inf))


def table(scores: np.ndarray, rows: dict, rate: float = 0.01) -> list[dict]:
    """Per head and source: AUC and recall against all negatives of that head, and the share of its own negatives flagged."""
    out = []
    for head in (0, 1):
        here = rows['head'] == head
        negative = scores[here & (rows['label'] == 0)]
        limit = threshold_at(negative, rate)
        whole = scores[here & (rows['label'] == 1)]
        out.append({'head': head, 'source': '*', 'positives': len(whole), 'negatives': len(negative), 'auc': auc(whole, negative), 'recall': float((whole >= limit).mean()) if len(whole) else None, 'threshold': limit})
        for index, source in enumerate(rows['sources']):
            mine = here & (rows['source'] == index)
            positive, own = scores[mine & (rows['label'] == 1)], scores[mine & (rows['label'] == 0)]
            if len(positive) + len(own) == 0:
                continue
            out.append({
                'head': head, 'source': str(source), 'positives': len(positive), 'negatives': len(own),
                'auc': auc(positive, negative) if len(positive) else None,
                'recall': float((positive >= limit).mean()) if len(positive) else None,
                'flagged': float((own >= limit).mean()) if len(own) else None,
            })
    return out
