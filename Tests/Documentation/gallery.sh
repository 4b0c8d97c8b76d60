#!/usr/bin/env bash
# Makes the documentation's pictures of runs: those of the page Gallery, the unfolded network of Lecture and the gradients of
# Memory, from the shipped configurations. A minute or two. (.ci/formulas.py makes the formulas.)
#
#     Tests/Documentation/gallery.sh PROGRAM
set -euo pipefail
program=$(readlink -f "${1:?which program?}")
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

"$program" --quiet --config "$root/configs/lm.cfg" >/dev/null
"$program" --quiet --config "$root/configs/lm.cfg" model.cell=lstm output.directory=runs/lstm >/dev/null
"$program" sweep --quiet --config "$root/configs/sweep.cfg" --jobs 2 >/dev/null
"$program" --quiet --config "$root/configs/memory.cfg" >/dev/null
"$program" --quiet --config "$root/configs/memory.cfg" model.cell=lstm model.initialization.forget_bias=3 \
  output.directory=runs/memory-lstm >/dev/null

# keep NAME FIGURE REPORT...: one picture of a report, under the name that it has in the documentation.
keep() {
  "$program" report "${@:3}" --figures figures >/dev/null
  cp "figures/$2.svg" "$root/Sources/Training/Documentation.docc/$1.svg"
}
keep gallery-perplexity perplexity runs/lm
keep gallery-gradients gradient-by-distance-in-time runs/lm
keep gallery-comparison perplexity runs/lm runs/lstm
keep gallery-trials all-trials-by-epoch sweeps/lm
keep gallery-parameters parameters-together sweeps/lm
keep gallery-importance importance sweeps/lm
keep unfolded three-timesteps runs/lm
"$program" inspect --gradient-flow runs/memory --with runs/memory-lstm --output memory-flow.svg >/dev/null
cp memory-flow.svg "$root/Sources/Training/Documentation.docc/"
