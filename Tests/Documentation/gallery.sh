#!/usr/bin/env bash
# Makes the pictures of the documentation's page Gallery, from reports on the shipped configurations. A minute or two.
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

# keep NAME FIGURE REPORT...: one picture of a report, under a name of the page.
keep() {
  "$program" report "${@:3}" --figures figures >/dev/null
  cp "figures/$2.svg" "$root/Sources/Training/Documentation.docc/gallery-$1.svg"
}
keep perplexity perplexity runs/lm
keep gradients gradient-by-distance-in-time runs/lm
keep comparison perplexity runs/lm runs/lstm
keep trials all-trials-by-epoch sweeps/lm
keep parameters parameters-together sweeps/lm
keep importance importance sweeps/lm
