#!/usr/bin/env bash
# Runs a command where a Slurm of one node, this machine, takes jobs; needs slurmctld and slurmd (Debian's slurm-wlm), and root.
# Nothing of it is left behind.
#
#     Tests/Slurm/with-slurm.sh COMMAND...
set -euo pipefail
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
# More processors than there may be: jobs of several processes are to run side by side anywhere.
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
KillWait=10
NodeName=$host NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN
PartitionName=main Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF=$work/slurm.conf
slurmctld -D > "$work/slurmctld.out" 2>&1 & pids+=($!)
slurmd -D -N "$host" > "$work/slurmd.out" 2>&1 & pids+=($!)
until sinfo --noheader 2>/dev/null | grep -q idle; do sleep 0.5; done
"$@"
