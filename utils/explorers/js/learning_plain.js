/**
 * The heavy loops of a network that learns, in plain JavaScript: what wasm/learning.wat says,
 * with the same arguments, for browsers without WebAssembly SIMD.
 */

/** Windows with weights that slide over a map: the forward pass, and the gradient of the input. */
function windowLoops(buffer) {
  const floats = new Float32Array(buffer);
  const whole = new Int32Array(buffer);

  // The weights of four filters, as the doubles in which JavaScript computes.
  const doubles = new Float64Array(floats.length >> 1);

  function asDoubles(weights, inputs) {
    for (let input = 0, to = 0; input < inputs; input++) {
      const from = weights + 8 * input;
      for (let filter = 0; filter < 4; filter++, to++) doubles[to] = floats[from + filter];
    }
  }

  /** Four filters at two places: eight sums that do not wait for each other. */
  function fourFilters(left, right, bias, lines, run, jump, floor, to, next) {
    let l0 = floats[bias];
    let l1 = floats[bias + 1];
    let l2 = floats[bias + 2];
    let l3 = floats[bias + 3];
    let r0 = l0;
    let r1 = l1;
    let r2 = l2;
    let r3 = l3;
    let a = left;
    let b = right;
    let w = 0;
    for (let line = 0; line < lines; line++, a += jump, b += jump) {
      for (const end = a + run; a < end; a++, b++, w += 4) {
        const x = floats[a];
        const y = floats[b];
        const w0 = doubles[w];
        const w1 = doubles[w + 1];
        const w2 = doubles[w + 2];
        const w3 = doubles[w + 3];
        l0 += x * w0;
        r0 += y * w0;
        l1 += x * w1;
        r1 += y * w1;
        l2 += x * w2;
        r2 += y * w2;
        l3 += x * w3;
        r3 += y * w3;
      }
    }
    // Not Math.max, which would let NaN pass as WebAssembly does, but slowly.
    floats[to] = l0 < floor ? floor : l0;
    floats[to + 1] = l1 < floor ? floor : l1;
    floats[to + 2] = l2 < floor ? floor : l2;
    floats[to + 3] = l3 < floor ? floor : l3;
    floats[next] = r0 < floor ? floor : r0;
    floats[next + 1] = r1 < floor ? floor : r1;
    floats[next + 2] = r2 < floor ? floor : r2;
    floats[next + 3] = r3 < floor ? floor : r3;
  }

  function windows(starts, places, map, weights, bias, output, blocks, lines, run, pitch, floor) {
    const wide = 8 * blocks;
    const [length, jump, size] = [run >> 2, (pitch - run) >> 2, lines * run * 2];
    for (let block = 0; block < blocks; block++) {
      for (let half = 0; half < 8; half += 4) {
        asDoubles((weights >> 2) + block * size + half, size >> 3);
        const offset = (bias >> 2) + 8 * block + half;
        for (let place = 0; place < places; place += 2) {
          const left = (map + whole[(starts >> 2) + place]) >> 2;
          const right = (map + whole[(starts >> 2) + place + 1]) >> 2;
          const to = (output >> 2) + place * wide + 8 * block + half;
          fourFilters(left, right, offset, lines, length, jump, floor, to, to + wide);
        }
      }
    }
  }

  return { windows };
}

/** Sums over all places of a map: the gradients of weights and biases. */
function gradientLoops(buffer) {
  const floats = new Float32Array(buffer);
  const whole = new Int32Array(buffer);

  /** Two weights and four filters: eight sums over all places of a map. */
  function twoWeights(map, first, second, gradient, to, plan) {
    const { rows, columns, down, right, wide } = plan;
    const next = to + wide;
    let [a0, a1, a2, a3] = [floats[to], floats[to + 1], floats[to + 2], floats[to + 3]];
    let [b0, b1, b2, b3] = [floats[next], floats[next + 1], floats[next + 2], floats[next + 3]];
    let g = gradient;
    for (let row = 0; row < rows; row++) {
      let a = map + row * down + first;
      let b = map + row * down + second;
      for (let column = 0; column < columns; column++, a += right, b += right, g += wide) {
        const x = floats[a];
        const y = floats[b];
        const g0 = floats[g];
        const g1 = floats[g + 1];
        const g2 = floats[g + 2];
        const g3 = floats[g + 3];
        a0 += x * g0;
        a1 += x * g1;
        a2 += x * g2;
        a3 += x * g3;
        b0 += y * g0;
        b1 += y * g1;
        b2 += y * g2;
        b3 += y * g3;
      }
    }
    floats.set([a0, a1, a2, a3], to);
    floats.set([b0, b1, b2, b3], next);
  }

  function weightGradients(
    offsets, groups, map, gradient, result, blocks, rows, columns, down, right,
  ) {
    const wide = 8 * blocks;
    const plan = { rows, columns, down: down >> 2, right: right >> 2, wide };
    for (let weight = 0; weight < 4 * groups; weight += 2) {
      const first = whole[(offsets >> 2) + weight] >> 2;
      const second = whole[(offsets >> 2) + weight + 1] >> 2;
      for (let filter = 0; filter < wide; filter += 4) {
        const to = (result >> 2) + weight * wide + filter;
        twoWeights(map >> 2, first, second, (gradient >> 2) + filter, to, plan);
      }
    }
  }

  function channelSums(values, places, blocks, result) {
    const wide = 8 * blocks;
    for (let channel = 0; channel < wide; channel++) {
      let sum = 0;
      const end = (values >> 2) + places * wide;
      for (let at = (values >> 2) + channel; at < end; at += wide) sum += floats[at];
      floats[(result >> 2) + channel] = sum;
    }
  }

  return { weightGradients, channelSums };
}

/** ReLU and pooling, value by value. */
function valueLoops(buffer) {
  const floats = new Float32Array(buffer);
  const whole = new Int32Array(buffer);

  function reluGradient(output, gradient, count) {
    for (let i = 0, from = output >> 2, to = gradient >> 2; i < count; i++) {
      if (!(floats[from + i] > 0)) floats[to + i] = 0;
    }
  }

  function maxPool(map, cells, places, size, channels, output, winners) {
    let to = output >> 2;
    let mark = winners >> 2;
    for (let place = 0; place < places; place++) {
      const first = (cells >> 2) + place * size;
      for (let channel = 0; channel < 4 * channels; channel += 4, to++, mark++) {
        let where = whole[first] + channel;
        let best = floats[(map + where) >> 2];
        for (let cell = first + 1; cell < first + size; cell++) {
          const at = whole[cell] + channel;
          const value = floats[(map + at) >> 2];
          if (value > best) {
            best = value;
            where = at;
          }
        }
        floats[to] = best;
        whole[mark] = where;
      }
    }
  }

  function maxPoolGradient(winners, gradient, count, map) {
    for (let i = 0; i < count; i++) {
      floats[(map + whole[(winners >> 2) + i]) >> 2] += floats[(gradient >> 2) + i];
    }
  }

  return { reluGradient, maxPool, maxPoolGradient };
}

/**
 * All loops, by their names in learning_memory.js.
 * @param {ArrayBuffer} buffer  the memory that the addresses, in bytes, are in
 */
export function plainLoops(buffer) {
  return { ...windowLoops(buffer), ...gradientLoops(buffer), ...valueLoops(buffer) };
}
