#!/usr/bin/env bash
# Fuzzes the readers of configurations, text, CoNLL-U, tokenizers and sealed files with libFuzzer and the address sanitizer.
#
#     Tests/Fuzz/run.sh          ten minutes each
#     Tests/Fuzz/run.sh 15       fifteen seconds each, as CI does
#
# A finding is left in the working directory, and the script fails.
set -euo pipefail
seconds=${1:-600}
cd "$(dirname "$0")/../.."

RNN_TRAIN_FUZZ=1 swift build -c release --scratch-path .build/fuzz --sanitize=address --product Fuzz \
  -Xswiftc -sanitize=fuzzer -Xswiftc -Xclang-linker -Xswiftc -fuse-ld=lld

corpus=$(mktemp -d)
trap 'rm -rf "$corpus"' EXIT
mkdir "$corpus"/{config,text,treebank,tokenizer,seal}
cp configs/*.cfg configs/benchmark/*.cfg "$corpus/config"
head -c 2000 datasets/english/train.txt >"$corpus/text/english"
printf 'gr\303\266\303\237e \342\200\224 "\346\227\245\346\234\254"\r\n\r\n e\314\201 \357\273\277x' >"$corpus/text/unicode"
head -c 3000 datasets/english/test.conllu >"$corpus/treebank/english"
printf '# c\n1-2\tdu\t_\t_\t_\t_\t_\t_\t_\t_\n1\tde\t_\tADP\tE\t_\t0\t_\t_\t_\n1.1\tx\t_\tX\tX\t_\t_\t_\t_\t_\n' >"$corpus/treebank/range"
printf '%s' '{"normalizer":{"type":"NFC"},"pre_tokenizer":{"type":"Metaspace","prepend_scheme":"first"},"added_tokens":[{"id":3,"content":"<m>"}],"model":{"type":"BPE","byte_fallback":true,"vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]}}' >"$corpus/tokenizer/metaspace"
cp Tests/HDF5Tests/Hostile/honest.h5 "$corpus/seal"
for reader in config text treebank tokenizer seal; do
  FUZZ_READER=$reader SWIFT_BACKTRACE=enable=no .build/fuzz/release/Fuzz "$corpus/$reader" -max_total_time="$seconds" \
    -timeout=10 -rss_limit_mb=2048 -max_len=8192 -print_final_stats=1 >"$corpus/log" 2>&1 || { cat "$corpus/log"; exit 1; }
  echo "$reader: $(awk '/number_of_executed_units/ { print $2 }' "$corpus/log") inputs in $seconds s, no finding"
done
