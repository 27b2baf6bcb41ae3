"""Metric math, as far as alarms use it: arithmetic, comparisons, FILL, IF, MAX, MIN and SUM, for one period.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
Its syntax is a part of Python's, so Python's parser reads it; nothing is run. A missing value makes the result missing,
unless FILL fills it or IF does not choose it; so does a division by zero.
"""

import ast
import operator
from collections.abc import Callable, Mapping, Sequence

Value = float | None
ARITHMETIC: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
COMPARISONS: Mapping[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
OF_SEVERAL: Mapping[str, Callable[[Sequence[float]], float]] = {"MAX": max, "MIN": min, "SUM": sum}


def value_of(expression: str, metrics: Mapping[str, Value]) -> Value:
    """The value of an expression.

    Args:
        expression: The expression.
        metrics: Value of each metric by its id; None if it has none in the period.

    Raises:
        ValueError: It has something that is not known here.
    """
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except SyntaxError:
        raise ValueError(f"the metric math cannot be read: {expression}") from None
    return _value(tree.body, metrics)


def _value(node: ast.expr, metrics: Mapping[str, Value]) -> Value:
    match node:
        case ast.Constant(value=bool() | str() | bytes()):
            raise ValueError(f"unknown in metric math: {ast.unparse(node)}")
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=id_) if id_ in metrics:
            return metrics[id_]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            number = _value(operand, metrics)
            return None if number is None else -number
        case ast.BinOp(left=left, op=op, right=right) if type(op) in ARITHMETIC:
            return _both(ARITHMETIC[type(op)], _value(left, metrics), _value(right, metrics))
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in COMPARISONS:
            return _both(COMPARISONS[type(op)], _value(left, metrics), _value(right, metrics))
        case ast.Call(func=ast.Name(id=function), args=arguments):
            return _call(function, arguments, metrics)
        case _:
            raise ValueError(f"unknown in metric math: {ast.unparse(node)}")


def _both(compute: Callable[[float, float], float], left: Value, right: Value) -> Value:
    if left is None or right is None:
        return None
    try:
        return float(compute(left, right))
    except ZeroDivisionError:
        return None


def _call(function: str, arguments: Sequence[ast.expr], metrics: Mapping[str, Value]) -> Value:
    match function, arguments:
        case "FILL", [series, instead]:
            value = _value(series, metrics)
            return _value(instead, metrics) if value is None else value
        case "IF", [condition, true, false]:
            chosen = _value(condition, metrics)
            return None if chosen is None else _value(true if chosen else false, metrics)
        case _, [ast.List(elts=elements)] if function in OF_SEVERAL:
            values = [value for element in elements if (value := _value(element, metrics)) is not None]
            return OF_SEVERAL[function](values) if values else None
        case _:
            raise ValueError(f"unknown in metric math: {function} with {len(arguments)} arguments")
