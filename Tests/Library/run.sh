#!/usr/bin/env bash
# Builds the program that the library's page shows, as a package of its own that depends on this one, and compares what it prints with
# what the commands print.
#
#     Tests/Library/run.sh .build/release/rnn-train
#
# What is built stays in .build/library for the next time.
set -euo pipefail
program=$(readlink -f "${1:?which rnn-train?}")
root=$(cd "$(dirname "$0")/../.." && pwd)
page=$root/Sources/RecurrentModels/Documentation.docc/RecurrentModels.md
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# block N: the Nth block of Swift on the page.
block() { awk -v wanted="$1" '/^```swift/ { n++; inside = n == wanted; next } /^```/ { inside = 0 } inside' "$page"; }

package=$root/.build/library/package
mkdir -p "$package/Sources/reader"
block 1 | sed "s|\"../rnn-train\"|\"$root\"|" >"$package/Package.swift"
block 2 >"$package/Sources/reader/main.swift"
swift build --package-path "$package" --scratch-path "$root/.build/library" >"$work/build" 2>&1 || { cat "$work/build"; exit 1; }
reader=$root/.build/library/debug/reader

cd "$work"
rnn_train() { XDG_CACHE_HOME=$work/cache "$program" "$@" 2>>"$work/log" || { cat "$work/log" >&2; return 1; }; }
data=$root/datasets/english
rnn_train --config "$root/configs/lm.cfg" data.train="$data/validation.txt" data.validation="$data/test.txt" data.test=null \
  model.hidden=40 training.epochs=2 output.directory=lm >/dev/null
rnn_train --config "$root/configs/tagger-quickstart.cfg" data.train="$data/validation.conllu" \
  data.validation="$data/test.conllu" data.test=null training.epochs=1 output.directory=tagger >/dev/null
rnn_train export --checkpoint lm --format safetensors --output lm.safetensors >/dev/null
rnn_train export --checkpoint tagger --format safetensors --output tagger.safetensors >/dev/null

# The commands, in the form in which the program prints the same.
{
  printf '%s\n' "the dog was small ." "dog the . small was" "the quux was small ." | rnn_train score lm --json --tokens |
    python3 -c 'import json, sys
for line in sys.stdin:
    score = json.loads(line)
    unknown = "[\"quux\"]" if score["unknown"] == 1 else "[]"
    print(score["log_probability"], len(score["token_log_probabilities"]), unknown)'
  for seed in 1 2; do rnn_train generate lm --prompt "the dog" --length 12 --temperature 0.7 --seed $seed; done
  echo "the tired sailors hoped to fish ." | rnn_train tag tagger
} >expected
"$reader" lm.safetensors tagger.safetensors >found
# A text may end in a line's end, after which the command prints no other.
diff -B expected found

# What a program sees that is given something else.
for files in "tagger.safetensors tagger.safetensors" "lm.safetensors lm.safetensors" "gone lm.safetensors" \
  "lm/config.cfg tagger.safetensors"; do
  code=0
  # shellcheck disable=SC2086
  "$reader" $files >refusal || code=$?
  tail -n 1 refusal
  if [ $code != 65 ]; then
    echo "expected exit code 65 for $files, found $code"
    exit 1
  fi
done

if ldd "$reader" | grep -E 'hdf5|yaml'; then
  echo "a program with the library needs what the library doesn't"
  exit 1
fi
