/**
 * From a photo to what a network was trained on, step by step: crop, gray, invert, center,
 * reduce; for a network that takes color, crop and reduce. The photo stays in this browser.
 */

const LARGEST = 40e6; // bytes of a file
const LARGEST_SIDE = 1600; // pixels that are kept of a photo, enough for a third of it as a crop
const SIDE = 280; // pixels in which the steps are done; a multiple of what the network takes
const KINDS = ["image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp", "image/avif"];

/**
 * Read a picture from a file.
 * @param {Blob} file
 * @returns {Promise<ImageBitmap>} an Error says in words why it cannot be read
 */
export async function readPhoto(file) {
  if (!file || !KINDS.includes(file.type)) {
    throw new Error("This is not a photo that can be read: take a PNG, JPEG or WebP file.");
  }
  if (file.size > LARGEST) {
    throw new Error(`The file has ${Math.round(file.size / 1e6)} MB; up to 40 MB are possible.`);
  }
  try {
    return await reducedBitmap(file);
  } catch {
    throw new Error("The browser cannot read this picture: it is damaged, or too large.");
  }
}

/** A photo, reduced where it is large: browsers do this beside the page, which stays free. */
async function reducedBitmap(file) {
  const whole = await createImageBitmap(file);
  const { width, height } = whole;
  const scale = LARGEST_SIDE / Math.max(width, height);
  if (scale >= 1) return whole;
  whole.close();
  const [resizeWidth, resizeHeight] = [width, height].map((side) => Math.max(1, Math.round(side * scale)));
  return createImageBitmap(file, { resizeWidth, resizeHeight, resizeQuality: "medium" });
}

/** A canvas of SIDE × SIDE pixels. */
function square(side = SIDE) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  return canvas;
}

/** The middle of a photo as a square; `zoom` 1 is the largest square, 2 half of its side. */
function cropped(photo, zoom) {
  const side = Math.min(photo.width, photo.height) / zoom;
  const canvas = square();
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "#fff"; // where the photo is transparent
  context.fillRect(0, 0, SIDE, SIDE);
  context.imageSmoothingQuality = "high";
  const [left, top] = [(photo.width - side) / 2, (photo.height - side) / 2];
  context.drawImage(photo, left, top, side, side, 0, 0, SIDE, SIDE);
  return canvas;
}

/** Gray of red, green and blue, as the eye weighs them. */
export const luminance = (red, green, blue) => 0.299 * red + 0.587 * green + 0.114 * blue;

/** Gray levels of a canvas, 0 … 255. */
function grayOf(canvas) {
  const { data } = canvas.getContext("2d").getImageData(0, 0, SIDE, SIDE);
  const gray = new Float32Array(SIDE * SIDE);
  for (let i = 0; i < gray.length; i += 1) {
    gray[i] = luminance(data[4 * i], data[4 * i + 1], data[4 * i + 2]);
  }
  return gray;
}

/** The median of the outermost pixels: what the background mostly is. */
function border(gray) {
  const edge = [];
  for (let i = 0; i < SIDE; i += 1) {
    edge.push(gray[i], gray[(SIDE - 1) * SIDE + i], gray[i * SIDE], gray[i * SIDE + SIDE - 1]);
  }
  return edge.sort((a, b) => a - b)[edge.length >> 1];
}

/** Stretch what differs from the background to 0 … 255, with a black background. */
function contrasted(gray, isInverted) {
  const background = border(gray);
  const differences = gray.map((value) => (isInverted ? background - value : value - background));
  const most = differences.reduce((a, b) => Math.max(a, b), 1);
  return differences.map((value) => {
    const level = (255 * value) / most;
    return level < 25 ? 0 : Math.min(255, level); // shadows and the grain of the picture
  });
}

/** First and last row and column that hold more than the faintest gray. */
function bounds(gray) {
  const box = { top: SIDE, left: SIDE, bottom: -1, right: -1 };
  gray.forEach((value, i) => {
    if (value < 50) return;
    const [row, column] = [Math.floor(i / SIDE), i % SIDE];
    box.top = Math.min(box.top, row);
    box.bottom = Math.max(box.bottom, row);
    box.left = Math.min(box.left, column);
    box.right = Math.max(box.right, column);
  });
  return box.bottom < 0 ? { top: 0, left: 0, bottom: SIDE - 1, right: SIDE - 1 } : box;
}

/** The thing in the middle, `share` of the square high or wide. */
function centered(gray, share) {
  const { top, left, bottom, right } = bounds(gray);
  const side = Math.max(bottom - top + 1, right - left + 1) / share;
  const [middleY, middleX] = [(top + bottom + 1) / 2, (left + right + 1) / 2];
  const values = new Float32Array(SIDE * SIDE);
  for (let row = 0; row < SIDE; row += 1) {
    for (let column = 0; column < SIDE; column += 1) {
      const y = Math.floor(middleY + ((row + 0.5) / SIDE - 0.5) * side);
      const x = Math.floor(middleX + ((column + 0.5) / SIDE - 0.5) * side);
      const isThere = y >= 0 && y < SIDE && x >= 0 && x < SIDE;
      values[row * SIDE + column] = isThere ? gray[y * SIDE + x] : 0;
    }
  }
  return values;
}

/** Means over rectangles of pixels. */
function reduced(values, [rows, columns, channels]) {
  const [high, wide] = [SIDE / rows, SIDE / columns];
  const means = new Uint8Array(rows * columns * channels);
  for (let i = 0; i < means.length; i += 1) {
    const place = Math.floor(i / channels);
    const [row, column] = [Math.floor(place / columns), place % columns];
    let [sum, count] = [0, 0];
    for (let y = Math.floor(row * high); y < Math.floor((row + 1) * high); y += 1) {
      for (let x = Math.floor(column * wide); x < Math.floor((column + 1) * wide); x += 1) {
        sum += values[(y * SIDE + x) * channels + (i % channels)];
        count += 1;
      }
    }
    means[i] = Math.round(sum / count);
  }
  return means;
}

/** Whether a photo is brighter at its border than within: then the thing is dark. */
export function isBright(photo, zoom) {
  const gray = grayOf(cropped(photo, zoom));
  const mean = gray.reduce((sum, value) => sum + value, 0) / gray.length;
  return border(gray) > mean;
}

/** Red, green and blue of a canvas. */
function colorsOf(canvas) {
  const { data } = canvas.getContext("2d").getImageData(0, 0, SIDE, SIDE);
  return data.filter((_, i) => i % 4 < 3);
}

/**
 * All steps.
 * @param {ImageBitmap} photo
 * @param {{zoom: number, invert: boolean, size: number[], share: number}} options  `size` is
 *   that of the network's input, [rows, columns, 1 or 3]; `share` is how much of the square the
 *   thing fills
 * @returns {{ steps: [string, { shape: number[], data: ArrayLike<number> }][], pixels: Uint8Array }}
 *   each step's name and picture; the last one's pixels
 */
export function photoSteps(photo, { zoom, invert, size, share }) {
  const canvas = cropped(photo, zoom);
  const color = colorsOf(canvas);
  const crop = ["1 Crop", { shape: [SIDE, SIDE, 3], data: color }];
  const last = (number, values) => {
    const pixels = reduced(values, size);
    const name = `${number} Reduce to ${size[0]} × ${size[1]}`;
    return { pixels, step: [name, { shape: size, data: pixels }] };
  };
  if (size[2] === 3) {
    const { pixels, step } = last(2, color);
    return { steps: [crop, step], pixels };
  }
  const gray = grayOf(canvas);
  const light = contrasted(gray, invert);
  const middle = centered(light, share);
  const { pixels, step } = last(5, middle);
  const shape = [SIDE, SIDE, 1];
  const steps = [
    crop,
    ["2 Gray", { shape, data: gray }],
    [invert ? "3 Invert" : "3 Darken the background", { shape, data: light }],
    ["4 Center", { shape, data: middle }],
    step,
  ];
  return { steps, pixels };
}
