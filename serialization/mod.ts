/**
 * Reading and writing tensors in files.
 *
 * @module
 */

export { writeFileAtomic } from "./atomic_write.ts";
export {
  loadSafetensors,
  parseSafetensors,
  type SafetensorsFile,
  saveSafetensors,
  type Tensors,
} from "./safetensors.ts";
