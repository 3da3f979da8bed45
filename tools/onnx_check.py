"""Checks ONNX files, named as arguments, with onnx.checker; exits with 3 where this Python has no onnx."""

import sys

try:
    from onnx import checker, load, shape_inference
except ImportError:
    sys.exit(3)

for path in sys.argv[1:]:
    model = load(path)
    checker.check_model(model, full_check=True)
    shape_inference.infer_shapes(model, strict_mode=True)
    print(f"onnx.checker: {path.rsplit('/', 1)[-1]} is valid")
