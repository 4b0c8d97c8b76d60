#!/usr/bin/env bash
# Runs a command in a chroot that has a release of Debian, with its glibc, HDF5 and OpenSSL, and this machine's toolchain.
#
#     Tests/Debian/run.sh trixie                         builds, and runs all tests
#     Tests/Debian/run.sh bookworm 'swift build'         a command of your own, in a copy of this working tree
#     Tests/Debian/run.sh trixie 'swift test' PATH ...   with more of this machine's files seen there, at the same paths
#
# Needs root, and debootstrap. The chroot is made once, in DEBIAN_CHROOTS (/var/tmp/rnn-train-debian) from DEBIAN_MIRROR
# (http://deb.debian.org/debian); what is built in it is kept there for the next time. Swift packages that were fetched for
# this working tree are not fetched again.
set -euo pipefail
release=${1:?which release of Debian: bookworm, trixie}
command=${2:-swift test -c release --disable-testable-imports}
more=("${@:3}")
root=$(cd "$(dirname "$0")/../.." && pwd)
chroot=${DEBIAN_CHROOTS:-/var/tmp/rnn-train-debian}/$release
toolchain=$(dirname "$(dirname "$(dirname "$(readlink -f "$(command -v swift)")")")")

# What we need, and what the toolchain needs of Debian.
packages="libhdf5-dev libssl-dev zlib1g-dev liblzma-dev libzstd-dev pkg-config hdf5-tools strace python3 ca-certificates git
  binutils curl g++ libc6-dev libedit2 libncurses6 libsqlite3-0 libxml2 tzdata"

# Made anew where it was made with other packages.
if [ "$(cat "$chroot/.complete" 2>/dev/null)" != "$packages" ]; then
  rm -rf "$chroot"
  mkdir -p "$chroot"
  # shellcheck disable=SC2086
  debootstrap --variant=minbase --include="$(echo $packages | tr ' ' ',')" "$release" "$chroot" \
    "${DEBIAN_MIRROR:-http://deb.debian.org/debian}" >"$chroot.log" || { tail "$chroot.log" >&2; exit 1; }
  echo "$packages" >"$chroot/.complete"
fi

# Mounts end with this shell, whatever becomes of it.
export root chroot command toolchain
exec unshare --mount --propagation private bash -euo pipefail -c '
  see() {
    if [ -d "$1" ]; then mkdir -p "$chroot$1"; else mkdir -p "$(dirname "$chroot$1")"; touch "$chroot$1"; fi
    mount --rbind "$1" "$chroot$1"
  }
  for path in /proc /dev /sys "$toolchain" "$@"; do see "$path"; done
  # A copy, since its owner goes on working; at the same path, which git has in clones of packages.
  copy=$chroot$root
  mkdir -p "$copy/.build"
  find "$copy" -mindepth 1 -maxdepth 1 ! -name .build -exec rm -rf {} +
  tar -C "$root" --exclude=./.build --exclude=./runs --exclude=./.git -c . | tar -C "$copy" -x
  if [ -e "$root/.build/workspace-state.json" ]; then
    tar -C "$root/.build" -c checkouts repositories workspace-state.json | tar -C "$copy/.build" -x
  fi
  chroot "$chroot" /usr/bin/env -i HOME=/root LANG=C.UTF-8 PATH="$toolchain/usr/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
    bash -c "cd $root && pkg-config --modversion hdf5 libcrypto && $command"
' chroot "${more[@]}"
