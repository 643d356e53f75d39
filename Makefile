# SPDX-License-Identifier: GPL-2.0-or-later
# Thin: each target is one command that can be run by itself.

.PHONY: all demo check check-series soak bench fmt install kernel-tree kernel-refresh kernel-deb clean
all:
	meson setup --reconfigure build >/dev/null 2>&1 || meson setup build
	ninja -C build
demo:
	lab/tphlab demo
check:
	tests/run
check-series:
	tests/check-series
soak:
	tests/run --soak
bench:
	bench/run
fmt:
	git ls-files '*.c' '*.h' | xargs clang-format -i
install: all
	meson install -C build
kernel-tree:
	lab/tphlab kernel-tree
kernel-refresh:
	lab/tphlab kernel-refresh
kernel-deb:
	lab/tphlab kernel-deb
clean:
	rm -rf build build-* out
