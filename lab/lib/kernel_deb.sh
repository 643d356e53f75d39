# SPDX-License-Identifier: GPL-2.0-or-later
# Debian packages of the patched kernel, for a machine that has a NIC and an accelerator.

# The lab's configuration is built in the lab's folder. Another one takes long, so it is built from
# a copy of the tree, so that the lab stays usable.
kernel_deb() {
	local out=$top/out/kernel-deb/$config tree=$cache/linux-$kernel build=$cache/build-$kernel
	local suffix=-tph
	if [ "$config" = lab ]; then
		suffix=-tph-lab
		kernel_configure "$build"
	else
		tree=$cache/deb-$kernel/linux build=$cache/deb-$kernel/$config
		need_space "$cache" "$(deb_space)" "building Linux $kernel with this configuration"
		kernel_copy "$tree" "$(kernel_tree_commit)"
		cache_unlock
		deb_configure "$tree" "$build"
	fi
	deb_build "$tree" "$build" "$suffix"
	mkdir -p "$out"
	rm -f "$out"/*.deb
	# linux-libc-dev would replace the distribution's.
	rm -f "$build"/../linux-libc-dev_*.deb "$build"/../linux-upstream_*
	mv "$build"/../linux-{image,headers}-*"$suffix"_*.deb "$out/" 2>/dev/null || :
	deb_inspect "$out"/linux-image-*.deb
	printf '%s\n' "$out"/*.deb
	say "install them with: apt install ${out#"$PWD"/}/*.deb"
}

deb_space() {
	case $config in
	running) echo 8000 ;;
	debian) echo 30000 ;;
	esac
}

# deb_configure TREE BUILD: this machine's or Debian's configuration, and the options that hints
# need.
deb_configure() {
	local missing
	mkdir -p "$2"
	"deb_config_$config" "$2/.config"
	deb_make "$1" "$2" olddefconfig
	[ "$config" != running ] || deb_only_loaded "$1" "$2"
	grep ^CONFIG_ "$top/kernel/deb.config" >>"$2/.config"
	deb_make "$1" "$2" olddefconfig
	missing=$(config_missing "$top/kernel/deb.config" "$2/.config")
	[ -z "$missing" ] ||
		die "Linux $kernel with this configuration cannot have" \
			"$(head -n 1 <<<"$missing"): see $2/.config"
}

deb_make() {
	run_logged "$cache/config.log" make -s -C "$1" O="$2" "$3" ||
		die "cannot configure Linux $kernel in $2: see $cache/config.log"
}

deb_config_running() {
	local file
	file=/boot/config-$(uname -r)
	if [ -r "$file" ]; then
		cp "$file" "$1"
	elif [ -r /proc/config.gz ]; then
		file=/proc/config.gz
		zcat "$file" >"$1"
	else
		die "the running kernel's configuration is neither $file nor /proc/config.gz:" \
			"kernel-deb --config debian takes Debian's"
	fi
	say "starting from $file"
}

# Modules that are not loaded on this machine are left out: the build takes minutes, not hours.
deb_only_loaded() {
	if ! grep -q . /proc/modules 2>/dev/null; then
		say "the running kernel has no modules: all of its configuration is built"
		return
	fi
	say "keeping the $(wc -l </proc/modules) modules that are loaded"
	yes '' 2>/dev/null |
		LSMOD=/proc/modules make -s -C "$1" O="$2" localmodconfig \
			>"$cache/config.log" 2>&1 ||
		die "cannot reduce the configuration to the loaded modules: see $cache/config.log"
}

# deb_config_debian FILE: Debian's configuration for amd64
deb_config_debian() {
	local apt
	apt=$(mirror_workdir) || exit
	(
		trap 'rm -rf "$apt"' EXIT
		deb_fetch_config "$apt" "$1"
	) || exit
}

# deb_fetch_config DIR FILE
deb_fetch_config() {
	local found package=linux-config-$kernel
	found=$(mirror_find "$1" "$package" "${kernel_suites[@]}") ||
		die "no package $package in ${kernel_suites[*]} of $(mirror_url): TPH_MIRROR" \
			"names another mirror"
	say "starting from $package ${found#* }"
	mirror_download "$1" "$package=${found#* }" >"$cache/fetch.log" 2>&1 ||
		die "cannot download $package: see $cache/fetch.log; TPH_MIRROR names another" \
			"mirror"
	dpkg-deb -x "$1/debs"/*.deb "$1/root"
	xz -dc "$1/root/usr/src/$package/config.amd64_none_amd64.xz" >"$2" ||
		die "$package holds no configuration for amd64: --config running takes this" \
			"machine's"
}

# deb_build TREE BUILD SUFFIX: writes the packages beside BUILD.
deb_build() {
	say "building the packages, with $(grep -c '=[ym]$' "$2/.config") options enabled"
	rm -f "$2"/../linux-*"$3"_*.deb
	DEBFULLNAME=dmabuf-tph DEBEMAIL=dmabuf-tph@localhost KDEB_CHANGELOG_DIST=unstable \
		KBUILD_BUILD_USER=dmabuf-tph KBUILD_BUILD_HOST=localhost \
		make -C "$1" O="$2" -j"$(nproc)" LOCALVERSION="$3" bindeb-pkg \
		2>"$cache/deb-errors.log" |
		tee "$cache/deb.log" | progress "$(deb_lines "$2")" "built" ||
		die "the packages do not build: see $cache/deb-errors.log; the source is $1"
}

# About how many lines a build prints, measured for the lab's and a virtual machine's configuration.
deb_lines() {
	echo $(($(grep -c '=[ym]$' "$1/.config") * 3))
}

# config_missing WANTED CONFIG: the lines of WANTED that CONFIG does not have; =y satisfies =m.
config_missing() {
	grep -E '^CONFIG_[A-Z0-9_]+=[ym]$' "$1" | while IFS= read -r line; do
		grep -qxE "${line%=*}=(y|${line##*=})" "$2" || printf '%s\n' "$line"
	done
}

# deb_inspect DEB: checks that it has the options, the series and the modules.
deb_inspect() {
	local work option module
	[ -e "$1" ] || die "the build made no package of an image: see $cache/deb.log"
	work=$(mktemp -d)
	dpkg-deb -x "$1" "$work"
	for option in PCIE_TPH PCI_P2PDMA IOMMUFD VFIO_DEVICE_CDEV VFIO_PCI MLX5_INFINIBAND; do
		grep -qE "^CONFIG_$option=[ym]$" "$work"/boot/config-* ||
			die "$1 has no CONFIG_$option: hints need it; add it to kernel/deb.config"
	done
	grep -qw dma_buf_get_tph "$work"/boot/System.map-* ||
		die "$1 is a kernel without the series: look in $cache/linux-$kernel whether it" \
			"is applied"
	for module in VFIO_PCI:vfio-pci IOMMUFD:iommufd MLX5_INFINIBAND:mlx5_ib; do
		! grep -qx "CONFIG_${module%:*}=m" "$work"/boot/config-* ||
			find "$work" -name "${module#*:}.ko*" | grep -q . ||
			die "$1 lacks the module ${module#*:}: see $cache/deb.log"
	done
	rm -rf "$work"
}
