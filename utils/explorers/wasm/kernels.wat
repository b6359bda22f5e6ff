;; The heavy loops of the networks that run in a page, on the 128-bit SIMD of WebAssembly.
;;
;; All arrays are float32, channels last. Addresses are bytes in the memory that the page
;; gives. `tools/wasm.py` compiles this file, once as it is and once with MADD as the fused
;; multiply–add of relaxed SIMD: (MADD x w sum) is sum + x · w.
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
)
