"""The encoder as an ONNX graph, written operator by operator from its weights.

Written by hand rather than traced, so that the file holds exactly what the gateway runs: embedding rows and every linear layer
as int8 with a scale per row or column, activations quantised as they come (one scale per call), everything else in float.
Weights are named as in `encoder.py`.
"""

from __future__ import annotations

import numpy as np
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
IR_VERSION = 8
EPSILON = 1e-12


class Graph:
    """Collects nodes and initialisers."""

    def __init__(self, quantised: bool):
        self.quantised = quantised
        self.nodes: list = []
        self.initialisers: list = []

    def constant(self, name: str, value: np.ndarray) -> str:
        self.initialisers.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, op: str, inputs: list[str], name: str, **attributes) -> str:
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def linear(self, x: str, weight: np.ndarray, bias: np.ndarray, name: str, quantised: bool | None = None) -> str:
        """`x · weightᵀ + bias`; `weight` is [out, in] as PyTorch keeps it."""
        bias_name = self.constant(f'{name}.bias', bias.astype(np.float32))
        if not (self.quantised if quantised is None else quantised):
            product = self.node('MatMul', [x, self.constant(f'{name}.weight', weight.T.astype(np.float32))], f'{name}.product')
            return self.node('Add', [product, bias_name], name)
        scale = np.maximum(np.abs(weight).max(axis=1), 1e-8) / 127
        packed = np.clip(np.rint(weight / scale[:, None]), -127, 127).astype(np.int8).T
        weight_name = self.constant(f'{name}.weight', packed)
        scale_name = self.constant(f'{name}.scale', scale.astype(np.float32))
        levels, x_scale, x_zero = self.quantise(x)
        whole = self.node('MatMulInteger', [levels, weight_name, x_zero], f'{name}.whole')
        real = self.node('Cast', [whole], f'{name}.real', to=TensorProto.FLOAT)
        both = self.node('Mul', [x_scale, scale_name], f'{name}.both')
        product = self.node('Mul', [real, both], f'{name}.product')
        return self.node('Add', [product, bias_name], name)

    def quantise(self, x: str) -> tuple[str, str, str]:
        outputs = [f'{x}.levels', f'{x}.x_scale', f'{x}.x_zero']
        self.nodes.append(helper.make_node('DynamicQuantizeLinear', [x], outputs, name=f'{x}.quantise'))
        return outputs[0], outputs[1], outputs[2]

    def norm(self, x: str, weight: np.ndarray, bias: np.ndarray, name: str) -> str:
        scale, shift = self.constant(f'{name}.scale', weight), self.constant(f'{name}.shift', bias)
        return self.node('LayerNormalization', [x, scale, shift], name, axis=-1, epsilon=EPSILON)


def embeddings(g: Graph, weights: dict[str, np.ndarray], tokens_max: int) -> str:
    words = weights['words']
    if g.quantised:
        scale = np.maximum(np.abs(words).max(axis=1, keepdims=True), 1e-8) / 127
        table = np.clip(np.rint(words / scale), -127, 127).astype(np.int8)
        rows = g.node('Gather', [g.constant('words.table', table), 'input_ids'], 'words.rows', axis=0)
        real = g.node('Cast', [rows], 'words.real', to=TensorProto.FLOAT)
        row_scale = g.node('Gather', [g.constant('words.scale', scale.astype(np.float32)), 'input_ids'], 'words.row_scale', axis=0)
        word = g.node('Mul', [real, row_scale], 'words')
    else:
        word = g.node('Gather', [g.constant('words.table', words), 'input_ids'], 'words', axis=0)
    shape = g.node('Shape', ['input_ids'], 'shape')
    length = g.node('Slice', [shape, g.constant('one', np.array([1])), g.constant('two', np.array([2]))], 'length')
    table = g.constant('positions.table', weights['positions'][:tokens_max])
    position = g.node('Slice', [table, g.constant('zero', np.array([0])), length, g.constant('axis0', np.array([0]))], 'positions')
    return g.norm(g.node('Add', [word, position], 'embedded'), weights['norm.weight'], weights['norm.bias'], 'layer0')


def attention(g: Graph, x: str, mask: str, heads: int, weights: dict[str, np.ndarray], name: str) -> str:
    hidden = weights[f'{name}.out.weight'].shape[0]
    size = hidden // heads
    # The factor 1/√size is folded into the query weights.
    weight, bias = weights[f'{name}.qkv.weight'].copy(), weights[f'{name}.qkv.bias'].copy()
    weight[:hidden] /= np.sqrt(size)
    bias[:hidden] /= np.sqrt(size)
    qkv = g.linear(x, weight, bias, f'{name}.qkv')
    g.nodes.append(helper.make_node('Split', [qkv, 'thirds'], [f'{name}.{part}' for part in 'qkv'], axis=-1, name=f'{name}.split'))
    parts = []
    for part, order in (('q', [0, 2, 1, 3]), ('k', [0, 2, 3, 1]), ('v', [0, 2, 1, 3])):
        split = g.node('Reshape', [f'{name}.{part}', 'by_head'], f'{name}.{part}.split')
        parts.append(g.node('Transpose', [split], f'{name}.{part}.heads', perm=order))
    scores = g.node('Add', [g.node('MatMul', parts[:2], f'{name}.scores'), mask], f'{name}.masked')
    share = g.node('Softmax', [scores], f'{name}.share', axis=-1)
    mixed = g.node('Transpose', [g.node('MatMul', [share, parts[2]], f'{name}.mixed')], f'{name}.back', perm=[0, 2, 1, 3])
    joined = g.node('Reshape', [mixed, 'joined'], f'{name}.joined')
    return g.linear(joined, weights[f'{name}.out.weight'], weights[f'{name}.out.bias'], f'{name}.out')


def gelu(g: Graph, x: str, name: str) -> str:
    root = g.node('Div', [x, 'root2'], f'{name}.scaled')
    erf = g.node('Add', [g.node('Erf', [root], f'{name}.erf'), 'unit'], f'{name}.shifted')
    return g.node('Mul', [g.node('Mul', [x, erf], f'{name}.doubled'), 'half'], name)


def layer(g: Graph, x: str, mask: str, heads: int, weights: dict[str, np.ndarray], name: str) -> str:
    attended = attention(g, x, mask, heads, weights, name)
    middle = g.norm(g.node('Add', [x, attended], f'{name}.sum1'), weights[f'{name}.norm1.weight'], weights[f'{name}.norm1.bias'], f'{name}.norm1')
    wide = gelu(g, g.linear(middle, weights[f'{name}.up.weight'], weights[f'{name}.up.bias'], f'{name}.up'), f'{name}.gelu')
    narrow = g.linear(wide, weights[f'{name}.down.weight'], weights[f'{name}.down.bias'], f'{name}.down')
    return g.norm(g.node('Add', [middle, narrow], f'{name}.sum2'), weights[f'{name}.norm2.weight'], weights[f'{name}.norm2.bias'], f'{name}.norm2')


def pool(g: Graph, x: str, mask: str, weights: dict[str, np.ndarray]) -> str:
    """One vector per head: tokens weighted by how much that head attends to them."""
    attend = g.constant('attend.weight', weights['attend.weight'].T.astype(np.float32))
    scores = g.node('Transpose', [g.node('MatMul', [x, attend], 'attend')], 'attend.rows', perm=[0, 2, 1])
    flat = g.node('Squeeze', [mask, g.constant('axis1', np.array([1]))], 'mask.flat')
    share = g.node('Softmax', [g.node('Add', [scores, flat], 'attend.masked')], 'attend.share', axis=-1)
    return g.node('MatMul', [share, x], 'pooled')


def build(weights: dict[str, np.ndarray], layers: int, heads: int, tokens_max: int, quantised: bool):
    """`input_ids`, `attention_mask` [batch, length ≤ tokens_max] → `logits` [batch, heads of the classifier]."""
    hidden = weights['norm.weight'].shape[0]
    g = Graph(quantised)
    for name, value in (
        ('thirds', np.array([hidden] * 3)),
        ('by_head', np.array([0, 0, heads, hidden // heads])),
        ('joined', np.array([0, 0, hidden])),
        ('root2', np.float32(np.sqrt(2))),
        ('unit', np.float32(1)),
        ('half', np.float32(0.5)),
        ('far', np.float32(-10000)),
    ):
        g.constant(name, np.asarray(value))
    real = g.node('Cast', ['attention_mask'], 'mask.real', to=TensorProto.FLOAT)
    away = g.node('Mul', [g.node('Sub', ['unit', real], 'mask.away'), 'far'], 'mask.bias')
    mask = g.node('Unsqueeze', [away, g.constant('axes12', np.array([1, 2]))], 'mask')
    x = embeddings(g, weights, tokens_max)
    for index in range(layers):
        x = layer(g, x, mask, heads, weights, f'layers.{index}')
    pooled = pool(g, x, mask, weights)
    product = g.node('Mul', [pooled, g.constant('head.weight', weights['head.weight'].astype(np.float32))], 'head.product')
    summed = g.node('ReduceSum', [product, g.constant('last', np.array([-1]))], 'head.sum', keepdims=0)
    g.node('Add', [summed, g.constant('head.bias', weights['head.bias'].astype(np.float32))], 'logits')
    graph = helper.make_graph(
        g.nodes,
        'guard',
        [helper.make_tensor_value_info(name, TensorProto.INT64, ['batch', 'length']) for name in ('input_ids', 'attention_mask')],
        [helper.make_tensor_value_info('logits', TensorProto.FLOAT, ['batch', weights['head.weight'].shape[0]])],
        g.initialisers,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid('', OPSET)], ir_version=IR_VERSION, producer_name='sallyport')
