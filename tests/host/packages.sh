#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Debian packages, built in a copy of the files that git does not ignore; lintian finds no error.
# They are installed, upgraded and removed on an overlay of this machine, and leave nothing behind:
# neither a file nor a folder that the machine does not have. Only the overlay is checked, since
# other tests write to the machine meanwhile.
. "$(dirname "$0")/../lib/check.sh"

need dh debhelper
need lintian lintian
scratch_make
mkdir "$scratch/dmabuf-tph"
git ls-files -zco --exclude-standard | xargs -0 cp --parents -t "$scratch/dmabuf-tph"
cp man/libtph.3.scd "$work"
cd "$scratch/dmabuf-tph"
dpkg-buildpackage -us -uc -j"$(nproc)"
cd ..
packages=(libtph0 libtph-dev tphctl)
for package in "${packages[@]}"; do
	compgen -G "${package}_*.deb"
done
lintian --allow-root --fail-on error ./*.changes

[ "$(id -u)" = 0 ] || skip "not root: the packages are built, but not installed"
unshare -m true || skip "no mount namespaces here: the packages are built, but not installed"
# The same as a later version
mkdir new
for package in "${packages[@]}"; do
	dpkg-deb -R "${package}"_*.deb "new/$package"
	sed -i -E 's/^Version: .*/&+1/; s/(libtph0 \(= [^)]*)\)/\1+1)/' \
		"new/$package/DEBIAN/control"
	dpkg-deb --root-owner-group -b "new/$package" new
done
program_of "$work/libtph.3.scd" >program.c
cat >in-overlay <<'END'
set -eux
scratch=$1
mount -t tmpfs none /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay none -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root
mkdir -p "/mnt/root$scratch"
mount --bind "$scratch" "/mnt/root$scratch"
mount -t proc none /mnt/root/proc
mount --rbind /sys /mnt/root/sys
mount --rbind /dev /mnt/root/dev
chroot /mnt/root env -i HOME=/root DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 \
	PATH=/usr/sbin:/usr/bin:/sbin:/bin sh -eux "$scratch/in-root" "$scratch"
cd /mnt/upper
find . -mindepth 1 \( -path ./var/lib/dpkg -o -path ./var/log -o -path ./var/cache -o -path ./tmp \
	-o -path ".$scratch" -o -path ./etc/ld.so.cache \) -prune -o -print | while read -r left; do
	[ -d "$left" ] && [ -d "/$left" ] || echo "$left"
done >"$scratch/left"
cat "$scratch/left"
[ ! -s "$scratch/left" ]
END
cat >in-root <<'END'
cd "$1"
rm -f ./*-dbgsym_*
dpkg -i ./*.deb
tphctl --version
gcc program.c -o program $(pkg-config --cflags --libs libtph)
./program
[ -e /usr/share/man/man1/tphctl.1.gz ]
[ -e /usr/share/man/man3/libtph.3.gz ]
dpkg -i new/*.deb
tphctl --version
./program
dpkg -r tphctl libtph-dev
./program
dpkg -P tphctl libtph-dev libtph0
END
unshare -m sh in-overlay "$scratch"
