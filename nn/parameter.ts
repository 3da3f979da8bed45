/** @file Parameters: the tensors of a module that an optimizer changes. */

import { formatTensor } from "../tensor/print.ts";
import { letGo, retain } from "../tensor/storage.ts";
import { Tensor } from "../tensor/tensor.ts";

/**
 * A tensor that a module owns and that is trained. Module finds its parameters by this class.
 *
 * It shares the elements of `data`, has no history, and outlives the scope it is made in.
 */
export class Parameter extends Tensor {
  /**
   * Makes a parameter that shares the elements of `data`.
   *
   * @param data initial values, any shape
   * @param requires_grad false for a frozen parameter
   * @throws GradError when a gradient is wanted for a dtype that is not floating point
   */
  constructor(data: Tensor, requires_grad = true) {
    super(data.storage, data.shape, data.strides, data.offset);
    this.requires_grad = requires_grad;
    retain(data.storage);
  }

  /**
   * Lets the parameter show other elements of the same shape, on any device and of any dtype, so that those who hold
   * the parameter, such as an optimizer, keep it. PyTorch's assignment to `.data`.
   */
  setData(data: Tensor): void {
    const before = this.storage;
    retain(data.storage);
    // the fields are read-only to all but this method
    Object.assign(this, { storage: data.storage, strides: data.strides, offset: data.offset });
    letGo(before);
  }

  /** PyTorch's text of a parameter. */
  override toString(): string {
    return `Parameter containing:\n${formatTensor(this)}`;
  }
}

for (const inspect of ["Deno.customInspect", "nodejs.util.inspect.custom"]) {
  Object.defineProperty(Parameter.prototype, Symbol.for(inspect), {
    value(this: Parameter): string {
      return this.toString();
    },
  });
}
