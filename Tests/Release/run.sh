#!/usr/bin/env bash
# Installs the tarball that .ci/release writes in bare Debian, where there is nothing that Debian could do without, and uses it:
# train, evaluate, generate, tag, report.
#
#     Tests/Release/run.sh TARBALL PROGRAM bookworm trixie
#
# What it prints must be what PROGRAM prints, the program of an ordinary build, here.
#
# Needs root, and debootstrap. Chroots are made once, in DEBIAN_CHROOTS (/var/tmp/rnn-train-debian) from DEBIAN_MIRROR
# (http://deb.debian.org/debian).
set -euo pipefail
tarball=$(readlink -f "${1:?which tarball?}")
program=$(readlink -f "${2:?which program to compare with?}")
releases=("${@:3}")
root=$(cd "$(dirname "$0")/../.." && pwd)
chroots=${DEBIAN_CHROOTS:-/var/tmp/rnn-train-debian}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# train CONFIG [KEY=VALUE...]: its results, but for those that no two runs share.
train() { rnn-train --quiet --config "$@" training.epochs=1 | grep -vE '^(time|speed) '; }

# use CONFIGS: what is done with a program on the path. Results go to standard output.
use() {
  train "$1/lm.cfg" output.directory=lm
  rnn-train evaluate lm
  rnn-train generate lm --prompt "the dog" --length 30
  rnn-train report lm
  test -s lm/report.html
  train "$1/tagger-quickstart.cfg" output.directory=tagger
  echo "the tired sailors hoped to fish near the island ." | rnn-train tag tagger
}

mkdir "$work/bin" "$work/here"
ln -s "$program" "$work/bin/rnn-train"
(cd "$work/here" && PATH=$work/bin:$PATH XDG_CACHE_HOME=$work/cache && use "$root/configs" >"$work/expected")

for release in "${releases[@]}"; do
  chroot=$chroots/$release-bare
  if [ ! -e "$chroot/.complete" ]; then
    rm -rf "$chroot"
    mkdir -p "$chroot"
    debootstrap --variant=minbase "$release" "$chroot" "${DEBIAN_MIRROR:-http://deb.debian.org/debian}" \
      >"$chroot.log" || { tail "$chroot.log" >&2; exit 1; }
    touch "$chroot/.complete"
  fi
  rm -rf "$chroot/usr/local" "$chroot/root"
  mkdir -p "$chroot/usr/local" "$chroot/root"
  tar -xzf "$tarball" --strip-components 1 -C "$chroot/usr/local"
  # Mounts end with this shell, whatever becomes of it.
  export chroot
  unshare --mount --propagation private bash -euo pipefail -c '
    mount --rbind /proc "$chroot/proc"
    mount --rbind /dev "$chroot/dev"
    chroot "$chroot" /usr/bin/env -i HOME=/root PATH=/usr/local/bin:/usr/bin:/bin bash -euo pipefail -c "
      cd /root
      rnn-train --version >&2
      test -s /usr/local/share/man/man1/rnn-train.1
      bash -n /usr/local/share/bash-completion/completions/rnn-train
      $1
      use /usr/local/share/rnn-train/configs"
  ' chroot "$(declare -f train use)" >"$work/$release"
  diff "$work/expected" "$work/$release"
  echo "$release: the program trains, evaluates, generates, reports and tags as it does here"
done
