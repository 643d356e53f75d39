#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A fuzzer, from its corpus on if it has one. A few seconds say that it builds, that the corpus does
# no harm and that nothing is found at once; finding is for longer runs.
# usage: run.sh NAME SECONDS
. "$(dirname "$0")/../lib/check.sh"

need clang clang
build_sanitized "tests/fuzz/$1_fuzz"
mkdir "$work/found" "$work/corpus"
[ ! -e "tests/fuzz/corpus/$1.tar.gz" ] || tests/fuzz/corpus.sh unpack "$1" "$work/corpus"
"$sanitized/tests/fuzz/$1_fuzz" -max_total_time="$2" -max_len=9000 -timeout=10 \
	-artifact_prefix="$work/" "$work/found" "$work/corpus"
