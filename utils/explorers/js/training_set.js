/**
 * The images of a training: read from their file, with the labels, the order and the changes
 * that the settings ask for. No DOM.
 */

import { opened } from "./course_file.js";
import { shuffled } from "./random.js";

const SHIFT = 2; // pixels, the most that augmentation moves an image
const LEVELS = 15; // the largest of the gray levels in a file
const PEEKED = 500; // of the images to judge by, that are trained on when somebody peeks

/**
 * Read a file of images: utils/explorers/training_images.py says how it is written.
 * @param {Uint8Array} bytes
 * @returns {Promise<{ name: string, classes: string[], shape: number[], train: number,
 *   test: number, labels: Uint8Array, pixels: Uint8Array }>}  pixels of 0 … 15
 */
export async function readImages(bytes) {
  const { header, payload } = opened(bytes, "file of images", "Load it again.");
  const stream = new Blob([payload]).stream().pipeThrough(new DecompressionStream("deflate"));
  const content = new Uint8Array(await new Response(stream).arrayBuffer());
  const { train, test, shape } = header;
  const size = shape[0] * shape[1];
  const count = train + test;
  if (content.length !== count + (count * size) / 2) throw new Error("The images are incomplete.");
  const pixels = new Uint8Array(count * size);
  for (let i = 0; i < pixels.length; i += 2) {
    const both = content[count + i / 2];
    pixels[i] = both >> 4;
    pixels[i + 1] = both & 15;
  }
  return { ...header, labels: content.slice(0, count), pixels };
}

/** Other labels for a share of the images. */
function withWrongLabels(labels, chosen, share, classes, random) {
  const changed = labels.slice();
  const wrong = Math.round(share * chosen.length);
  for (const index of chosen.slice(0, wrong)) {
    changed[index] = (labels[index] + 1 + Math.floor(random() * (classes - 1))) % classes;
  }
  return changed;
}

/** What a training takes its batches from. */
export class TrainingSet {
  /**
   * @param {object} images  from `readImages`
   * @param {object} settings
   * @param {() => number} random
   */
  constructor(images, settings, random) {
    const { train, test, shape, classes } = images;
    Object.assign(this, { images, random, augment: settings.augment });
    [this.rows, this.columns] = shape;
    this.size = this.rows * this.columns;
    this.order = settings.shuffled ? shuffled(this.size, random) : null;
    const chosen = shuffled(train, random).slice(0, settings.images);
    const judged = Int32Array.from({ length: test }, (_, i) => train + i);
    this.peeked = settings.peek ? judged.slice(0, PEEKED) : null;
    this.test = settings.peek ? judged.slice(PEEKED) : judged;
    this.labels = withWrongLabels(images.labels, chosen, settings.wrong, classes.length, random);
    this.train = settings.peek ? Int32Array.from([...chosen, ...this.peeked]) : chosen;
    this.batchOrder = [];
  }

  /** Numbers of images for the next batch; each epoch has a new order. */
  next(count) {
    if (this.batchOrder.length === 0) {
      this.batchOrder = Array.from(shuffled(this.train.length, this.random), (i) => this.train[i]);
    }
    return this.batchOrder.splice(0, count);
  }

  /** An image's values, 0 … 1, as the network gets them. */
  write(target, at, index, [down, right] = [0, 0]) {
    const { rows, columns, size, order } = this;
    const { pixels } = this.images;
    const start = index * size;
    for (let place = 0; place < size; place++) {
      const source = order ? order[place] : place;
      const y = Math.floor(source / columns) - down;
      const x = (source % columns) - right;
      const isThere = y >= 0 && y < rows && x >= 0 && x < columns;
      target[at + place] = isThere ? pixels[start + y * columns + x] / LEVELS : 0;
    }
  }

  /** Write images into a batch; in training they may be moved. */
  fill(target, indices, isTraining) {
    const move = () => Math.floor(this.random() * (2 * SHIFT + 1)) - SHIFT;
    indices.forEach((index, i) => {
      const moved = isTraining && this.augment ? [move(), move()] : undefined;
      this.write(target, i * this.size, index, moved);
    });
  }

  /** A reader's drawing, values of 0 … 255, as the network gets it. */
  fromDrawing(pixels) {
    return Float32Array.from({ length: this.size }, (_, place) => {
      return pixels[this.order ? this.order[place] : place] / 255;
    });
  }
}
