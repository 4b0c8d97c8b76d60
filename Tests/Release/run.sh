#!/usr/bin/env bash
# Installs the tarball that .ci/release writes in bare Debian, where there is nothing that Debian could do without, and uses it:
# train, evaluate, generate, tag, report, prepare text that is compressed in each way.
#
#     Tests/Release/run.sh TARBALL PROGRAM bookworm trixie
#
# What it prints must be what PROGRAM prints, the program of an ordinary build, here.
#
# Needs root, debootstrap, xz and zstd. Chroots are made once, in DEBIAN_CHROOTS (/var/tmp/rnn-train-debian) from DEBIAN_MIRROR
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
  for text in text.txt text.txt.gz text.txt.xz text.txt.zst; do
    rnn-train prepare --config "$1/lm.cfg" data.train=$text data.validation="{split: 0.1}" data.test=null --output $text.h5
  done
}

# Bare Debian has a program for gzip alone.
mkdir "$work/texts"
cp "$root/datasets/english/train.txt" "$work/texts/text.txt"
gzip -k "$work/texts/text.txt"
xz -k "$work/texts/text.txt"
zstd -q -k "$work/texts/text.txt"

mkdir "$work/bin"
cp -R "$work/texts" "$work/here"
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
  mkdir -p "$chroot/usr/local"
  cp -R "$work/texts" "$chroot/root"
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
  echo "$release: the program trains, evaluates, generates, reports, tags and prepares as it does here"
done
