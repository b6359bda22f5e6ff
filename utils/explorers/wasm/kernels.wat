;; The heavy loops of the networks that run in a page, on the 128-bit SIMD of WebAssembly.
;;
;; All arrays are float32, channels last. Addresses are bytes in the memory that the page
;; gives. `tools/wasm.py` compiles this file, once as it is and once with MADD as the fused
;; multiply–add of relaxed SIMD: (MADD x w sum) is sum + x · w.
;;
;; `tiles_in` and `tiles_out` are Winograd's transforms for 3 × 3 filters (js/winograd.js says
;; how); between them `windows` multiplies.
;;
;; `windows` slides filters over a padded map, 16 filters at two places at a time: of each
;; value 16 products are made, and of each weight two. 8 sums, 4 weights and 2 values fit into
;; the 16 registers of a processor. A dense layer is a window as large as its input.
(module
  (import "page" "memory" (memory 1))

  ;; starts   address of int32, for each place the byte in the map where its window begins,
  ;;          an even number of them
  ;; map      address of the padded map
  ;; weights  address of [blocks][lines][run][16]: 16 filters side by side
  ;; bias     address of [blocks][16]
  ;; output   address of [places][blocks · 16]
  ;; lines, run, pitch   a window has so many lines of `run` bytes, each `pitch` bytes after
  ;;          the one before it
  ;; floor    the smallest value that goes out: 0 for ReLU, else −∞
  (func (export "windows")
    (param $starts i32) (param $places i32) (param $map i32) (param $weights i32)
    (param $bias i32) (param $output i32) (param $blocks i32) (param $lines i32)
    (param $run i32) (param $pitch i32) (param $floor f32)
    (local $block i32) (local $place i32) (local $line i32) (local $end i32)
    (local $a i32) (local $b i32) (local $left i32) (local $right i32) (local $w i32)
    (local $to i32) (local $row i32) (local $size i32)
    (local $x v128) (local $y v128) (local $low v128)
    (local $w0 v128) (local $w1 v128) (local $w2 v128) (local $w3 v128)
    (local $x0 v128) (local $x1 v128) (local $x2 v128) (local $x3 v128)
    (local $y0 v128) (local $y1 v128) (local $y2 v128) (local $y3 v128)
    (local.set $low (f32x4.splat (local.get $floor)))
    (local.set $row (i32.shl (local.get $blocks) (i32.const 6)))
    ;; a block's weights, in bytes: lines · run · 16
    (local.set $size (i32.shl (i32.mul (local.get $lines) (local.get $run)) (i32.const 4)))
    (loop $blocks_left
      (local.set $place (i32.const 0))
      (local.set $to (i32.add (local.get $output) (i32.shl (local.get $block) (i32.const 6))))
      (loop $places_left
        (local.set $x0 (v128.load (local.get $bias)))
        (local.set $x1 (v128.load offset=16 (local.get $bias)))
        (local.set $x2 (v128.load offset=32 (local.get $bias)))
        (local.set $x3 (v128.load offset=48 (local.get $bias)))
        (local.set $y0 (local.get $x0))
        (local.set $y1 (local.get $x1))
        (local.set $y2 (local.get $x2))
        (local.set $y3 (local.get $x3))
        (local.set $a (i32.add (local.get $starts) (i32.shl (local.get $place) (i32.const 2))))
        (local.set $left (i32.add (local.get $map) (i32.load (local.get $a))))
        (local.set $right (i32.add (local.get $map) (i32.load offset=4 (local.get $a))))
        (local.set $w (local.get $weights))
        (local.set $line (local.get $lines))
        (loop $lines_left
          (local.set $a (local.get $left))
          (local.set $b (local.get $right))
          (local.set $end (i32.add (local.get $a) (local.get $run)))
          (loop $values_left
            (local.set $w0 (v128.load (local.get $w)))
            (local.set $w1 (v128.load offset=16 (local.get $w)))
            (local.set $w2 (v128.load offset=32 (local.get $w)))
            (local.set $w3 (v128.load offset=48 (local.get $w)))
            (local.set $x (v128.load32_splat (local.get $a)))
            (local.set $y (v128.load32_splat (local.get $b)))
            (local.set $x0 (MADD (local.get $x) (local.get $w0) (local.get $x0)))
            (local.set $x1 (MADD (local.get $x) (local.get $w1) (local.get $x1)))
            (local.set $x2 (MADD (local.get $x) (local.get $w2) (local.get $x2)))
            (local.set $x3 (MADD (local.get $x) (local.get $w3) (local.get $x3)))
            (local.set $y0 (MADD (local.get $y) (local.get $w0) (local.get $y0)))
            (local.set $y1 (MADD (local.get $y) (local.get $w1) (local.get $y1)))
            (local.set $y2 (MADD (local.get $y) (local.get $w2) (local.get $y2)))
            (local.set $y3 (MADD (local.get $y) (local.get $w3) (local.get $y3)))
            (local.set $w (i32.add (local.get $w) (i32.const 64)))
            (local.set $b (i32.add (local.get $b) (i32.const 4)))
            (br_if $values_left
              (i32.ne (local.tee $a (i32.add (local.get $a) (i32.const 4))) (local.get $end))))
          (local.set $left (i32.add (local.get $left) (local.get $pitch)))
          (local.set $right (i32.add (local.get $right) (local.get $pitch)))
          (br_if $lines_left
            (local.tee $line (i32.sub (local.get $line) (i32.const 1)))))
        (v128.store (local.get $to) (f32x4.max (local.get $x0) (local.get $low)))
        (v128.store offset=16 (local.get $to) (f32x4.max (local.get $x1) (local.get $low)))
        (v128.store offset=32 (local.get $to) (f32x4.max (local.get $x2) (local.get $low)))
        (v128.store offset=48 (local.get $to) (f32x4.max (local.get $x3) (local.get $low)))
        (local.set $to (i32.add (local.get $to) (local.get $row)))
        (v128.store (local.get $to) (f32x4.max (local.get $y0) (local.get $low)))
        (v128.store offset=16 (local.get $to) (f32x4.max (local.get $y1) (local.get $low)))
        (v128.store offset=32 (local.get $to) (f32x4.max (local.get $y2) (local.get $low)))
        (v128.store offset=48 (local.get $to) (f32x4.max (local.get $y3) (local.get $low)))
        (local.set $to (i32.add (local.get $to) (local.get $row)))
        (br_if $places_left
          (i32.lt_u (local.tee $place (i32.add (local.get $place) (i32.const 2)))
                    (local.get $places))))
      (local.set $bias (i32.add (local.get $bias) (i32.const 64)))
      (local.set $weights (i32.add (local.get $weights) (local.get $size)))
      (br_if $blocks_left
        (i32.lt_u (local.tee $block (i32.add (local.get $block) (i32.const 1)))
                  (local.get $blocks)))))

  ;; From four rows of values, `step` bytes apart, to four rows, `stride` bytes apart: a − c,
  ;; b + c, c − b, b − d. Rows of `count` bytes.
  (func $in (param $from i32) (param $step i32) (param $to i32) (param $stride i32)
    (param $count i32)
    (local $end i32) (local $at i32)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local.set $end (i32.add (local.get $from) (local.get $count)))
    (loop $values_left
      (local.set $a (v128.load (local.get $from)))
      (local.set $b (v128.load (local.tee $at (i32.add (local.get $from) (local.get $step)))))
      (local.set $c (v128.load (local.tee $at (i32.add (local.get $at) (local.get $step)))))
      (local.set $d (v128.load (i32.add (local.get $at) (local.get $step))))
      (v128.store (local.get $to) (f32x4.sub (local.get $a) (local.get $c)))
      (v128.store (local.tee $at (i32.add (local.get $to) (local.get $stride)))
        (f32x4.add (local.get $b) (local.get $c)))
      (v128.store (local.tee $at (i32.add (local.get $at) (local.get $stride)))
        (f32x4.sub (local.get $c) (local.get $b)))
      (v128.store (i32.add (local.get $at) (local.get $stride))
        (f32x4.sub (local.get $b) (local.get $d)))
      (local.set $to (i32.add (local.get $to) (i32.const 16)))
      (br_if $values_left
        (i32.ne (local.tee $from (i32.add (local.get $from) (i32.const 16)))
                (local.get $end)))))

  ;; From four rows of values, `step` bytes apart, to two rows, `stride` bytes apart: a + b + c,
  ;; b − c − d, each at least `floor`. Rows of `count` bytes.
  (func $out (param $from i32) (param $step i32) (param $to i32) (param $stride i32)
    (param $count i32) (param $floor f32)
    (local $end i32) (local $at i32) (local $low v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local.set $low (f32x4.splat (local.get $floor)))
    (local.set $end (i32.add (local.get $from) (local.get $count)))
    (loop $values_left
      (local.set $a (v128.load (local.get $from)))
      (local.set $b (v128.load (local.tee $at (i32.add (local.get $from) (local.get $step)))))
      (local.set $c (v128.load (local.tee $at (i32.add (local.get $at) (local.get $step)))))
      (local.set $d (v128.load (i32.add (local.get $at) (local.get $step))))
      (v128.store (local.get $to)
        (f32x4.max (local.get $low)
          (f32x4.add (local.get $a) (f32x4.add (local.get $b) (local.get $c)))))
      (v128.store (i32.add (local.get $to) (local.get $stride))
        (f32x4.max (local.get $low)
          (f32x4.sub (local.get $b) (f32x4.add (local.get $c) (local.get $d)))))
      (local.set $to (i32.add (local.get $to) (i32.const 16)))
      (br_if $values_left
        (i32.ne (local.tee $from (i32.add (local.get $from) (i32.const 16)))
                (local.get $end)))))

  ;; map      address of the padded map, lines of `pitch` bytes, places of `depth` bytes
  ;; down, across   tiles: each has 4 × 4 places, and begins 2 after the one before
  ;; scratch  address of 4 · pitch bytes, for a row of tiles that is transformed along one axis
  ;; planes   address of [16][down · across][depth]; from plane to plane `plane` bytes
  (func (export "tiles_in")
    (param $map i32) (param $pitch i32) (param $depth i32) (param $down i32)
    (param $across i32) (param $scratch i32) (param $planes i32) (param $plane i32)
    (local $row i32) (local $column i32) (local $line i32) (local $from i32) (local $to i32)
    (loop $rows_left
      (call $in (local.get $map) (local.get $pitch) (local.get $scratch) (local.get $pitch)
        (local.get $pitch))
      (local.set $line (i32.const 0))
      (loop $lines_left
        (local.set $from
          (i32.add (local.get $scratch) (i32.mul (local.get $line) (local.get $pitch))))
        (local.set $to
          (i32.add (local.get $planes)
            (i32.shl (i32.mul (local.get $line) (local.get $plane)) (i32.const 2))))
        (local.set $column (i32.const 0))
        (loop $columns_left
          (call $in (local.get $from) (local.get $depth) (local.get $to) (local.get $plane)
            (local.get $depth))
          (local.set $from
            (i32.add (local.get $from) (i32.shl (local.get $depth) (i32.const 1))))
          (local.set $to (i32.add (local.get $to) (local.get $depth)))
          (br_if $columns_left
            (i32.lt_u (local.tee $column (i32.add (local.get $column) (i32.const 1)))
                      (local.get $across))))
        (br_if $lines_left
          (i32.lt_u (local.tee $line (i32.add (local.get $line) (i32.const 1)))
                    (i32.const 4))))
      (local.set $map (i32.add (local.get $map) (i32.shl (local.get $pitch) (i32.const 1))))
      (local.set $planes
        (i32.add (local.get $planes) (i32.mul (local.get $across) (local.get $depth))))
      (br_if $rows_left
        (i32.lt_u (local.tee $row (i32.add (local.get $row) (i32.const 1)))
                  (local.get $down)))))

  ;; products address of [16][down · across][depth]; from plane to plane `plane` bytes
  ;; scratch  address of 8 · across · depth bytes
  ;; output   address of [2 · down][2 · across][depth]
  ;; floor    as in `windows`
  (func (export "tiles_out")
    (param $products i32) (param $plane i32) (param $depth i32) (param $down i32)
    (param $across i32) (param $scratch i32) (param $output i32) (param $floor f32)
    (local $row i32) (local $column i32) (local $line i32) (local $from i32) (local $long i32)
    (local.set $long (i32.mul (local.get $across) (local.get $depth)))
    (loop $rows_left
      (local.set $line (i32.const 0))
      (loop $kinds_left
        (call $out
          (i32.add (local.get $products) (i32.mul (local.get $line) (local.get $plane)))
          (i32.shl (local.get $plane) (i32.const 2))
          (i32.add (local.get $scratch) (i32.mul (local.get $line) (local.get $long)))
          (i32.shl (local.get $long) (i32.const 2))
          (local.get $long) (f32.const -inf))
        (br_if $kinds_left
          (i32.lt_u (local.tee $line (i32.add (local.get $line) (i32.const 1)))
                    (i32.const 4))))
      (local.set $line (i32.const 0))
      (loop $lines_left
        (local.set $from
          (i32.add (local.get $scratch)
            (i32.shl (i32.mul (local.get $line) (local.get $long)) (i32.const 2))))
        (local.set $column (i32.const 0))
        (loop $columns_left
          (call $out (local.get $from) (local.get $long) (local.get $output)
            (local.get $depth) (local.get $depth) (local.get $floor))
          (local.set $from (i32.add (local.get $from) (local.get $depth)))
          (local.set $output
            (i32.add (local.get $output) (i32.shl (local.get $depth) (i32.const 1))))
          (br_if $columns_left
            (i32.lt_u (local.tee $column (i32.add (local.get $column) (i32.const 1)))
                      (local.get $across))))
        (br_if $lines_left
          (i32.lt_u (local.tee $line (i32.add (local.get $line) (i32.const 1)))
                    (i32.const 2))))
      (local.set $products (i32.add (local.get $products) (local.get $long)))
      (br_if $rows_left
        (i32.lt_u (local.tee $row (i32.add (local.get $row) (i32.const 1)))
                  (local.get $down)))))
)
