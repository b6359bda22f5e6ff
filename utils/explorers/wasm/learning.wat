;; The heavy loops of a network that learns in a page, on the 128-bit SIMD of WebAssembly.
;;
;; All arrays are float32, channels last. Addresses and distances are bytes in the memory that
;; the page gives. `tools/wasm.py` compiles this file, once as it is and once with MADD as the
;; fused multiply–add of relaxed SIMD: (MADD x w sum) is sum + x · w.
;; js/learning_plain.js computes the same in plain JavaScript.
;;
;; Filters stand in blocks of 8; where there are fewer, the last block is filled up with zeros.
(module
  (import "page" "memory" (memory 1))

  ;; Slide filters over a padded map, 8 filters at four places at a time: of each value 8
  ;; products are made, and of each weight four. A dense layer is a window as large as its input.
  ;;
  ;; starts   address of int32, for each place the byte in the map where its window begins
  ;; places   how many, a multiple of 4
  ;; map      address of the padded map
  ;; weights  address of [blocks][lines][run][8]
  ;; bias     address of [blocks][8]
  ;; output   address of [places][blocks · 8]
  ;; lines, run, pitch   a window has so many lines of `run` bytes, each `pitch` bytes after
  ;;          the one before it
  ;; floor    the smallest value that goes out: 0 for ReLU, else −∞
  (func (export "windows")
    (param $starts i32) (param $places i32) (param $map i32) (param $weights i32)
    (param $bias i32) (param $output i32) (param $blocks i32) (param $lines i32)
    (param $run i32) (param $pitch i32) (param $floor f32)
    (local $block i32) (local $place i32) (local $line i32) (local $end i32)
    (local $a i32) (local $b i32) (local $c i32) (local $d i32)
    (local $at i32) (local $w i32) (local $to i32) (local $row i32) (local $size i32)
    (local $jump i32) (local $low v128) (local $u v128) (local $v v128) (local $x v128)
    (local $a0 v128) (local $a1 v128) (local $b0 v128) (local $b1 v128)
    (local $c0 v128) (local $c1 v128) (local $d0 v128) (local $d1 v128)
    (local.set $low (f32x4.splat (local.get $floor)))
    (local.set $row (i32.shl (local.get $blocks) (i32.const 5)))
    ;; a block's weights, in bytes: lines · run · 8
    (local.set $size (i32.shl (i32.mul (local.get $lines) (local.get $run)) (i32.const 3)))
    (local.set $jump (i32.sub (local.get $pitch) (local.get $run)))
    (loop $blocks_left
      (local.set $place (i32.const 0))
      (local.set $to (i32.add (local.get $output) (i32.shl (local.get $block) (i32.const 5))))
      (loop $places_left
        (local.set $at (i32.add (local.get $starts) (i32.shl (local.get $place) (i32.const 2))))
        (local.set $a (i32.add (local.get $map) (i32.load (local.get $at))))
        (local.set $b (i32.add (local.get $map) (i32.load offset=4 (local.get $at))))
        (local.set $c (i32.add (local.get $map) (i32.load offset=8 (local.get $at))))
        (local.set $d (i32.add (local.get $map) (i32.load offset=12 (local.get $at))))
        (local.set $a0 (v128.load (local.get $bias)))
        (local.set $a1 (v128.load offset=16 (local.get $bias)))
        (local.set $b0 (local.get $a0))
        (local.set $b1 (local.get $a1))
        (local.set $c0 (local.get $a0))
        (local.set $c1 (local.get $a1))
        (local.set $d0 (local.get $a0))
        (local.set $d1 (local.get $a1))
        (local.set $w (local.get $weights))
        (local.set $line (local.get $lines))
        (loop $lines_left
          ;; Four values at a time, and then what is left of the line.
          (block $no_fours
            (br_if $no_fours (i32.lt_u (local.get $run) (i32.const 16)))
            (local.set $end
              (i32.add (local.get $a) (i32.and (local.get $run) (i32.const -16))))
          (loop $fours_left
            (local.set $u (v128.load (local.get $w)))
            (local.set $v (v128.load offset=16 (local.get $w)))
            (local.set $x (v128.load32_splat (local.get $a)))
            (local.set $a0 (MADD (local.get $x) (local.get $u) (local.get $a0)))
            (local.set $a1 (MADD (local.get $x) (local.get $v) (local.get $a1)))
            (local.set $x (v128.load32_splat (local.get $b)))
            (local.set $b0 (MADD (local.get $x) (local.get $u) (local.get $b0)))
            (local.set $b1 (MADD (local.get $x) (local.get $v) (local.get $b1)))
            (local.set $x (v128.load32_splat (local.get $c)))
            (local.set $c0 (MADD (local.get $x) (local.get $u) (local.get $c0)))
            (local.set $c1 (MADD (local.get $x) (local.get $v) (local.get $c1)))
            (local.set $x (v128.load32_splat (local.get $d)))
            (local.set $d0 (MADD (local.get $x) (local.get $u) (local.get $d0)))
            (local.set $d1 (MADD (local.get $x) (local.get $v) (local.get $d1)))
            (local.set $u (v128.load offset=32 (local.get $w)))
            (local.set $v (v128.load offset=48 (local.get $w)))
            (local.set $x (v128.load32_splat offset=4 (local.get $a)))
            (local.set $a0 (MADD (local.get $x) (local.get $u) (local.get $a0)))
            (local.set $a1 (MADD (local.get $x) (local.get $v) (local.get $a1)))
            (local.set $x (v128.load32_splat offset=4 (local.get $b)))
            (local.set $b0 (MADD (local.get $x) (local.get $u) (local.get $b0)))
            (local.set $b1 (MADD (local.get $x) (local.get $v) (local.get $b1)))
            (local.set $x (v128.load32_splat offset=4 (local.get $c)))
            (local.set $c0 (MADD (local.get $x) (local.get $u) (local.get $c0)))
            (local.set $c1 (MADD (local.get $x) (local.get $v) (local.get $c1)))
            (local.set $x (v128.load32_splat offset=4 (local.get $d)))
            (local.set $d0 (MADD (local.get $x) (local.get $u) (local.get $d0)))
            (local.set $d1 (MADD (local.get $x) (local.get $v) (local.get $d1)))
            (local.set $u (v128.load offset=64 (local.get $w)))
            (local.set $v (v128.load offset=80 (local.get $w)))
            (local.set $x (v128.load32_splat offset=8 (local.get $a)))
            (local.set $a0 (MADD (local.get $x) (local.get $u) (local.get $a0)))
            (local.set $a1 (MADD (local.get $x) (local.get $v) (local.get $a1)))
            (local.set $x (v128.load32_splat offset=8 (local.get $b)))
            (local.set $b0 (MADD (local.get $x) (local.get $u) (local.get $b0)))
            (local.set $b1 (MADD (local.get $x) (local.get $v) (local.get $b1)))
            (local.set $x (v128.load32_splat offset=8 (local.get $c)))
            (local.set $c0 (MADD (local.get $x) (local.get $u) (local.get $c0)))
            (local.set $c1 (MADD (local.get $x) (local.get $v) (local.get $c1)))
            (local.set $x (v128.load32_splat offset=8 (local.get $d)))
            (local.set $d0 (MADD (local.get $x) (local.get $u) (local.get $d0)))
            (local.set $d1 (MADD (local.get $x) (local.get $v) (local.get $d1)))
            (local.set $u (v128.load offset=96 (local.get $w)))
            (local.set $v (v128.load offset=112 (local.get $w)))
            (local.set $x (v128.load32_splat offset=12 (local.get $a)))
            (local.set $a0 (MADD (local.get $x) (local.get $u) (local.get $a0)))
            (local.set $a1 (MADD (local.get $x) (local.get $v) (local.get $a1)))
            (local.set $x (v128.load32_splat offset=12 (local.get $b)))
            (local.set $b0 (MADD (local.get $x) (local.get $u) (local.get $b0)))
            (local.set $b1 (MADD (local.get $x) (local.get $v) (local.get $b1)))
            (local.set $x (v128.load32_splat offset=12 (local.get $c)))
            (local.set $c0 (MADD (local.get $x) (local.get $u) (local.get $c0)))
            (local.set $c1 (MADD (local.get $x) (local.get $v) (local.get $c1)))
            (local.set $x (v128.load32_splat offset=12 (local.get $d)))
            (local.set $d0 (MADD (local.get $x) (local.get $u) (local.get $d0)))
            (local.set $d1 (MADD (local.get $x) (local.get $v) (local.get $d1)))
            (local.set $w (i32.add (local.get $w) (i32.const 128)))
            (local.set $b (i32.add (local.get $b) (i32.const 16)))
            (local.set $c (i32.add (local.get $c) (i32.const 16)))
            (local.set $d (i32.add (local.get $d) (i32.const 16)))
            (br_if $fours_left
              (i32.ne (local.tee $a (i32.add (local.get $a) (i32.const 16))) (local.get $end)))))
          (block $no_rest
            (br_if $no_rest (i32.eqz (i32.and (local.get $run) (i32.const 15))))
            (local.set $end
              (i32.add (local.get $a) (i32.and (local.get $run) (i32.const 15))))
          (loop $values_left
            (local.set $u (v128.load (local.get $w)))
            (local.set $v (v128.load offset=16 (local.get $w)))
            (local.set $x (v128.load32_splat (local.get $a)))
            (local.set $a0 (MADD (local.get $x) (local.get $u) (local.get $a0)))
            (local.set $a1 (MADD (local.get $x) (local.get $v) (local.get $a1)))
            (local.set $x (v128.load32_splat (local.get $b)))
            (local.set $b0 (MADD (local.get $x) (local.get $u) (local.get $b0)))
            (local.set $b1 (MADD (local.get $x) (local.get $v) (local.get $b1)))
            (local.set $x (v128.load32_splat (local.get $c)))
            (local.set $c0 (MADD (local.get $x) (local.get $u) (local.get $c0)))
            (local.set $c1 (MADD (local.get $x) (local.get $v) (local.get $c1)))
            (local.set $x (v128.load32_splat (local.get $d)))
            (local.set $d0 (MADD (local.get $x) (local.get $u) (local.get $d0)))
            (local.set $d1 (MADD (local.get $x) (local.get $v) (local.get $d1)))
            (local.set $w (i32.add (local.get $w) (i32.const 32)))
            (local.set $b (i32.add (local.get $b) (i32.const 4)))
            (local.set $c (i32.add (local.get $c) (i32.const 4)))
            (local.set $d (i32.add (local.get $d) (i32.const 4)))
            (br_if $values_left
              (i32.ne (local.tee $a (i32.add (local.get $a) (i32.const 4))) (local.get $end)))))
          (local.set $a (i32.add (local.get $a) (local.get $jump)))
          (local.set $b (i32.add (local.get $b) (local.get $jump)))
          (local.set $c (i32.add (local.get $c) (local.get $jump)))
          (local.set $d (i32.add (local.get $d) (local.get $jump)))
          (br_if $lines_left
            (local.tee $line (i32.sub (local.get $line) (i32.const 1)))))
        (v128.store (local.get $to) (f32x4.max (local.get $a0) (local.get $low)))
        (v128.store offset=16 (local.get $to) (f32x4.max (local.get $a1) (local.get $low)))
        (local.set $to (i32.add (local.get $to) (local.get $row)))
        (v128.store (local.get $to) (f32x4.max (local.get $b0) (local.get $low)))
        (v128.store offset=16 (local.get $to) (f32x4.max (local.get $b1) (local.get $low)))
        (local.set $to (i32.add (local.get $to) (local.get $row)))
        (v128.store (local.get $to) (f32x4.max (local.get $c0) (local.get $low)))
        (v128.store offset=16 (local.get $to) (f32x4.max (local.get $c1) (local.get $low)))
        (local.set $to (i32.add (local.get $to) (local.get $row)))
        (v128.store (local.get $to) (f32x4.max (local.get $d0) (local.get $low)))
        (v128.store offset=16 (local.get $to) (f32x4.max (local.get $d1) (local.get $low)))
        (local.set $to (i32.add (local.get $to) (local.get $row)))
        (br_if $places_left
          (i32.lt_u (local.tee $place (i32.add (local.get $place) (i32.const 4)))
                    (local.get $places))))
      (local.set $bias (i32.add (local.get $bias) (i32.const 32)))
      (local.set $weights (i32.add (local.get $weights) (local.get $size)))
      (br_if $blocks_left
        (i32.lt_u (local.tee $block (i32.add (local.get $block) (i32.const 1)))
                  (local.get $blocks)))))

  ;; Add to the gradient of each weight what one map gives: the sum over all places of the
  ;; value that the weight met there times the gradient of the output there. Four weights of
  ;; a window and 8 filters at a time.
  ;;
  ;; offsets    address of int32, for each weight of a window the byte after the window's start
  ;; groups     a quarter of their number, which is a multiple of 4
  ;; map        address of the padded map
  ;; gradient   address of [rows][columns][blocks · 8]: that of the output
  ;; result     address of [4 · groups][blocks · 8]
  ;; down, right   from a window to the one below and to the next one
  (func (export "weight_gradients")
    (param $offsets i32) (param $groups i32) (param $map i32) (param $gradient i32)
    (param $result i32) (param $blocks i32) (param $rows i32) (param $columns i32)
    (param $down i32) (param $right i32)
    (local $block i32) (local $row i32) (local $column i32) (local $line i32)
    (local $a i32) (local $b i32) (local $c i32) (local $d i32) (local $g i32)
    (local $wide i32) (local $to i32) (local $u v128) (local $v v128) (local $x v128)
    (local $a0 v128) (local $a1 v128) (local $b0 v128) (local $b1 v128)
    (local $c0 v128) (local $c1 v128) (local $d0 v128) (local $d1 v128)
    (local.set $wide (i32.shl (local.get $blocks) (i32.const 5)))
    (loop $groups_left
      (local.set $block (i32.const 0))
      (loop $blocks_left
        (local.set $to (i32.add (local.get $result) (i32.shl (local.get $block) (i32.const 5))))
        (local.set $a0 (v128.load (local.get $to)))
        (local.set $a1 (v128.load offset=16 (local.get $to)))
        (local.set $to (i32.add (local.get $to) (local.get $wide)))
        (local.set $b0 (v128.load (local.get $to)))
        (local.set $b1 (v128.load offset=16 (local.get $to)))
        (local.set $to (i32.add (local.get $to) (local.get $wide)))
        (local.set $c0 (v128.load (local.get $to)))
        (local.set $c1 (v128.load offset=16 (local.get $to)))
        (local.set $to (i32.add (local.get $to) (local.get $wide)))
        (local.set $d0 (v128.load (local.get $to)))
        (local.set $d1 (v128.load offset=16 (local.get $to)))
        (local.set $g (i32.add (local.get $gradient) (i32.shl (local.get $block) (i32.const 5))))
        (local.set $line (local.get $map))
        (local.set $row (local.get $rows))
        ;; Mostly the four values lie side by side, and one address is enough.
        (if (i32.eq (i32.load offset=12 (local.get $offsets))
                    (i32.add (i32.load (local.get $offsets)) (i32.const 12)))
          (then
          (loop $near_rows
          (local.set $a (i32.add (local.get $line) (i32.load (local.get $offsets))))
          (local.set $column (local.get $columns))
          (loop $near_columns
            (local.set $u (v128.load (local.get $g)))
            (local.set $v (v128.load offset=16 (local.get $g)))
            (local.set $x (v128.load32_splat (local.get $a)))
            (local.set $a0 (MADD (local.get $x) (local.get $u) (local.get $a0)))
            (local.set $a1 (MADD (local.get $x) (local.get $v) (local.get $a1)))
            (local.set $x (v128.load32_splat offset=4 (local.get $a)))
            (local.set $b0 (MADD (local.get $x) (local.get $u) (local.get $b0)))
            (local.set $b1 (MADD (local.get $x) (local.get $v) (local.get $b1)))
            (local.set $x (v128.load32_splat offset=8 (local.get $a)))
            (local.set $c0 (MADD (local.get $x) (local.get $u) (local.get $c0)))
            (local.set $c1 (MADD (local.get $x) (local.get $v) (local.get $c1)))
            (local.set $x (v128.load32_splat offset=12 (local.get $a)))
            (local.set $d0 (MADD (local.get $x) (local.get $u) (local.get $d0)))
            (local.set $d1 (MADD (local.get $x) (local.get $v) (local.get $d1)))
            (local.set $g (i32.add (local.get $g) (local.get $wide)))
            (local.set $a (i32.add (local.get $a) (local.get $right)))
            (br_if $near_columns
              (local.tee $column (i32.sub (local.get $column) (i32.const 1)))))
          (local.set $line (i32.add (local.get $line) (local.get $down)))
          (br_if $near_rows
            (local.tee $row (i32.sub (local.get $row) (i32.const 1))))))
          (else
          (loop $apart_rows
          (local.set $a (i32.add (local.get $line) (i32.load (local.get $offsets))))
          (local.set $b (i32.add (local.get $line) (i32.load offset=4 (local.get $offsets))))
          (local.set $c (i32.add (local.get $line) (i32.load offset=8 (local.get $offsets))))
          (local.set $d (i32.add (local.get $line) (i32.load offset=12 (local.get $offsets))))
          (local.set $column (local.get $columns))
          (loop $apart_columns
            (local.set $u (v128.load (local.get $g)))
            (local.set $v (v128.load offset=16 (local.get $g)))
            (local.set $x (v128.load32_splat (local.get $a)))
            (local.set $a0 (MADD (local.get $x) (local.get $u) (local.get $a0)))
            (local.set $a1 (MADD (local.get $x) (local.get $v) (local.get $a1)))
            (local.set $x (v128.load32_splat (local.get $b)))
            (local.set $b0 (MADD (local.get $x) (local.get $u) (local.get $b0)))
            (local.set $b1 (MADD (local.get $x) (local.get $v) (local.get $b1)))
            (local.set $x (v128.load32_splat (local.get $c)))
            (local.set $c0 (MADD (local.get $x) (local.get $u) (local.get $c0)))
            (local.set $c1 (MADD (local.get $x) (local.get $v) (local.get $c1)))
            (local.set $x (v128.load32_splat (local.get $d)))
            (local.set $d0 (MADD (local.get $x) (local.get $u) (local.get $d0)))
            (local.set $d1 (MADD (local.get $x) (local.get $v) (local.get $d1)))
            (local.set $g (i32.add (local.get $g) (local.get $wide)))
            (local.set $a (i32.add (local.get $a) (local.get $right)))
            (local.set $b (i32.add (local.get $b) (local.get $right)))
            (local.set $c (i32.add (local.get $c) (local.get $right)))
            (local.set $d (i32.add (local.get $d) (local.get $right)))
            (br_if $apart_columns
              (local.tee $column (i32.sub (local.get $column) (i32.const 1)))))
          (local.set $line (i32.add (local.get $line) (local.get $down)))
          (br_if $apart_rows
            (local.tee $row (i32.sub (local.get $row) (i32.const 1)))))))
        (v128.store (local.get $to) (local.get $d0))
        (v128.store offset=16 (local.get $to) (local.get $d1))
        (local.set $to (i32.sub (local.get $to) (local.get $wide)))
        (v128.store (local.get $to) (local.get $c0))
        (v128.store offset=16 (local.get $to) (local.get $c1))
        (local.set $to (i32.sub (local.get $to) (local.get $wide)))
        (v128.store (local.get $to) (local.get $b0))
        (v128.store offset=16 (local.get $to) (local.get $b1))
        (local.set $to (i32.sub (local.get $to) (local.get $wide)))
        (v128.store (local.get $to) (local.get $a0))
        (v128.store offset=16 (local.get $to) (local.get $a1))
        (br_if $blocks_left
          (i32.lt_u (local.tee $block (i32.add (local.get $block) (i32.const 1)))
                    (local.get $blocks))))
      (local.set $result (i32.add (local.get $result) (i32.shl (local.get $wide) (i32.const 2))))
      (local.set $offsets (i32.add (local.get $offsets) (i32.const 16)))
      (br_if $groups_left
        (local.tee $groups (i32.sub (local.get $groups) (i32.const 1))))))

  ;; The sum of each channel over all places, [places][blocks · 8] to [blocks · 8].
  (func (export "channel_sums")
    (param $values i32) (param $places i32) (param $blocks i32) (param $result i32)
    (local $block i32) (local $at i32) (local $left i32) (local $wide i32)
    (local $u v128) (local $v v128)
    (local.set $wide (i32.shl (local.get $blocks) (i32.const 5)))
    (loop $blocks_left
      (local.set $at (i32.add (local.get $values) (i32.shl (local.get $block) (i32.const 5))))
      (local.set $left (local.get $places))
      (local.set $u (v128.const f32x4 0 0 0 0))
      (local.set $v (v128.const f32x4 0 0 0 0))
      (loop $places_left
        (local.set $u (f32x4.add (local.get $u) (v128.load (local.get $at))))
        (local.set $v (f32x4.add (local.get $v) (v128.load offset=16 (local.get $at))))
        (local.set $at (i32.add (local.get $at) (local.get $wide)))
        (br_if $places_left (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
      (v128.store (local.get $result) (local.get $u))
      (v128.store offset=16 (local.get $result) (local.get $v))
      (local.set $result (i32.add (local.get $result) (i32.const 32)))
      (br_if $blocks_left
        (i32.lt_u (local.tee $block (i32.add (local.get $block) (i32.const 1)))
                  (local.get $blocks)))))

  ;; ReLU's gradient, in place: 0 where the output was 0. `count` is a multiple of 4.
  (func (export "relu_gradient") (param $output i32) (param $gradient i32) (param $count i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $output) (i32.shl (local.get $count) (i32.const 2))))
    (loop $left
      (v128.store (local.get $gradient)
        (v128.and (v128.load (local.get $gradient))
                  (f32x4.gt (v128.load (local.get $output)) (v128.const f32x4 0 0 0 0))))
      (local.set $gradient (i32.add (local.get $gradient) (i32.const 16)))
      (br_if $left
        (i32.ne (local.tee $output (i32.add (local.get $output) (i32.const 16)))
                (local.get $end)))))

  ;; The largest value of each window and where it stands: of equal ones the first. Four
  ;; channels at a time.
  ;;
  ;; cells     address of int32 [places][size]: the bytes of a window's places in the map
  ;; channels  a multiple of 4
  ;; output    address of [places][channels], winners of int32 of the same shape: bytes in the map
  (func (export "max_pool")
    (param $map i32) (param $cells i32) (param $places i32) (param $size i32)
    (param $channels i32) (param $output i32) (param $winners i32)
    (local $channel i32) (local $cell i32) (local $left i32) (local $at i32)
    (local $best v128) (local $where v128) (local $value v128) (local $larger v128)
    (local.set $channels (i32.shl (local.get $channels) (i32.const 2)))
    (loop $places_left
      (local.set $channel (i32.const 0))
      (loop $channels_left
        (local.set $cell (local.get $cells))
        (local.set $at (i32.add (i32.load (local.get $cell)) (local.get $channel)))
        (local.set $best (v128.load (i32.add (local.get $map) (local.get $at))))
        (local.set $where (i32x4.splat (local.get $at)))
        (local.set $left (i32.sub (local.get $size) (i32.const 1)))
        (block $done
          (loop $cells_left
            (br_if $done (i32.eqz (local.get $left)))
            (local.set $cell (i32.add (local.get $cell) (i32.const 4)))
            (local.set $at (i32.add (i32.load (local.get $cell)) (local.get $channel)))
            (local.set $value (v128.load (i32.add (local.get $map) (local.get $at))))
            (local.set $larger (f32x4.gt (local.get $value) (local.get $best)))
            (local.set $best
              (v128.bitselect (local.get $value) (local.get $best) (local.get $larger)))
            (local.set $where
              (v128.bitselect (i32x4.splat (local.get $at)) (local.get $where)
                              (local.get $larger)))
            (local.set $left (i32.sub (local.get $left) (i32.const 1)))
            (br $cells_left)))
        (v128.store (local.get $output) (local.get $best))
        (v128.store (local.get $winners)
          (i32x4.add (local.get $where) (v128.const i32x4 0 4 8 12)))
        (local.set $output (i32.add (local.get $output) (i32.const 16)))
        (local.set $winners (i32.add (local.get $winners) (i32.const 16)))
        (br_if $channels_left
          (i32.lt_u (local.tee $channel (i32.add (local.get $channel) (i32.const 16)))
                    (local.get $channels))))
      (local.set $cells (i32.add (local.get $cells) (i32.shl (local.get $size) (i32.const 2))))
      (br_if $places_left (local.tee $places (i32.sub (local.get $places) (i32.const 1))))))

  ;; Give the gradient of each pooled value to the winner: `map` is that of the input.
  (func (export "max_pool_gradient")
    (param $winners i32) (param $gradient i32) (param $count i32) (param $map i32)
    (local $end i32) (local $at i32)
    (local.set $end (i32.add (local.get $winners) (i32.shl (local.get $count) (i32.const 2))))
    (loop $left
      (local.set $at (i32.add (local.get $map) (i32.load (local.get $winners))))
      (f32.store (local.get $at)
        (f32.add (f32.load (local.get $at)) (f32.load (local.get $gradient))))
      (local.set $gradient (i32.add (local.get $gradient) (i32.const 4)))
      (br_if $left
        (i32.ne (local.tee $winners (i32.add (local.get $winners) (i32.const 4)))
                (local.get $end)))))
)
