#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make install on a machine that has nothing of ours: the command starts, and a program that is
# built as the manual says starts, too. In a mount namespace, so that this machine stays as it is.
. "$(dirname "$0")/../lib/check.sh"

[ "$(id -u)" = 0 ] || skip "not root"
unshare -m true || skip "no mount namespaces here"
meson setup "$work/build" -Dlab=false -Dtests=false
ninja -C "$work/build"
program_of man/libtph.3.scd >"$work/program.c"
cat >"$work/install" <<'END'
set -ex
work=$1 space=$(mktemp -d)
mount -t tmpfs none "$space"
mkdir "$space/upper" "$space/work"
# ldconfig writes its cache to /etc.
mount -t overlay none -o "lowerdir=/etc,upperdir=$space/upper,workdir=$space/work" /etc
mount -t tmpfs none /usr/local
meson install -C "$work/build" --no-rebuild
tphctl --version
gcc "$work/program.c" -o "$work/program" $(pkg-config --cflags --libs libtph)
"$work/program"
END
env -u LD_LIBRARY_PATH PATH="/usr/local/bin:$PATH" unshare -m sh "$work/install" "$work"
