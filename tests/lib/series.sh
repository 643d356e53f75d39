# SPDX-License-Identifier: GPL-2.0-or-later
# What the series touches, and which of a checker's findings are on lines that it adds.

kernel_dirs_touched=(drivers/pci/ drivers/dma-buf/ drivers/vfio/ drivers/infiniband/ drivers/misc/
	drivers/net/ethernet/broadcom/bnxt/ drivers/net/ethernet/mellanox/mlx5/core/)
# Drivers that the series touches and the lab has no device for, one of them for ARM only.
kernel_without_device=(CONFIG_NET_VENDOR_BROADCOM=y CONFIG_BNXT=y
	CONFIG_COMPILE_TEST=y CONFIG_NVGRACE_GPU_VFIO_PCI=y)
kernel_clang=clang-19

# configured TREE BUILD MAKE-VARIABLE…: BUILD is configured by stdin.
configured() {
	mkdir -p "$2"
	cat >"$2/wanted.config"
	make -s -C "$1" O="$2" KCONFIG_ALLCONFIG="$2/wanted.config" "${@:3}" allnoconfig
}

# series_files TREE PATHSPEC…: the files that the series touches
series_files() {
	git -C "$1" diff --name-only --diff-filter=d base -- "${@:2}"
}

# series_forget TREE BUILD: removes the series' objects, since a source that an earlier series
# compiled may be one that this series only includes.
series_forget() {
	series_files "$1" 'drivers/*.c' | sed "s|^|$2/|; s/c\$/o/" | xargs rm -f
}

# series_objects TREE BUILD: the series' objects in BUILD, where the touched directories are built
series_objects() {
	local object
	series_files "$1" 'drivers/*.c' | sed 's/c$/o/' | while read -r object; do
		[ ! -e "$2/$object" ] || printf '%s\n' "$object"
	done
}

# series_built TREE BUILD: each source of the series has an object in BUILD or is included by one
# that has. Otherwise no check would notice a folder that make does not enter, or a test that is not
# configured.
series_built() {
	local source failed=0
	while read -r source; do
		[ ! -e "$2/${source%c}o" ] || continue
		! grep -qs "#include \"${source##*/}\"" "$1/${source%/*}"/*.c || continue
		echo "$source: no build compiles it"
		failed=1
	done < <(series_files "$1" 'drivers/*.c')
	return $failed
}

# added_lines TREE: FILE:LINE of each line that the series adds
added_lines() {
	git -C "$1" diff -U0 --no-color base | awk '
		/^\+\+\+ / { file = substr($2, 3) }
		/^@@ / { n = split(substr($3, 2), at, ",") < 2 ? 1 : at[2]
			for (i = 0; i < n; i++) print file ":" at[1] + i }'
}

# findings TREE: the lines of a compiler's or checker's output that name a file of the tree
findings() {
	sed -E "s/^warning: //I; s|^$1/||; s/^([^ :]+:[0-9]+) /\\1: /" |
		awk '/^[A-Za-z0-9_.\/-]+\.[ch]:[0-9]+/ && !/: note: /' | sort -u
}

# findings_ours TREE: the findings on lines that the series adds
findings_ours() {
	awk -F: 'NR == FNR { added[$0] = 1; next } (($1 ":" $2) in added)' \
		<(added_lines "$1") -
}

# module_build SOURCE-DIR OUT-DIR: with the lab's configuration, which has no modules. So there is
# no list of the kernel's exports, and only insmod finds that a symbol is missing.
module_build() {
	local tree build lock
	tree=$(lab/tphlab kernel-tree)
	build=${tree%/*}/module-7.3
	exec {lock}>"$build.lock"
	flock "$lock"
	cat kernel/lab.config kernel/series.config | configured "$tree" "$build"
	make -s -C "$build" -j"$(nproc)" LOCALVERSION= modules_prepare
	make -s -C "$build" M="$PWD/$1" MO="$(realpath -m "$2")" LOCALVERSION= \
		KBUILD_MODPOST_WARN=1 modules
	exec {lock}>&-
}
