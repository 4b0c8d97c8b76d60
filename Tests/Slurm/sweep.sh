#!/usr/bin/env bash
# A sweep as a job array of a real Slurm, stopped at its time limit and requeued: it has to come to the table of the same
# sweep run without Slurm. Takes two minutes, and what with-slurm.sh needs.
#
#     swift build -c release && Tests/Slurm/sweep.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
if [ -z "${SLURM_CONF:-}" ]; then exec Tests/Slurm/with-slurm.sh "$PWD/Tests/Slurm/sweep.sh"; fi
program=$PWD/.build/release/rnn-train
base=$PWD/configs/lm.cfg
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

export XDG_CACHE_HOME=$work/cache
cd "$work"
cat > sweep.cfg <<CONF
base: $base
parameters:
  model.hidden: {values: [60, 100]}
  training.optimizer.learning_rate: {values: [0.003]}
  training.epochs: {values: [40]}
output: {directory: here}
CONF
"$program" sweep export --config sweep.cfg --slurm array
# Slurm signals 45 seconds before the limit of one minute.
job=$(sbatch --parsable --time=1 --signal=B:TERM@45 array/sweep.sbatch)
"$program" sweep --quiet --config sweep.cfg > /dev/null &
here=$!

for task in 0 1; do
  until grep -q 'stopped by SIGTERM' array/slurm/$task.log 2>/dev/null; do sleep 0.5; done
  until [ "$(squeue --noheader --job "${job}_$task" --format %t)" = PD ]; do sleep 0.5; done
  # Slurm would wait two minutes, and stop it again.
  scontrol update JobId="${job}_$task" StartTime=now TimeLimit=20
done
while [ -n "$(squeue --noheader --job "$job" 2>/dev/null)" ]; do sleep 0.5; done
wait "$here"

"$program" sweep show array --csv > array.csv
"$program" sweep show here --csv > here.csv
cat array.csv
diff array.csv here.csv
for run in array/trials/*; do
  # Every loss to its last digit; only the time of day differs.
  diff <(sed -E 's/,"(seconds|tokens_per_second)":[^,}]*//g' "$run/metrics.jsonl") <(sed -E 's/,"(seconds|tokens_per_second)":[^,}]*//g' "here/${run#array/}/metrics.jsonl")
  grep -q '^resumed' "$run/train.log"
done
if grep -h 'at once; the run' array/slurm/*.log; then exit 1; fi
"$program" sweep --quiet --resume array | grep 'best trial'
echo "the array equals the sweep"
