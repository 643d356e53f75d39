# SPDX-License-Identifier: GPL-2.0-or-later
# Thin: each target is one command that can be run by itself. doc/testing.md has the tests.

.PHONY: all demo test check check-series soak bench fmt install kernel-tree kernel-refresh \
	kernel-deb clean
all:
	meson setup --reconfigure build >/dev/null 2>&1 || meson setup build
	ninja -C build
demo:
	lab/tphlab demo

# The quick tests, without a guest.
test: build/build.ninja
	meson test -C build
# Everything, or SUITE=… and NAME=…, such as make check NAME=lab-errors.
check:
	tests/check $(addprefix --suite ,$(SUITE)) $(NAME)
soak:
	tests/check --suite soak
check-series:
	tests/check-series
bench:
	bench/run
build/build.ninja:
	meson setup --native-file build-dev.ini build

fmt:
	git ls-files '*.c' '*.h' | xargs clang-format -i
# The library and the command, which need fewer packages than the lab. Without dpkg-dev meson does
# not detect Debian, and installs to a folder that neither the loader nor pkg-config searches.
install:
	multiarch=$$($(CC) -print-multiarch 2>/dev/null) || multiarch=; \
	meson setup -Dlab=false -Dtests=false -Dbuildtype=release \
		$${multiarch:+--libdir "lib/$$multiarch"} build-install
	meson install -C build-install
kernel-tree:
	lab/tphlab kernel-tree
kernel-refresh:
	lab/tphlab kernel-refresh
kernel-deb:
	lab/tphlab kernel-deb
clean:
	rm -rf build build-* out
