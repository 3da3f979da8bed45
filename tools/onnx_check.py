"""Checks ONNX files, named as arguments, with onnx.checker; says so and succeeds where Python's onnx is not installed."""

import sys

try:
    from onnx import checker, load, shape_inference
except ImportError:
    print("onnx.checker: not installed, nothing was checked")
    sys.exit(0)

for path in sys.argv[1:]:
    model = load(path)
    checker.check_model(model, full_check=True)
    shape_inference.infer_shapes(model, strict_mode=True)
    print(f"onnx.checker: {path.rsplit('/', 1)[-1]} is valid")
