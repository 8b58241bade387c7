"""The classifier in PyTorch: a small BERT encoder, and for each head its own attention over the tokens."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

HEADS = ('user', 'third_party')
PAD, CLS, SEP, MASK = 0, 101, 102, 103
WORDS_FIRST, WORDS_END = 1996, 29612  # ids of whole words and pieces, without single signs


class Layer(nn.Module):
    def __init__(self, hidden: int, heads: int, dropout: float):
        super().__init__()
        self.heads = heads
        self.dropout = dropout
        self.qkv = nn.Linear(hidden, 3 * hidden)
        self.out = nn.Linear(hidden, hidden)
        self.norm1 = nn.LayerNorm(hidden, eps=1e-12)
        self.up = nn.Linear(hidden, 4 * hidden)
        self.down = nn.Linear(4 * hidden, hidden)
        self.norm2 = nn.LayerNorm(hidden, eps=1e-12)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        batch, length, hidden = x.shape
        q, k, v = self.qkv(x).view(batch, length, 3, self.heads, hidden // self.heads).permute(2, 0, 3, 1, 4)
        rate = self.dropout if self.training else 0.0
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask[:, None, None, :], dropout_p=rate)
        mixed = mixed.transpose(1, 2).reshape(batch, length, hidden)
        x = self.norm1(x + F.dropout(self.out(mixed), self.dropout, self.training))
        return self.norm2(x + F.dropout(self.down(F.gelu(self.up(x))), self.dropout, self.training))


class Guard(nn.Module):
    """Logits of both heads for each window. The word table is fixed: what is not trained keeps what it knew of rare words."""

    def __init__(self, layers: int, dropout: float = 0.1, hidden: int = 384, heads: int = 12, words: int = 30522, tokens_max: int = 128):
        super().__init__()
        self.dropout = dropout
        self.register_buffer('words', torch.zeros(words, hidden))
        self.positions = nn.Parameter(torch.zeros(tokens_max, hidden))
        self.norm = nn.LayerNorm(hidden, eps=1e-12)
        self.layers = nn.ModuleList(Layer(hidden, heads, dropout) for _ in range(layers))
        self.attend = nn.Linear(hidden, len(HEADS), bias=False)
        self.head = nn.Linear(hidden, len(HEADS))

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        x = self.norm(F.embedding(ids, self.words) + self.positions[: ids.shape[1]])
        x = F.dropout(x, self.dropout, self.training)
        for layer in self.layers:
            x = layer(x, mask)
        scores = self.attend(x).transpose(1, 2).float().masked_fill(~mask[:, None, :], -1e4)
        pooled = scores.softmax(-1).to(x.dtype) @ x
        pooled = F.dropout(pooled, self.dropout, self.training).float()
        return (pooled * self.head.weight).sum(-1) + self.head.bias


def from_base(base: dict[str, np.ndarray], layers: int, dropout: float, seed: int) -> Guard:
    torch.manual_seed(seed)
    model = Guard(layers, dropout)
    state = model.state_dict()
    for name in state:
        if name in base:
            state[name] = torch.from_numpy(base[name][: state[name].shape[0]].astype(np.float32))
    nn.init.normal_(state['attend.weight'], std=0.02)
    nn.init.normal_(state['head.weight'], std=0.02)
    state['head.bias'].fill_(-1.0)
    model.load_state_dict(state)
    return model
