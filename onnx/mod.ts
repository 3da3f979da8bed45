/**
 * Writing models as ONNX files.
 *
 * @module
 */

export { type Exportable, exportModel as export, toModel } from "./export.ts";
export type { DynamicAxes, ExportOptions } from "./options.ts";
export type { GraphMessage, ModelMessage, NodeMessage, TensorMessage, ValueInfoMessage } from "./proto.ts";
export { decodeModel, encodeModel } from "./proto.ts";
