/** @file Datasets and the loader that makes batches of them. */

export { CIFAR10, parseCifar10 } from "./cifar.ts";
export { type Batch, DataLoader, type DataLoaderOptions } from "./dataloader.ts";
export { type Dataset, ImageDataset, type ImageDatasetOptions } from "./dataset.ts";
export { digits, type DigitsOptions } from "./digits.ts";
export { type IdxArray, MNIST, parseIdx, type SplitOptions } from "./idx.ts";
export { type ShowOptions, showPgm, showSvg, showText } from "./show.ts";
export { random_split, type RandomSplitOptions, Subset } from "./subset.ts";
