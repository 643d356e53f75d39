#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Debian packages, built in a copy of what git knows and does not ignore; lintian finds no error.
. "$(dirname "$0")/../lib/check.sh"

need dh debhelper
need lintian lintian
scratch_make
mkdir "$scratch/dmabuf-tph"
git ls-files -zco --exclude-standard | xargs -0 cp --parents -t "$scratch/dmabuf-tph"
cd "$scratch/dmabuf-tph"
dpkg-buildpackage -us -uc -j"$(nproc)"
cd ..
for package in libtph0 libtph-dev tphctl; do
	compgen -G "${package}_*.deb"
done
lintian --allow-root --fail-on error ./*.changes
