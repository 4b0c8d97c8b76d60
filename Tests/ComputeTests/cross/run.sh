#!/bin/sh
# Compares the kernel tables with the portable one, bit for bit, on this processor or in an emulator of another.
#
#   run.sh              this processor
#   run.sh aarch64      NEON in QEMU; on Debian: apt install qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross
#
# CLANG names the compiler (Swift's own by default): the kernels use its vector extension, which GCC does not have.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
kernels="$here/../../../Sources/CKernels"
updates="$here/../../../Sources/Optimizers/Loops"
clang=${CLANG:-clang}
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT

# The level of optimisation that SwiftPM builds releases with.
flags="-O2 -Wall -Wextra -Werror -I$kernels/include -I$updates/include"
if [ "${1:-}" = aarch64 ]; then
  (cd "$build" && $clang --target=aarch64-linux-gnu -isystem /usr/aarch64-linux-gnu/include $flags \
    -c "$kernels"/*.c "$updates"/*.c "$here/compare_tables.c")
  aarch64-linux-gnu-gcc -static "$build"/*.o -lm -o "$build/compare_tables"
  qemu-aarch64 "$build/compare_tables"
else
  $clang $flags "$kernels"/*.c "$updates"/*.c "$here/compare_tables.c" -lm -o "$build/compare_tables"
  "$build/compare_tables"
fi
