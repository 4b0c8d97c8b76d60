#!/usr/bin/env bash
# A sweep as a job array of a real Slurm, stopped at its time limit and requeued: it has to come to the table of the same
# sweep run without Slurm. Takes two minutes and a machine with slurmctld and slurmd (Debian's slurm-wlm), as root.
#
#     swift build -c release && Tests/CommandTests/Slurm/run.sh
set -euo pipefail
cd "$(dirname "$0")/../../.."
program=$PWD/.build/release/rnn-train
base=$PWD/configs/lm.cfg
work=$(mktemp -d)
host=$(hostname -s)
pids=()
cleanup() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait
  rm -rf "$work"
}
trap cleanup EXIT

mkdir -p "$work/state" "$work/spool"
cat > "$work/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=$host
SlurmUser=root
SlurmdUser=root
AuthType=auth/none
CredType=cred/none
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SlurmdParameters=config_overrides
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldPort=26817
SlurmdPort=26818
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
NodeName=$host NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=main Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF=$work/slurm.conf
slurmctld -D > "$work/slurmctld.out" 2>&1 & pids+=($!)
slurmd -D -N "$host" > "$work/slurmd.out" 2>&1 & pids+=($!)
until sinfo --noheader 2>/dev/null | grep -q idle; do sleep 0.5; done

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
