#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What meson installs.
# usage: installed.sh root|local
. "$(dirname "$0")/../lib/check.sh"

check=$1
case $check in
# Every file, headers that compile alone in C and in C++, a program that is built by pkg-config and
# runs, and the command.
root)
	need g++ g++
	need clang clang
	meson setup "$work/build" --prefix /usr -Dlab=false -Dtests=false
	ninja -C "$work/build"
	DESTDIR=$work/root meson install -C "$work/build" --no-rebuild
	for file in bin/tphctl include/tph/{tph,vfio_tph}.h share/doc/tphctl/tphctl-json.md \
		share/bash-completion/completions/tphctl share/man/man3/libtph.3 \
		share/man/man1/tphctl{,-doctor,-list,-show,-path,-export,-bufs,-watch}.1; do
		[ -e "$work/root/usr/$file" ]
	done
	for header in tph vfio_tph; do
		echo "#include <tph/$header.h>" >"$work/header.c"
		strict=(-pedantic -Wall -Wextra -Werror -fsyntax-only "-I$work/root/usr/include")
		gcc -std=c11 "${strict[@]}" "$work/header.c"
		clang -std=c11 "${strict[@]}" "$work/header.c"
		g++ -std=c++11 "${strict[@]}" -Wno-pedantic -x c++ "$work/header.c"
	done
	libdir=$(dirname "$(find "$work/root" -name libtph.pc)")/..
	# Nothing but libtph.pc is needed.
	export PKG_CONFIG_SYSROOT_DIR=$work/root PKG_CONFIG_LIBDIR=$libdir/pkgconfig
	read -ra flags < <(pkg-config --cflags --libs libtph)
	# The program that the documents show.
	program_of README.md man/libtph.3.scd >"$work/program.c"
	[ -s "$work/program.c" ]
	gcc -std=c11 -Wall -Wextra -Werror "$work/program.c" -o "$work/program" "${flags[@]}"
	export LD_LIBRARY_PATH=$libdir
	"$work/program"
	[ "$("$work/root/usr/bin/tphctl" --version)" = "tphctl $(pkg-config --modversion libtph)" ]
	;;

# make install on a machine without the project's files: the command starts, and a program that is
# built as the manual says starts, too. In a mount namespace, so that this machine stays as it is.
local)
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
	;;
*) fail "no such check: $check" ;;
esac
