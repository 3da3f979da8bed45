// What the kernel module exports. Every kernel that the thread pool runs begins with the same arguments: the range
// [lo, hi) it is to do, the chunk's number, and this thread's scratch memory.
export * from "./elementwise_ops";
export * from "./fill";
export * from "./quant";
export * from "./sgd";
export * from "./gemm";
export * from "./conv";
export * from "./pool";
export * from "./reduce";
