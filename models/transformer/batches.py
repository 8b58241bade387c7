"""What one epoch reads: documents drawn evenly over sources, some spliced into others, cut into overlapping windows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from encoder import CLS, MASK, PAD, SEP, WORDS_FIRST, WORDS_END

# Tokens of text in a window, and how often training uses that length. Texts reach the model in windows of any length.
WINDOW_LENGTHS = ((30, 0.25), (62, 0.30), (126, 0.45))
WINDOWS_NEGATIVE_MAX = 6
WINDOWS_POSITIVE_MAX = 40
HOST_TOKENS_MAX = 260


class Rows:
    """The arrays of `rows.py`."""

    def __init__(self, path: str):
        with np.load(path) as file:
            self.fields = {name: file[name] for name in file.files}
        self.ends = np.cumsum(self.fields['lengths'])
        self.label, self.head = self.fields['label'], self.fields['head']
        self.source, self.weight = self.fields['source'], self.fields['weight']
        self.sources = [str(name) for name in self.fields['sources']]

    def __len__(self) -> int:
        return len(self.ends)

    def tokens(self, index: int) -> np.ndarray:
        return self.fields['tokens'][self.ends[index] - self.fields['lengths'][index] : self.ends[index]]


@dataclass
class Batch:
    ids: np.ndarray  # [windows, length], 16-bit
    document: np.ndarray  # which document each window is of
    target: np.ndarray  # [documents, heads]
    weight: np.ndarray  # [documents, heads]; 0 where a row says nothing about that head


def windows(tokens: np.ndarray, length: int, stride: int, offset: int = 0) -> list[np.ndarray]:
    if len(tokens) <= length:
        return [tokens]
    starts = list(range(0, len(tokens) - length, stride)) + [len(tokens) - length]
    if offset:
        starts = [0, *(min(start + offset, len(tokens) - length) for start in starts)]
    return [tokens[start : start + length] for start in dict.fromkeys(starts)]


def pack(parts: list[np.ndarray]) -> np.ndarray:
    ids = np.full((len(parts), max(map(len, parts)) + 2), PAD, dtype=np.uint16)
    ids[:, 0] = CLS
    for row, part in enumerate(parts):
        ids[row, 1 : 1 + len(part)] = part
        ids[row, 1 + len(part)] = SEP
    return ids


def draw(rows: Rows, allowed: np.ndarray, per_source: int, rng: np.random.Generator) -> np.ndarray:
    """At most `per_source` rows of each source and label; small groups are read twice."""
    out = []
    for source in range(len(rows.sources)):
        for label in (0, 1):
            group = np.flatnonzero(allowed & (rows.source == source) & (rows.label == label))
            rng.shuffle(group)
            out.append(group[:per_source])
            if len(group) < per_source // 6:
                out.append(group)
    return rng.permutation(np.concatenate(out))


def splice(part: np.ndarray, host: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """`part` somewhere inside a stretch of `host`."""
    size = int(rng.integers(10, HOST_TOKENS_MAX))
    start = int(rng.integers(0, max(1, len(host) - size)))
    stretch = host[start : start + size]
    cut = int(rng.integers(0, len(stretch) + 1))
    return np.concatenate([stretch[:cut], part, stretch[cut:]])


def disturbed(part: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Some tokens masked, some replaced by any word: what is learnt does not hang on single words of a template."""
    chance = rng.random(len(part))
    any_word = rng.integers(WORDS_FIRST, WORDS_END, len(part))
    return np.where(chance < share / 2, MASK, np.where(chance < share, any_word, part)).astype(np.uint16)


def epoch(rows: Rows, allowed: np.ndarray, rng: np.random.Generator, *, per_source: int, splices: float, noise: float, tokens_per_batch: int):
    """Yields batches in random order."""
    hosts = [np.flatnonzero(allowed & (rows.label == 0) & (rows.head == head)) for head in (0, 1)]
    groups: dict[int, list] = {length: [] for length, _ in WINDOW_LENGTHS}
    sizes, shares = zip(*WINDOW_LENGTHS)
    for index in draw(rows, allowed, per_source, rng):
        tokens, label, head, weight = rows.tokens(index), int(rows.label[index]), int(rows.head[index]), float(rows.weight[index])
        if len(tokens) == 0:
            continue
        into = 1 if label == 1 and head == 0 and rng.random() < splices / 2 else head
        if into != head or (rng.random() < splices and (head == 1 or label == 0) and len(tokens) < HOST_TOKENS_MAX):
            if len(hosts[into]):
                tokens = splice(tokens, rows.tokens(rng.choice(hosts[into])), rng)
        head = into
        length = int(rng.choice(sizes, p=shares))
        parts = windows(tokens, length, max(1, length // 2), int(rng.integers(0, length // 2)))
        limit = WINDOWS_POSITIVE_MAX if label else WINDOWS_NEGATIVE_MAX
        if len(parts) > limit:
            parts = [parts[at] for at in rng.choice(len(parts), limit, replace=False)]
        # An override in a person's own text is one in a document too; harmless documents are harmless from a person.
        weights = [(weight, 0.5 * weight if label else 0.0), (0.0 if label else 0.3 * weight, weight)][head]
        if noise:
            parts = [disturbed(part, noise, rng) for part in parts]
        groups[length].append((parts, label, weights))
    ready = [batch for length, members in groups.items() for batch in group_batches(members, length, tokens_per_batch)]
    for at in rng.permutation(len(ready)):
        yield assemble(ready[at])


def group_batches(members: list, length: int, tokens_per_batch: int):
    for start in range(0, len(members), 2048):
        chunk = sorted(members[start : start + 2048], key=lambda member: len(member[0][0]))
        batch: list = []
        count = longest = 0
        for member in chunk:
            count, longest = count + len(member[0]), max(longest, len(member[0][0]) + 2)
            batch.append(member)
            if count * longest >= tokens_per_batch:
                yield batch
                batch, count, longest = [], 0, 0
        if batch:
            yield batch


def assemble(members: list) -> Batch:
    parts = [part for member in members for part in member[0]]
    document = np.repeat(np.arange(len(members)), [len(member[0]) for member in members])
    target = np.array([[member[1]] * 2 for member in members], dtype=np.float32)
    return Batch(pack(parts), document, target, np.array([member[2] for member in members], dtype=np.float32))
