#!/usr/bin/env bash
# Makes the pictures of the documentation's page Gallery, from reports on the shipped configurations. Two minutes.
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
"$program" --quiet --config "$root/configs/tagger-quickstart.cfg" >/dev/null
"$program" sweep --quiet --config "$root/configs/sweep.cfg" --jobs 2 >/dev/null

# keep NAME FIGURE REPORT...: one picture of a report, under a name of the page.
keep() {
  "$program" report "${@:3}" --figures figures >/dev/null
  cp "figures/$2.svg" "$root/Sources/Training/Documentation.docc/gallery-$1.svg"
}
keep perplexity perplexity runs/lm
keep comparison perplexity-by-step runs/lm runs/lstm
keep tags which-tags-it-takes-for-which runs/tagger-quickstart
keep trials all-trials-by-epoch sweeps/lm
keep importance importance sweeps/lm
