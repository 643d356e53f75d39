#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The programs build on the other Debian that they support, with its compiler and libraries and
# without a warning, and pass the unit and golden tests there, under the sanitizers of its gcc. TAP.
# usage: debian.sh SUITE
. "$(dirname "$0")/../lib/check.sh"
suite=$1
# shellcheck disable=SC2034,SC2154 # for, and of, lab/lib
lab=$top/lab cache=${TPH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/dmabuf-tph}
for part in say mirror cache; do
	# shellcheck source=/dev/null
	. "lab/lib/$part.sh"
done

[ "$(id -u)" = 0 ] || skip "not root: only root can unpack and enter another Debian"
unshare -m true || skip "no mount namespaces here"
need mmdebstrap mmdebstrap
list=tests/host/debian.packages
packages=$(sed 's/#.*//' $list | xargs | tr ' ' ,)
root=$cache/debian-$suite-$(sha256sum $list | cut -c1-16)

# One root for each list of packages; it gets its name when it is complete.
root_make() {
	local url
	url=$(mirror_url)
	rm -rf "$cache/debian-$suite"-* "$root.part"
	TMPDIR=/var/tmp mmdebstrap --variant=apt --components=main --keyring="${keyring:?}" \
		--include="$packages" --aptopt='Acquire::Languages "none"' \
		--dpkgopt=path-exclude=/usr/share/doc/* --dpkgopt=path-exclude=/usr/share/man/* \
		--format=directory "$suite" "$root.part" "deb $url $suite main" \
		>"$work/mmdebstrap" 2>&1 ||
		fail "cannot get Debian $suite: $(tail -n 3 "$work/mmdebstrap")"
	mv "$root.part" "$root"
}

# In the root, with the checkout at the same path; the build folder stays for the next run.
in_the_root='
	root=$1 top=$2 build=$3
	mkdir -p "$root$top"
	mount --bind "$top" "$root$top"
	mount -t proc proc "$root/proc"
	mount --rbind /sys "$root/sys"
	mount --rbind /dev "$root/dev"
	mount -t tmpfs tmp "$root/tmp"
	exec chroot "$root" env -i HOME=/tmp LC_ALL=C.UTF-8 \
		PATH=/usr/sbin:/usr/bin:/sbin:/bin sh -ec "
		cd \"$top\"
		[ -e $build/build.ninja ] || meson setup --native-file build-dev.ini \
			-Db_sanitize=address,undefined -Db_lundef=false $build
		ninja -C $build
		meson test -C $build --suite unit --suite golden --logbase debian"'

cache_check
exec {lock}>"$cache/debian-$suite.lock"
flock "$lock"
[ -d "$root" ] || root_make
logs=build-debian-$suite/meson-logs
rm -f "$logs"/debian*.json
status=0
unshare -m sh -ec "$in_the_root" - "$root" "$top" "build-debian-$suite" >&2 || status=$?
exec {lock}>&-
# Some versions of meson add the name of the setup.
log=$(find "$logs" -name 'debian*.json' 2>/dev/null)
[ -n "$log" ] || fail "it does not build on Debian $suite: see above"
tests/lib/summary.py --tap "$log"
exit $status
