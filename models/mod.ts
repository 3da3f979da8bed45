/**
 * Networks: classes, and beside each a function that makes one.
 *
 * @module
 */

export { LeNet, lenet, type LeNetOptions } from "./lenet.ts";
export { MLP, mlp, type MLPOptions } from "./mlp.ts";
