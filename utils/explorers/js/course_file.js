/**
 * The frame of the course's files, of networks and of images: what utils/explorers/network_file.py
 * says. A file may come from anywhere; an Error has a sentence for readers.
 */

const MAGIC = "CNNCOURSE";
const VERSION = 1;
const START = 24; // bytes before the header

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** The CRC-32 checksum, as zlib computes it. */
export function crc32(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = (value >>> 8) ^ TABLE[(value ^ byte) & 255];
  return ~value >>> 0;
}

/**
 * The header and the payload of a file, once its frame is known to be whole.
 * @param {Uint8Array} bytes
 * @param {string} kind  what it has to be
 * @param {string} help  how to get one
 */
export function opened(bytes, kind, help) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = String.fromCharCode(...bytes.subarray(0, MAGIC.length));
  if (magic !== MAGIC || bytes.length < START) throw new Error(`This is not a ${kind}. ${help}`);
  const version = view.getUint8(MAGIC.length);
  if (version !== VERSION) {
    throw new Error(
      `The file has the form ${version}, and this page reads the form ${VERSION}. Write it with ` +
        "the course's present version.",
    );
  }
  const [length, headerLength, checksum] = [12, 16, 20].map((at) => view.getUint32(at, true));
  if (length !== bytes.length) {
    throw new Error(`The file has ${bytes.length} bytes, and should have ${length}: it is cut off.`);
  }
  if (crc32(bytes.subarray(START)) !== checksum) {
    throw new Error("The file is damaged: its checksum is wrong. Fetch or write it again.");
  }
  const payload = START + headerLength;
  if (payload > length) throw new Error("The file is damaged: its header does not fit into it.");
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(START, payload)));
  return { header, payload: bytes.subarray(payload) };
}

/**
 * A file of a header and float32 arrays.
 * @param {(store: (values: Float32Array, shape: number[]) => object) => object} describe  makes
 *   the header; `store` puts an array into the file, and returns what the header says of it
 * @returns {Uint8Array}
 */
export function framed(describe) {
  const arrays = [];
  let at = 0;
  const header = describe((values, shape) => {
    const place = at;
    arrays.push([place, values.slice()]);
    at += 4 * values.length;
    return { shape: [...shape], dtype: "float32", at: place };
  });
  const text = new TextEncoder().encode(JSON.stringify(header));
  const headerLength = Math.ceil(text.length / 4) * 4;
  const bytes = new Uint8Array(START + headerLength + at);
  bytes.set([...MAGIC].map((letter) => letter.charCodeAt(0)));
  bytes[MAGIC.length] = VERSION;
  bytes.fill(32, START, START + headerLength);
  bytes.set(text, START);
  const payload = START + headerLength;
  for (const [place, values] of arrays) bytes.set(new Uint8Array(values.buffer), payload + place);
  const view = new DataView(bytes.buffer);
  view.setUint32(12, bytes.length, true);
  view.setUint32(16, headerLength, true);
  view.setUint32(20, crc32(bytes.subarray(START)), true);
  return bytes;
}
