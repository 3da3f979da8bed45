/** @file What an operation is: everything the library knows about one, in one place. */

import type { Kernels, View } from "../tensor/device.ts";
import type { DType } from "../tensor/dtype.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Shape and element type of a result. */
export interface Meta {
  /** Sizes of the dimensions. */
  readonly shape: Shape;
  /** Element type. */
  readonly dtype: DType;
}

/** One value per input name; null only for optional inputs (`O`). */
export type Named<N extends string, O extends string, T> =
  & { readonly [K in Exclude<N, O>]: T }
  & { readonly [K in O]: T | null };

/** What `vjp` may read: a saved optional input can be null. */
export type Saved<S extends string, O extends string> =
  & { readonly [K in Exclude<S, O>]: Tensor }
  & { readonly [K in Extract<S, O>]: Tensor | null };

/** Where a view of an input lies in that input's storage. */
export interface ViewGeometry {
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly offset: number;
}

/** Attributes of an ONNX node: numbers (written as FLOAT), integers, strings, and lists of them. */
export interface OnnxAttributes {
  readonly [name: string]: { readonly int: number } | { readonly ints: readonly number[] } | { readonly float: number };
}

/** How an operation is written as an ONNX node. */
export interface OnnxRule<P> {
  /** ONNX's operator, for example `"Conv"`. */
  readonly type: string;
  /** First opset in which this form exists. */
  readonly since: number;
  readonly attributes?: (p: P, inputShapes: readonly (Shape | null)[]) => OnnxAttributes;
  /** int64 tensors that follow the inputs, such as Reshape's shape. */
  readonly constants?: (
    p: P,
    inputShapes: readonly (Shape | null)[],
    outputShape: Shape,
  ) => readonly (readonly number[])[];
  /** The inputs that are written, by position, when not all of them in their order. */
  readonly inputs?: readonly number[];
}

/** From which the tests of an operation are generated. */
export interface Samples<P> {
  /** Shapes of the inputs, in their order; null leaves an optional input out. */
  readonly shapes: readonly (readonly (Shape | null)[])[];
  /** Range that the elements are drawn from. */
  readonly domain: readonly [number, number];
  /** Places where the function is not smooth; gradients are checked away from them. */
  readonly kinks?: readonly number[];
  readonly params: readonly P[];
  /** Inputs that hold class numbers or indices: drawn as integers in `[0, value)`. */
  readonly integers?: { readonly [input: string]: number };
}

/**
 * An operation. `N` names its inputs, `O` those that may be null, `S` what its gradient reads, `P` is its parameters.
 *
 * A definition has either `forward`, which fills fresh tensors, or `view`, which shows an input's elements differently.
 */
export interface OpDef<N extends string, O extends N, S extends N | "out" | "aux", P> {
  /** PyTorch's name: used in errors, traces and golden files. */
  readonly name: string;
  /** Tensor arguments in call order. */
  readonly inputs: readonly N[];
  readonly optional?: readonly O[];
  /** All that `vjp` may read; nothing else is kept alive. `out` and `aux` are the first and the second result. */
  readonly save: readonly S[];
  /** Checks the arguments and tells the results' shapes; sees no elements. A list for several results. */
  infer(x: Named<N, O, View>, p: P): Meta | readonly Meta[];
  /** The same code for all devices. `outs` are all results, `out` the first. */
  forward?(k: Kernels, x: Named<N, O, View>, out: View, p: P, outs: readonly View[]): void;
  view?(x: Named<N, O, View>, p: P): ViewGeometry;
  /** True when the second result is never shown to users, so that backward may free it. */
  readonly ownsAux?: boolean;
  /**
   * Gradients of the inputs from `g`, the gradient of the first result. Written with operations, so that it can be
   * differentiated again. `needs` tells which are wanted; others may be left out. Null: not differentiable.
   */
  readonly vjp:
    | null
    | ((
      g: Tensor,
      saved: Saved<S, O>,
      p: P,
      needs: { readonly [K in N]: boolean },
    ) => { readonly [K in N]?: Tensor | null });
  /** Null: has no ONNX form of its own. */
  readonly onnx: null | OnnxRule<P>;
  /** Null: tested by hand. */
  readonly samples: null | Samples<P>;
}

// deno-lint-ignore no-explicit-any
type Anything = any;

/** An operation of any kind, as lists and recorders hold it. */
export interface AnyOp {
  readonly name: string;
  readonly inputs: readonly string[];
  readonly optional?: readonly string[];
  readonly save: readonly string[];
  infer(x: Anything, p: Anything): Meta | readonly Meta[];
  forward?(k: Kernels, x: Anything, out: View, p: Anything, outs: readonly View[]): void;
  view?(x: Anything, p: Anything): ViewGeometry;
  readonly ownsAux?: boolean;
  readonly vjp: null | ((g: Tensor, saved: Anything, p: Anything, needs: Anything) => AnyGradients);
  readonly onnx: null | OnnxRule<Anything>;
  readonly samples: null | Samples<Anything>;
}

type AnyGradients = { readonly [input: string]: Tensor | null | undefined };

/** Infers the type parameters of a definition; registers nothing. */
export function defineOp<N extends string, S extends N | "out" | "aux", P, O extends N = never>(
  def: OpDef<N, O, S, P>,
): OpDef<N, O, S, P> {
  return Object.freeze(def);
}
