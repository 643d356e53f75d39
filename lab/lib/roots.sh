# SPDX-License-Identifier: GPL-2.0-or-later
# QEMU and the guest's root file system.

# Packages of the guest. The package rdma-core itself has services only, and needs systemd.
guest_packages=(base-files bash coreutils dash util-linux mount grep sed gawk procps iproute2
	pciutils kmod ibverbs-providers ibverbs-utils perftest libcmocka0 libjson-c5)

# --packages programs: packages beyond those, in an image of its own.
program_packages=(python3-pyverbs ucx-utils libfabric-bin)

qemu_has_vfio_user() {
	"$@" -device help 2>/dev/null | grep -q '"vfio-user-pci"'
}

qemu_of_host() {
	command -v qemu-system-x86_64 >/dev/null && qemu_has_vfio_user qemu-system-x86_64
}

qemu_is_here() {
	[ -e "$cache/qemu-$guest_release/.complete" ] || qemu_of_host
}

# Sets the array qemu, the command that starts a QEMU with vfio-user-pci (10.1 or newer), and
# qemu_cwd, the folder to start it in.
qemu_ensure() {
	local root=$cache/qemu-$guest_release
	if qemu_of_host; then
		qemu=(qemu-system-x86_64) qemu_cwd=/
		return
	fi
	if [ ! -e "$root/.complete" ]; then
		need_space "$cache" 1000 "QEMU"
		say "fetching a QEMU that has vfio-user-pci"
		rm -rf "$root"
		mirror_root "$root" qemu-system-x86
		touch "$root/.complete"
	fi
	# Its own loader and libraries, so that it needs neither chroot nor root. Names are relative
	# to its folder, since the user that QEMU runs as may have no access to the folders above.
	qemu_cwd=$root qemu=(usr/lib64/ld-linux-x86-64.so.2 --library-path usr/lib/x86_64-linux-gnu
		usr/bin/qemu-system-x86_64 -L usr/share/qemu -L usr/share/seabios)
	(cd "$root" && qemu_has_vfio_user "${qemu[@]}") || {
		rm -f "$root/.complete"
		die "the mirror's QEMU in $guest_release-backports has no vfio-user-pci:" \
			"10.1 or newer is needed; TPH_MIRROR names another mirror"
	}
}

# The init in the image, which starts the init of this checkout.
image_init() {
	cat <<'INIT'
#!/bin/bash
mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,ro run /mnt/run &&
	exec /bin/bash /mnt/run/init
INIT
}

# image_fill DIR: files that the packages' scripts would make, which are not run
image_fill() {
	[ -e "$1/usr/bin/sh" ] || ln -s dash "$1/usr/bin/sh"
	[ -e "$1/usr/bin/awk" ] || ln -s gawk "$1/usr/bin/awk"
	mkdir -p "$1"/mnt/{share,tph,run} "$1/sys" "$1/proc"
	printf '127.0.0.1 localhost tph\n' >"$1/etc/hosts"
	printf 'root:x:0:0:root:/tmp:/bin/bash\n' >"$1/etc/passwd"
	image_init >"$1/init"
	chmod 0755 "$1/init"
}

# Sets image: an EROFS file, named by a hash of its contents' list.
image_ensure() {
	local key work name=guest mib=500 list=("${guest_packages[@]}")
	[ "$packages" = lab ] || name=programs mib=1500 list+=("${program_packages[@]}")
	key=$({ echo "$guest_release ${list[*]}"; declare -f image_init image_fill; } |
		sha256sum | cut -c1-16)
	image=$cache/$name-$key.erofs
	[ ! -e "$image" ] || return 0
	need_space "$cache" "$mib" "the guest image"
	say "fetching the guest's packages"
	work=$cache/$name-root
	rm -rf "$work"
	mirror_root "$work" "${list[@]}"
	image_fill "$work"
	run_logged "$cache/image.log" mkfs.erofs --quiet --all-root "$image.part" "$work" ||
		die "mkfs.erofs failed on $work: see $cache/image.log"
	mv "$image.part" "$image"
	rm -rf "$work"
	cache_keep 2 "$name-*.erofs"
}
